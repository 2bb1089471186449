//! The choice of flow, and the button.

use evergrant_leptos::{Flow, Status, use_session};
use leptos::prelude::*;

use crate::live::{attribute, click, submit, text};
use crate::route::Link;
use crate::words;

/// Signs in, and comes back to the page it stands on.
#[component]
pub(crate) fn SignInForm() -> impl IntoView {
    let session = use_session();
    let flow = RwSignal::new(session.config().flow);
    let status = session.status();
    // Not disabled meanwhile, which would take the keyboard's focus away: asking twice does nothing.
    let is_busy = move || attribute("true", move || status.get() != Status::SignedOut);
    let sign_in = move || {
        session.sign_in(flow.get_untracked(), window().location().pathname().unwrap_or_else(|_| "/".to_owned()));
    };
    view! {
        <form class="sign-in" on:submit=submit(sign_in)>
            <fieldset>
                <legend>"How to sign in"</legend>
                <Choice value=Flow::Code flow hint="For every new app. Tokens never pass through the address bar."/>
                <Choice value=Flow::Implicit flow hint="Only for issuers that offer nothing else."/>
            </fieldset>
            <button type="submit" class="primary" aria-disabled=is_busy()>
                {text(move || match status.get() {
                    Status::SignedOut => "Sign in".to_owned(),
                    // On the way here or there, in a popup, or while the issuer is asked.
                    other => words::status(other).to_owned() + "…",
                })}
            </button>
            <button type="button" class="quiet" aria-disabled=is_busy()
                on:click=click(move || session.sign_in_popup(flow.get_untracked()))>
                "Use a popup"
            </button>
            <p class="muted small">
                "You sign in at "<span class="address">{session.config().issuer.to_string()}</span>" "
                <Link href="/issuer">"Use your own issuer"</Link>
            </p>
        </form>
    }
}

#[component]
fn Choice(value: Flow, flow: RwSignal<Flow>, hint: &'static str) -> impl IntoView {
    let (id, hint_id) = match value {
        Flow::Code => ("flow-code", "flow-code-hint"),
        Flow::Implicit => ("flow-implicit", "flow-implicit-hint"),
    };
    let is_chosen = flow.get_untracked() == value;
    view! {
        <div class="choice">
            <input type="radio" name="flow" id=id aria-describedby=hint_id checked=is_chosen on:change=move |_| flow.set(value)/>
            <label for=id>{words::flow(value)}</label>
            <p class="hint" id=hint_id>{hint}</p>
        </div>
    }
}
