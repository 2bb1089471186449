//! What tokens are for: expenses, from an API that wants a good one.

mod report;
mod request;
mod trouble;

use evergrant_leptos::use_session;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::live::{attribute, click, part, text};
use crate::parts::Nobody;
use crate::parts::notices::place;
use crate::route::{Heading, subject};

/// The page.
#[component]
pub(crate) fn ExpensesPage() -> impl IntoView {
    let subject = subject();
    view! {
        <Heading>"Expenses"</Heading>
        {part(move || match subject.with(String::is_empty) {
            false => view! { <Expenses/> }.into_any(),
            true => view! { <Nobody otherwise="Your team's expenses are for people who are signed in and may see them."/> }.into_any(),
        })}
    }
}

#[component]
fn Expenses() -> impl IntoView {
    let session = use_session();
    // As HTML; empty until there is one.
    let table = RwSignal::new(String::new());
    let trouble = RwSignal::new(String::new());
    // What the person would have to allow, if that is the trouble.
    let needed_scope = RwSignal::new(String::new());
    let is_loading = RwSignal::new(false);
    let load = move || {
        if is_loading.get_untracked() {
            return;
        }
        is_loading.set(true);
        let config = session.config();
        spawn_local(async move {
            let outcome = request::report(session, &config).await;
            // Whoever has left the page meanwhile has taken the signals along. What was told before stays, whatever comes.
            is_loading.try_set(false);
            let (notice, scope) = match outcome {
                Ok(report) => {
                    table.try_set(report.to_html());
                    (String::new(), String::new())
                }
                Err(trouble) => {
                    let has_table = table.try_with_untracked(|table| !table.is_empty()) == Some(true);
                    (trouble.notice(has_table).to_html(), trouble.needed_scope().to_string())
                }
            };
            trouble.try_set(notice);
            needed_scope.try_set(scope);
        });
    };
    load();
    view! {
        <section class="card expenses" aria-labelledby="list">
            <div class="title">
                <h2 id="list">"Your team"</h2>
                <button on:click=click(load) aria-busy=attribute("true", move || is_loading.get())>"Load again"</button>
            </div>
            // Below the table things come and go without moving it.
            <div class="told" inner_html=text(move || match table.get() {
                table if !table.is_empty() => table,
                _ if is_loading.get() => "<p class=\"muted\">Asking the API…</p>".to_owned(),
                _ => "<p class=\"muted\">Nothing to show yet.</p>".to_owned(),
            })></div>
            <div class="told" aria-live="polite">
                {place(move || trouble.get())}
                {part(move || match needed_scope.get() {
                    scope if scope.is_empty() => ().into_any(),
                    scope => {
                        let ask = move || request::ask_for(session, scope.clone().into());
                        view! { <div class="actions"><button on:click=click(ask)>"Ask for it"</button></div> }.into_any()
                    }
                })}
            </div>
        </section>
    }
}
