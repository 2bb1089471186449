//! The choice of flow, and the button.

use evergrant_leptos::{Flow, Status, use_session};
use leptos::prelude::*;

/// Signs in, and comes back to the page it stands on.
#[component]
pub fn SignInForm() -> impl IntoView {
    let session = use_session();
    let flow = RwSignal::new(session.config().flow);
    let busy = move || session.status().get() != Status::SignedOut;
    let sign_in = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        session.sign_in(flow.get_untracked(), window().location().pathname().unwrap_or_else(|_| "/".to_owned()));
    };
    let choice = move |value: Flow, label: &'static str, hint: &'static str| {
        view! {
            <label class="choice">
                <input type="radio" name="flow" checked=move || flow.get() == value on:change=move |_| flow.set(value)/>
                <span><strong>{label}</strong><small>{hint}</small></span>
            </label>
        }
    };
    view! {
        <form class="sign-in" on:submit=sign_in>
            <fieldset disabled=busy>
                <legend>"Flow"</legend>
                {choice(Flow::Code, "Code + PKCE", "For every new app. Tokens never pass through the address bar.")}
                {choice(Flow::Implicit, "Implicit (legacy)", "Only for issuers that offer nothing else.")}
            </fieldset>
            <button type="submit" class="primary" disabled=busy>"Sign in"</button>
        </form>
    }
}
