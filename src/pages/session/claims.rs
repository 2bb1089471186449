//! What the ID token says, in plain words beside the names of its claims.

use evergrant_leptos::core::protocol::id_token::IdTokenClaims;
use evergrant_leptos::{UnixTime, use_session};
use leptos::prelude::*;

use crate::live::part;
use crate::words;

/// The claims.
#[component]
pub(super) fn Claims() -> impl IntoView {
    let view = use_session().view();
    let claims = Memo::new(move |_| view.with(|view| view.claims.clone()));
    view! {
        <section class="card" aria-labelledby="claims">
            <div>
                <h2 id="claims">"What the issuer says about you"</h2>
                <p class="muted">"From the ID token, whose signature was checked."</p>
            </div>
            <dl class="facts wide">
                {part(move || claims.get().map(|claims| in_words(&claims).map(row)).into_any())}
            </dl>
        </section>
    }
}

fn row((words, claim, value): (&'static str, &'static str, Option<String>)) -> impl IntoView {
    value.map(|value| view! { <div><dt>{words}" "<code>{claim}</code></dt><dd>{value}</dd></div> })
}

fn in_words(claims: &IdTokenClaims) -> [(&'static str, &'static str, Option<String>); 9] {
    let time = |seconds| words::date_and_time(UnixTime::from_seconds(seconds));
    [
        ("Name", "name", claims.name.clone()),
        ("User name", "preferred_username", claims.preferred_username.clone()),
        ("E-mail", "email", claims.email.clone()),
        ("Known to the issuer as", "sub", Some(claims.sub.to_string())),
        ("Issued by", "iss", Some(claims.iss.to_string())),
        ("Meant for", "aud", Some(claims.aud.as_slice().join(", "))),
        ("Password last entered", "auth_time", claims.auth_time.map(time)),
        ("Issued at", "iat", Some(time(claims.iat))),
        ("Good until", "exp", Some(time(claims.exp))),
    ]
}
