//! Routes of `leptos_router`, some of which need a session: whoever opens one of those without it is sent to sign in, and
//! comes back to it.
//!
//! `cargo xtask demo --without-app` starts what it needs, and `cargo xtask trunk serve examples/router/index.html` the app itself.

use evergrant_leptos::{
    Flow, RequireSession, SessionProvider, SignInCallback, SignedIn, SignedOut, here, load_config, use_session,
};
use leptos::prelude::*;
use leptos_router::components::{A, Outlet, ParentRoute, Route, Router, Routes};
use leptos_router::hooks::{use_navigate, use_params_map};
use leptos_router::{NavigateOptions, path};
use wasm_bindgen_futures::spawn_local;

#[component]
fn App() -> impl IntoView {
    let session = use_session();
    view! {
        <Router>
            <nav>
                <A href="/">"Start"</A> " " <A href="/account">"Account"</A> " " <A href="/reports/7?full=yes">"Report 7"</A>
                <SignedIn><button on:click=move |_| session.sign_out()>"Sign out"</button></SignedIn>
                <SignedOut>
                    <button on:click=move |_| session.sign_in(Flow::Code, here())>"Sign in"</button>
                </SignedOut>
            </nav>
            <main>
                <Routes fallback=|| "There is no such page.">
                    <Route path=path!("/") view=|| "Everybody may read this."/>
                    <Route path=path!("/callback") view=Callback/>
                    // Everything below needs a session.
                    <ParentRoute path=path!("") view=Guard>
                        <Route path=path!("account") view=Account/>
                        <Route path=path!("reports/:number") view=Report/>
                    </ParentRoute>
                </Routes>
            </main>
        </Router>
    }
}

/// Shows the route below it to somebody who is signed in, and sends anybody else to the issuer.
#[component]
fn Guard() -> impl IntoView {
    view! {
        <RequireSession fallback=|| "You need to sign in to read this.">
            {move || view! { <Outlet/> }}
        </RequireSession>
    }
}

/// Where a sign-in comes back to, and where the person goes on from.
#[component]
fn Callback() -> impl IntoView {
    let navigate = use_navigate();
    let go = move |page: String| navigate(&page, NavigateOptions { replace: true, ..NavigateOptions::default() });
    view! { <SignInCallback go>"Signing you in…"</SignInCallback> }
}

#[component]
fn Account() -> impl IntoView {
    let session = use_session();
    let name = move || session.claims().get().map(|claims| claims.display_name().to_owned());
    view! { <p>"The account of " {name}</p> }
}

#[component]
fn Report() -> impl IntoView {
    let params = use_params_map();
    view! { <p>"Report " {move || params.with(|params| params.get("number"))} ", for you alone"</p> }
}

fn main() {
    spawn_local(async {
        match load_config("/config.json").await {
            Ok(config) => mount_to_body(|| view! { <SessionProvider config><App/></SessionProvider> }),
            Err(error) => mount_to_body(move || error.to_string()),
        }
    });
}
