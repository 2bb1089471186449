//! The start page: sign in, or see the session at a glance.

use evergrant_leptos::{Status, use_session};
use leptos::prelude::*;

use crate::parts::{Countdown, SignInForm};
use crate::route::{Heading, Link};
use crate::words;

/// The page.
#[component]
pub fn HomePage() -> impl IntoView {
    let status = use_session().status();
    let is_signed_in = Memo::new(move |_| status.get().is_signed_in());
    view! {
        <Show when=move || is_signed_in.get() fallback=|| view! { <SignedOut/> }>
            <SignedIn/>
        </Show>
    }
}

#[component]
fn SignedOut() -> impl IntoView {
    view! {
        <section class="hero">
            <Heading>"Signed in once, signed in for good"</Heading>
            <p class="lead">
                "Evergrant renews this app's tokens silently, before they expire, in every tab, and stops the instant you sign out."
            </p>
        </section>
        <section class="card">
            <SignInForm/>
        </section>
    }
}

#[component]
fn SignedIn() -> impl IntoView {
    let session = use_session();
    let view = session.view();
    let name = Memo::new(move |_| {
        view.with(|view| view.claims.as_ref().map(|claims| claims.display_name().to_owned())).unwrap_or_default()
    });
    let email = Memo::new(move |_| view.with(|view| view.claims.as_ref().and_then(|claims| claims.email.clone())));
    let next = move || match view.with(|view| view.renew_at) {
        Some(at) => words::clock_time(at),
        None if session.status().get() == Status::Renewing => "now".to_owned(),
        None => "not planned".to_owned(),
    };
    let method = move || view.with(|view| view.last_method);
    view! {
        <section class="card person">
            <div class="avatar" aria-hidden="true">{move || words::initials(&name.get())}</div>
            <div>
                <Heading>"Signed in as "{move || name.get()}</Heading>
                <p class="muted">{move || email.get()}</p>
            </div>
        </section>
        <section class="card glance" aria-label="The session at a glance">
            <Countdown/>
            <dl>
                <div><dt>"Next renewal"</dt><dd>{next}</dd></div>
                <div>
                    <dt>"Renewals so far"</dt>
                    <dd data-testid="renewals" data-count=move || view.with(|view| view.renewals)
                        data-last-method=move || method().map_or("", |method| method.as_str())>
                        {move || view.with(|view| view.renewals)}
                        {move || method().map(|method| format!(" · last by {}", words::method(method)))}
                    </dd>
                </div>
                <div><dt>"Details"</dt><dd><Link href="/session">"What the session is doing"</Link></dd></div>
            </dl>
        </section>
        <div class="actions">
            <button class="primary" on:click=move |_| session.renew()
                disabled=move || session.status().get() == Status::Renewing>"Renew now"</button>
            <button on:click=move |_| session.sign_out()>"Sign out"</button>
        </div>
    }
}
