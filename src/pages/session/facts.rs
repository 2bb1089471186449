//! How the session stands now.

use evergrant_leptos::html::escaped;
use evergrant_leptos::use_session;
use leptos::prelude::*;

use crate::live::text;
use crate::parts::{ExpiresIn, NextRenewal, Renewals, SessionActions, fact, name_or_ask};
use crate::words;

/// The facts, and what can be done.
#[component]
pub(super) fn Facts() -> impl IntoView {
    let session = use_session();
    let view = session.view();
    let who =
        move || view.with(|view| view.claims.as_ref().map(|claims| name_or_ask(claims.display_name(), &claims.sub)));
    let expires_at = move || view.with(|view| view.expires_at).map(words::date_and_time);
    let granted = move || {
        let scope = view.with(|view| view.scope.to_string());
        scope.split(' ').map(|word| format!("<code>{}</code> ", escaped(word))).collect::<String>()
    };
    let token = move || {
        view.track();
        if session.has_identity_alone() { "ID token" } else { "Access token" }
    };
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">"Now"</h2>
            <dl class="facts wide">
                {fact("Status", text(move || words::status(view.with(|view| view.status))))}
                {fact("Who", text(move || who().unwrap_or_default()))}
                {fact(text(token), view! {
                    <ExpiresIn/>
                    <span class="muted">", at "{text(move || expires_at().unwrap_or_default())}</span>
                })}
                {fact("Next renewal", view! { <NextRenewal/> })}
                {fact("Renewals", view! { <Renewals/> })}
                {fact("Flow", text(move || view.with(|view| view.flow).map_or("", words::flow)))}
                {fact("Granted scope", view! { <span class="words" inner_html=text(granted)></span> })}
            </dl>
            <SessionActions/>
        </section>
    }
}
