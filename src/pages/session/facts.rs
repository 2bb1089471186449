//! How the session stands now.

use evergrant_leptos::use_session;
use leptos::prelude::*;

use crate::live::{part, text};
use crate::parts::{ExpiresIn, NextRenewal, Renewals, SessionActions};
use crate::words;

/// The facts, and what can be done.
#[component]
pub(super) fn Facts() -> impl IntoView {
    let view = use_session().view();
    let who = move || view.with(|view| view.claims.as_ref().map(|claims| claims.display_name().to_owned()));
    let expires_at = move || view.with(|view| view.expires_at).map(words::date_and_time);
    let scope = Memo::new(move |_| view.with(|view| view.scope.to_string()));
    let granted = move || scope.get().split(' ').map(|word| view! { <code>{word.to_owned()}</code>" " }).collect_view();
    view! {
        <section class="card" aria-labelledby="facts">
            <h2 id="facts">"Now"</h2>
            <dl class="facts wide">
                <div><dt>"Status"</dt><dd>{text(move || words::status(view.with(|view| view.status)))}</dd></div>
                <div><dt>"Who"</dt><dd>{text(move || who().unwrap_or_default())}</dd></div>
                <div>
                    <dt>"Access token"</dt>
                    <dd>
                        <ExpiresIn/>
                        <span class="muted">", at "{text(move || expires_at().unwrap_or_default())}</span>
                    </dd>
                </div>
                <div><dt>"Next renewal"</dt><dd><NextRenewal/></dd></div>
                <div><dt>"Renewals"</dt><dd><Renewals/></dd></div>
                <div><dt>"Flow"</dt><dd>{text(move || view.with(|view| view.flow).map_or("", words::flow))}</dd></div>
                <div><dt>"Granted scope"</dt><dd class="words">{part(move || granted().into_any())}</dd></div>
            </dl>
            <SessionActions/>
        </section>
    }
}
