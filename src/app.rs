//! The frame around every page: header, notices, and the page that the address names.

use evergrant_leptos::{Config, SessionProvider, Status, use_session};
use leptos::prelude::*;

use crate::live::{effect, part};
use crate::pages::{CallbackPage, ExpensesPage, HomePage, IssuerPage, NotFoundPage, SessionPage};
use crate::parts::{Header, IdleWarning, Notices};
use crate::route::{Route, Router};

/// The app of one configuration.
#[component]
pub fn App(
    /// Which issuer, which client.
    config: Config,
) -> impl IntoView {
    view! {
        <SessionProvider config>
            <Frame/>
        </SessionProvider>
    }
}

#[component]
fn Frame() -> impl IntoView {
    let router = Router::provide();
    let route = router.route();
    leave_the_callback(router);
    view! {
        <a class="skip" href="#main">"Skip to the content"</a>
        <Header/>
        <main id="main" tabindex="-1">
            <Notices/>
            <IdleWarning/>
            {part(move || match route.get() {
                Route::Home => view! { <HomePage/> }.into_any(),
                other => other_page(other),
            })}
        </main>
    }
}

/// A page other than the first, and a function of its own in the code as well: the app begins without it.
#[inline(never)]
fn other_page(route: Route) -> AnyView {
    match route {
        Route::Expenses => view! { <ExpensesPage/> }.into_any(),
        Route::Session => view! { <SessionPage/> }.into_any(),
        Route::Issuer => view! { <IssuerPage/> }.into_any(),
        Route::Callback => view! { <CallbackPage/> }.into_any(),
        Route::Home | Route::NotFound => view! { <NotFoundPage/> }.into_any(),
    }
}

/// Once a sign-in has come to its end, however it ended, the person is put where they were before it.
fn leave_the_callback(router: Router) {
    let session = use_session();
    effect(move || {
        let arrived = session.status().get() != Status::SigningIn;
        if arrived && router.route().get() == Route::Callback {
            router.replace(&session.return_to().unwrap_or_else(|| "/".to_owned()));
        }
    });
}
