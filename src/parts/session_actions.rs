//! What a person can do with a session.

use evergrant_leptos::{Status, use_session};
use leptos::prelude::*;

use crate::live::{attribute, click, memo, part};

/// Renew it, begin it again when something is wrong with it, end it.
#[component]
pub(crate) fn SessionActions() -> impl IntoView {
    let session = use_session();
    let status = session.status();
    let is_in_trouble = memo(move || {
        session
            .view()
            .with(|view| view.problem.is_some() || view.ended.as_ref().is_some_and(|end| end.failure().is_some()))
    });
    let sign_in_again = move || {
        let flow = session.view().with_untracked(|view| view.flow).unwrap_or(session.config().flow);
        session.sign_in(flow, window().location().pathname().unwrap_or_else(|_| "/".to_owned()));
    };
    view! {
        <div class="actions">
            // Not disabled meanwhile, which would take the keyboard's focus away: asking twice renews once.
            <button class="primary" aria-busy=attribute("true", move || status.get() == Status::Renewing)
                on:click=click(move || session.renew())>"Renew now"</button>
            {part(move || match is_in_trouble.get() {
                true => view! { <button on:click=click(sign_in_again)>"Sign in again"</button> }.into_any(),
                false => ().into_any(),
            })}
            <button on:click=click(move || session.sign_out())>"Sign out"</button>
        </div>
    }
}
