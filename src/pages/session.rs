//! What the session is doing: the facts, the renewals, the claims.

use evergrant_leptos::core::protocol::id_token::IdTokenClaims;
use evergrant_leptos::{Flow, RenewalRecord, UnixTime, use_session};
use leptos::prelude::*;

use crate::parts::{SignInForm, ticking};
use crate::route::Heading;
use crate::words;

/// The page.
#[component]
pub fn SessionPage() -> impl IntoView {
    let status = use_session().status();
    let is_signed_in = Memo::new(move |_| status.get().is_signed_in());
    view! {
        <Heading>"Session"</Heading>
        <Show when=move || is_signed_in.get() fallback=|| view! { <SignedOut/> }>
            <Facts/>
            <Renewals/>
            <Claims/>
        </Show>
    }
}

#[component]
fn SignedOut() -> impl IntoView {
    view! {
        <section class="card">
            <p>"Nobody is signed in, so there is no session to look into."</p>
            <SignInForm/>
        </section>
    }
}

#[component]
fn Facts() -> impl IntoView {
    let view = use_session().view();
    let now = ticking();
    let at = move |time: Option<UnixTime>| match time {
        Some(time) => {
            let left = words::duration(time.since(now.get()));
            format!("{} (in {left})", words::date_and_time(time))
        }
        None => "not planned".to_owned(),
    };
    let flow = move || match view.with(|view| view.flow) {
        Some(Flow::Implicit) => "Implicit (legacy)",
        _ => "Code + PKCE",
    };
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">"Now"</h2>
            <dl>
                <div><dt>"Status"</dt><dd>{move || words::status(view.with(|view| view.status))}</dd></div>
                <div><dt>"Flow"</dt><dd>{flow}</dd></div>
                <div><dt>"Access token expires"</dt><dd>{move || at(view.with(|view| view.expires_at))}</dd></div>
                <div><dt>"Next renewal"</dt><dd>{move || at(view.with(|view| view.renew_at))}</dd></div>
                <div><dt>"Granted scope"</dt><dd><code>{move || view.with(|view| view.scope.to_string())}</code></dd></div>
            </dl>
        </section>
    }
}

#[component]
fn Renewals() -> impl IntoView {
    let session = use_session();
    let rows = move || {
        session.view().track();
        session.log().into_iter().rev().map(row).collect_view()
    };
    let is_empty = move || {
        session.view().track();
        session.log().is_empty()
    };
    view! {
        <section class="card" aria-labelledby="renewals">
            <h2 id="renewals">"Renewals of this page"</h2>
            <Show when=move || !is_empty() fallback=|| view! { <p class="muted">"None yet."</p> }>
                <div class="scroll" tabindex="0" role="region" aria-labelledby="renewals">
                    <table>
                        <thead><tr>
                            <th scope="col">"Time"</th><th scope="col">"Cause"</th><th scope="col">"Method"</th>
                            <th scope="col" class="number">"Took"</th><th scope="col">"Outcome"</th>
                        </tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </Show>
        </section>
    }
}

fn row(record: RenewalRecord) -> impl IntoView {
    view! {
        <tr>
            <td>{words::clock_time(record.started_at)}</td>
            <td>{words::cause(record.cause)}</td>
            <td>{words::method(record.method)}</td>
            <td class="number">{record.duration.as_millis().to_string()}" ms"</td>
            <td data-outcome=record.outcome.as_str()>{words::outcome(&record.outcome)}</td>
        </tr>
    }
}

#[component]
fn Claims() -> impl IntoView {
    let view = use_session().view();
    let claims = Memo::new(move |_| view.with(|view| view.claims.clone()));
    view! {
        <section class="card" aria-labelledby="claims">
            <h2 id="claims">"What the ID token says"</h2>
            <dl>{move || claims.get().map(|claims| rows(&claims))}</dl>
        </section>
    }
}

fn rows(claims: &IdTokenClaims) -> impl IntoView + use<> {
    let time = |seconds| words::date_and_time(UnixTime::from_seconds(seconds));
    let rows = [
        ("Issued by", "iss", Some(claims.iss.to_string())),
        ("Speaks of", "sub", Some(claims.sub.to_string())),
        ("Meant for", "aud", Some(claims.aud.as_slice().join(", "))),
        ("Issued at", "iat", Some(time(claims.iat))),
        ("Good until", "exp", Some(time(claims.exp))),
        ("Signed in at", "auth_time", claims.auth_time.map(time)),
        ("Name", "name", claims.name.clone()),
        ("E-mail", "email", claims.email.clone()),
    ];
    rows.into_iter()
        .filter_map(|(words, claim, value)| Some((words, claim, value?)))
        .map(|(words, claim, value)| {
            view! { <div><dt>{words}" "<code>{claim}</code></dt><dd>{value}</dd></div> }
        })
        .collect_view()
}
