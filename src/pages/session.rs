//! What the session is doing: the facts, the renewals, the claims.

mod abilities;
mod claims;
mod facts;
mod renewals;

use evergrant_leptos::use_session;
use leptos::prelude::*;

use self::abilities::Abilities;
use self::claims::Claims;
use self::facts::Facts;
use self::renewals::RenewalLog;
use crate::live::part;
use crate::parts::SignInForm;
use crate::route::Heading;

/// The page.
#[component]
pub(crate) fn SessionPage() -> impl IntoView {
    let status = use_session().status();
    let is_signed_in = Memo::new(move |_| status.get().is_signed_in());
    view! {
        <Heading>"Session"</Heading>
        {part(move || match is_signed_in.get() {
            true => view! { <Facts/><RenewalLog/><Abilities/><Claims/> }.into_any(),
            false => view! { <SignedOut/> }.into_any(),
        })}
    }
}

#[component]
fn SignedOut() -> impl IntoView {
    view! {
        <section class="card narrow">
            <div>
                <h2>"Nobody is signed in"</h2>
                <p class="muted">"Once somebody is, this page shows who, what was granted, and every renewal."</p>
            </div>
            <SignInForm/>
        </section>
    }
}
