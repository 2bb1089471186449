//! What tokens are for: expenses, from an API that wants a good one.

mod report;
mod request;
mod trouble;

use evergrant_leptos::use_session;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use self::report::{Expense, Report};
use self::trouble::Trouble;
use crate::live::{attribute, part, text};
use crate::parts::SignInForm;
use crate::route::Heading;
use crate::words;

/// The page.
#[component]
pub(crate) fn ExpensesPage() -> impl IntoView {
    let status = use_session().status();
    let is_signed_in = Memo::new(move |_| status.get().is_signed_in());
    view! {
        <Heading>"Expenses"</Heading>
        {part(move || match is_signed_in.get() {
            true => view! { <Expenses/> }.into_any(),
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
                <p class="muted">"The API tells expenses to people who are signed in and may read them."</p>
            </div>
            <SignInForm/>
        </section>
    }
}

#[component]
fn Expenses() -> impl IntoView {
    let session = use_session();
    let report = RwSignal::new(None::<Report>);
    let trouble = RwSignal::new(None::<Trouble>);
    let is_loading = RwSignal::new(false);
    let load = move || {
        if is_loading.get_untracked() {
            return;
        }
        is_loading.set(true);
        spawn_local(async move {
            let outcome = request::report(session).await;
            // Whoever has left the page meanwhile has taken the signals along. What was told before stays, whatever comes.
            is_loading.try_set(false);
            let (new, wrong) = match outcome {
                Ok(new) => (Some(new), None),
                Err(wrong) => (None, Some(wrong)),
            };
            if new.is_some() {
                report.try_set(new);
            }
            trouble.try_set(wrong);
        });
    };
    load();
    view! {
        <section class="card expenses" aria-labelledby="list">
            <div class="title">
                <h2 id="list">"Told by the API"</h2>
                <button on:click=move |_| load() aria-busy=attribute("true", move || is_loading.get())>"Load again"</button>
            </div>
            // Below the table things come and go without moving it.
            {part(move || match report.get() {
                Some(report) => table(&report),
                None => view! {
                    <p class="muted">{text(move || if is_loading.get() { "Asking the API…" } else { "Nothing to show yet." })}</p>
                }.into_any(),
            })}
            <div aria-live="polite">
                {part(move || trouble.get().map(|trouble| told(&trouble, report.with(Option::is_some))).into_any())}
            </div>
        </section>
    }
}

fn table(report: &Report) -> AnyView {
    view! {
        <div class="scroll" tabindex="0" role="region" aria-labelledby="list">
            <table>
                <thead><tr>
                    <th scope="col">"Date"</th><th scope="col">"What and who"</th><th scope="col" class="number">"Amount"</th>
                </tr></thead>
                <tbody>{report.expenses.iter().map(row).collect_view()}</tbody>
                <tfoot><tr>
                    <th scope="row" colspan="2">"Total"</th><td class="number">{report.total.clone()}</td>
                </tr></tfoot>
            </table>
        </div>
        <p class="muted small">
            "The API saw an access token that was issued at "
            <span data-testid="token-issued-at" data-seconds=report.token_issued_at.as_seconds().to_string()>
                {words::date_and_time(report.token_issued_at)}
            </span>
        </p>
    }
    .into_any()
}

fn row(expense: &Expense) -> AnyView {
    let Expense { date, who, what, amount } = expense.clone();
    view! { <tr><td>{date}</td><td>{what}<span class="muted">{who}</span></td><td class="number">{amount}</td></tr> }
        .into_any()
}

fn told(trouble: &Trouble, has_report: bool) -> AnyView {
    let session = use_session();
    let kept = has_report.then_some(" What you see is what it told before.");
    view! {
        <section class="notice" data-tone="warn">
            <p class="headline">{trouble.headline()}{kept}</p>
            <p>{trouble.exact()}</p>
            {trouble.needed_scope().map(|scope| view! {
                <div class="actions"><button on:click=move |_| request::ask_for(session, scope.clone())>"Ask for it"</button></div>
            })}
        </section>
    }
    .into_any()
}
