//! The start page: sign in, or see the session at a glance.

mod ring;

use evergrant_leptos::{Status, use_session};
use leptos::prelude::*;

use self::ring::Ring;
use crate::live::part;
use crate::parts::{Avatar, NextRenewal, Renewals, SessionActions, SignInForm};
use crate::route::Heading;

/// The page.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let status = use_session().status();
    let shown = Memo::new(move |_| match status.get() {
        Status::SigningOut => Shown::SigningOut,
        status if status.is_signed_in() => Shown::SignedIn,
        _ => Shown::SignedOut,
    });
    part(move || match shown.get() {
        Shown::SignedOut => view! { <SignedOut/> }.into_any(),
        Shown::SignedIn => view! { <SignedIn/> }.into_any(),
        Shown::SigningOut => view! { <SigningOut/> }.into_any(),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    SignedOut,
    SignedIn,
    SigningOut,
}

#[component]
fn SignedOut() -> impl IntoView {
    view! {
        <div class="welcome">
            <section>
                <Heading>"Sign in once. Stay signed in."</Heading>
                <p class="lede">
                    "Evergrant renews your sign-in silently, before it expires, in every tab, and stops the instant you sign out."
                </p>
                <ul class="points">
                    <li>
                        <strong>"Ahead of time"</strong>
                        "New tokens arrive while the old ones are still good. You never wait, and never lose your place."
                    </li>
                    <li><strong>"Across reloads"</strong>"The session and its schedule are there again as soon as the page is."</li>
                    <li><strong>"Over at once"</strong>"Signing out ends every tab, and nothing is renewed after it."</li>
                </ul>
            </section>
            <section class="card"><SignInForm/></section>
        </div>
    }
}

#[component]
fn SignedIn() -> impl IntoView {
    let view = use_session().view();
    let claims = Memo::new(move |_| view.with(|view| view.claims.clone()));
    view! {
        <section class="card signed-in">
            <Ring/>
            <div>
                {part(move || claims.get().map(|claims| {
                    let name = claims.display_name().to_owned();
                    let email = claims.email.clone().filter(|email| *email != name);
                    view! {
                        <div class="person">
                            <Avatar claims/>
                            <div>
                                <Heading>"Signed in as "{name}</Heading>
                                <p class="muted">{email}</p>
                            </div>
                        </div>
                    }
                }).into_any())}
                <dl class="facts">
                    <div><dt>"Next renewal"</dt><dd><NextRenewal/></dd></div>
                    <div><dt>"Renewals"</dt><dd><Renewals/></dd></div>
                </dl>
                <SessionActions/>
            </div>
        </section>
    }
}

#[component]
fn SigningOut() -> impl IntoView {
    view! {
        <section class="card lone waiting" aria-busy="true">
            <span class="spinner" aria-hidden="true"></span>
            <Heading>"Signing you out…"</Heading>
            <p class="muted">"The issuer is being told."</p>
        </section>
    }
}
