//! Sign-in and silent renewal for [Leptos](leptos) apps.
//!
//! A provider holds the session; [`use_session`] gives it to every component below as signals and actions.
//!
//! ```no_run
#![doc = include_str!("../tests/greeting/program.rs")]
//! ```
//!
//! [`RequireSession`] sends whoever is not signed in to the issuer and back; [`SignInCallback`] is the page of an app with routes
//! that they come back to. [`SessionHandle::fetch`] calls an API with a
//! token that is good when it goes; [`SessionHandle::access_token`] gives one for other ways to call.
//! [`SessionHandle::user_info`] asks the issuer who the person is, where the ID token does not say.
//!
//! With the feature `dpop`, `"dpop": true` in the configuration binds tokens to a key that cannot leave the browser (RFC 9449).
//! With the feature `inspector` there is `inspector::SessionInspector`, which shows what a session is doing.
//! With the feature `testing`, `testing::sign_in` has somebody signed in for tests of an app's own components.
//!
//! The configuration usually comes from [`load_config`], so that one build serves every deployment.
//!
//! # Apps that a server renders
//!
//! The session is the browser's, and a server has none to render. An effect, which servers do not run, mounts the provider once
//! the page is the browser's; the rest of the page is rendered and hydrated as ever:
//!
//! ```no_run
//! # use evergrant_leptos::{SessionProvider, load_config};
//! # use leptos::prelude::*;
//! # #[component]
//! # fn Greeting() -> impl IntoView {}
#![doc = include_str!("../tests/greeting/server_rendered.rs")]
//! # fn main() {}
//! ```
//!
//! With `leptos_router` it stands in the view of a `ParentRoute`, around the `<Outlet/>`, with `/callback` among the routes within;
//! whatever is outside is rendered by the server. Which of Leptos' features `csr`, `hydrate` and `ssr` are on is the app's choice:
//! this crate makes none.

// The finished app has no `Debug`: see `finish::silent`.
#![cfg_attr(not(test), warn(clippy::use_debug))]

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod clock;
mod handle;
pub mod html;
#[cfg(feature = "inspector")]
pub mod inspector;
pub mod live;
mod parts;
mod provider;
#[cfg(feature = "testing")]
pub mod testing;
pub mod words;

pub use clock::{Clock, use_clock};

#[cfg(feature = "inspector")]
pub use evergrant_browser::{Claim, TokenClaims, rehearsal::Rehearsal};
pub use evergrant_browser::{
    DiscoveryError, FetchError, NoAccessToken, NoUserInfo, StartError, challenge, discover, load_config,
};
pub use evergrant_core as core;
pub use evergrant_core::config::{Config, OtherIssuer};
pub use evergrant_core::protocol::authorize::{AuthorizationParameters, Flow, ParameterError};
pub use evergrant_core::protocol::challenge::Challenge;
pub use evergrant_core::protocol::id_token::IdTokenClaims;
pub use evergrant_core::protocol::{AccessToken, Claims, Scope, Subject, UserInfo};
pub use evergrant_core::session::{
    Abilities, BrowserOffers, EndReason, Failure, HiddenIframe, Method, Occurred, Occurrence, Place, RefreshTokens,
    RenewalRecord, SignIn, Status, View,
};
pub use evergrant_core::time::UnixTime;
pub use handle::{SessionHandle, use_session};
pub use parts::{RequireSession, SignInCallback, SignedIn, SignedOut, here};
pub use provider::SessionProvider;
