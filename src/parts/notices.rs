//! What a person should know: why the session ended, what went wrong, what the browser forbids.

use evergrant_leptos::core::session::Failure;
use evergrant_leptos::{EndReason, use_session};
use leptos::prelude::*;

use crate::words;

/// The notices of the moment, announced to screen readers as they come.
#[component]
pub fn Notices() -> impl IntoView {
    let session = use_session();
    let view = session.view();
    // Memos: a notice that stays is not rendered, and announced, anew.
    let ended = Memo::new(move |_| view.with(|view| view.ended.clone()));
    let problem = Memo::new(move |_| view.with(|view| view.problem.clone()));
    let warning = session.warning();
    view! {
        <div class="notices" aria-live="polite">
            {move || ended.get().map(|reason| {
                let failure = failure_of(&reason).cloned();
                let kind = if failure.is_some() { "notice bad" } else { "notice" };
                view! { <Notice kind headline=words::ended(&reason) failure testid="ended"/> }
            })}
            {move || problem.get().map(|failure| view! {
                <Notice kind="notice warn" headline=words::problem(&failure) failure=Some(failure) testid="problem"/>
            })}
            {move || warning.get().map(|text| view! {
                <section class="notice warn" data-testid="warning"><p>{text}</p></section>
            })}
        </div>
    }
}

#[component]
fn Notice(kind: &'static str, headline: &'static str, failure: Option<Failure>, testid: &'static str) -> impl IntoView {
    view! {
        <section class=kind data-testid=testid>
            <p class="headline">{headline}</p>
            {failure.map(|failure| view! {
                <p>{failure.advice()}</p>
                <details>
                    <summary>"What exactly happened"</summary>
                    <p class="exact">{failure.to_string()}</p>
                </details>
            })}
        </section>
    }
}

fn failure_of(reason: &EndReason) -> Option<&Failure> {
    match reason {
        EndReason::AskThePerson(failure) | EndReason::SignInFailed(failure) | EndReason::IssuerNotTold(failure) => {
            Some(failure)
        }
        EndReason::SignedOut | EndReason::SignedOutElsewhere => None,
    }
}
