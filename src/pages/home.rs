//! The start page: sign in, or see the session at a glance.

mod ring;

use evergrant_leptos::{Status, use_session};
use leptos::prelude::*;

use self::ring::Ring;
use crate::live::{memo, part, text};
use crate::parts::{Avatar, NextRenewal, Renewals, SessionActions, SignInForm, fact, name_or_ask};
use crate::route::Heading;

/// The page.
#[component]
pub(crate) fn HomePage() -> impl IntoView {
    let status = use_session().status();
    // While it is renewed, and when that fails, somebody stays signed in: the page stays the same.
    let shown = memo(move || match status.get() {
        status if status.is_signed_in() => Status::SignedIn,
        Status::SigningIn => Status::SignedOut,
        status => status,
    });
    part(move || match shown.get() {
        Status::SignedIn => view! { <SignedIn/> }.into_any(),
        Status::SigningOut => view! { <SigningOut/> }.into_any(),
        _ => view! { <SignedOut/> }.into_any(),
    })
}

#[component]
fn SignedOut() -> impl IntoView {
    view! {
        <div class="home welcome">
            <section>
                <Heading>"Sign in once. Stay signed in."</Heading>
                <p class="lede">
                    "Evergrant renews your sign-in silently, before it expires, in every tab, and stops the instant you sign out."
                </p>
            </section>
            <section class="card"><SignInForm/></section>
            <ul class="points">
                <li>
                    <strong>"Ahead of time"</strong>
                    "New tokens arrive while the old ones are still good. You never wait, and never lose your place."
                </li>
                <li><strong>"Across reloads"</strong>"The session and its schedule are back as soon as the page is."</li>
                <li><strong>"Over at once"</strong>"Signing out ends every tab, and nothing is renewed after it."</li>
            </ul>
        </div>
    }
}

#[component]
fn SignedIn() -> impl IntoView {
    let view = use_session().view();
    let who =
        move || view.with(|view| view.claims.as_ref().map(|claims| name_or_ask(claims.display_name(), &claims.sub)));
    let email = move || view.with(|view| view.claims.as_ref().and_then(|claims| claims.email.clone()));
    view! {
        <section class="home card signed-in">
            <Ring/>
            <div>
                <div class="person">
                    <Avatar/>
                    <div>
                        <Heading>"Signed in as "{text(move || who().unwrap_or_default())}</Heading>
                        <p class="muted">{text(move || email().filter(|it| Some(it) != who().as_ref()).unwrap_or_default())}</p>
                    </div>
                </div>
                <dl class="facts">
                    {fact("Next renewal", view! { <NextRenewal/> })}
                    {fact("Renewals", view! { <Renewals/> })}
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
