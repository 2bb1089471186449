//! For tests of an app's own components in a browser: somebody is signed in there, and no issuer is asked. The session is a real one,
//! with tokens that nobody has issued.
//!
//! The feature `testing` has it, which is one for `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! evergrant-leptos = { path = "../evergrant/crates/leptos", features = ["testing"] }
//! serde_json = "1"
//! wasm-bindgen-test = "0.3"
//! ```
//!
//! ```no_run
//! # use evergrant_leptos::{Config, SessionProvider, SignedIn, SignedOut, testing, use_session};
//! # use leptos::mount::mount_to;
//! # use leptos::prelude::*;
//! # use wasm_bindgen::JsCast;
//! # use wasm_bindgen_test::wasm_bindgen_test;
//! # #[component]
//! # fn Greeting() -> impl IntoView {}
#![doc = include_str!("../tests/greeting/tested.rs")]
//! # fn main() {}
//! ```
//!
//! Such tests run with `wasm_bindgen_test_configure!(run_in_browser)`, with `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER` set to
//! `wasm-bindgen-test-runner`, which `cargo install wasm-bindgen-cli` brings, and a driver of a browser on the path.
//!
//! Without the call, nobody is signed in. What an API answers is said by a `fetch` of the test's own in `window`; journeys with sign-in
//! and sign-out are for a browser that is driven, at an issuer of the test's own (`evergrant_issuer::LocalIssuer`).

use std::time::Duration;

use evergrant_browser::clock;
use evergrant_browser::storage::Store;
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::jwt::{self, Header};
use evergrant_core::protocol::{AccessToken, Claims, IdToken};
use evergrant_core::session::{Session, Tokens};

/// How long the tokens are good: longer than a test takes, so that none is renewed.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Has the provider that is mounted next with `config` find somebody signed in, with all of its scope, whose ID token has `claims`:
/// `sub` at least; of `iss`, `aud`, `iat` and `exp`, those that are missing are added. Their access token is the word `access`.
///
/// `false` when there can be no such session: `claims` are those of no ID token, or `config` keeps sessions otherwise than in
/// this tab (`"storage": "session"`, the default).
pub fn sign_in(config: &Config, mut claims: Claims) -> bool {
    let now = clock::now();
    let seconds = now.wall.as_millis() / 1000;
    claims.entry("iss").or_insert_with(|| config.issuer.as_str().into());
    claims.entry("aud").or_insert_with(|| config.client_id.as_str().into());
    claims.entry("iat").or_insert_with(|| seconds.into());
    claims.entry("exp").or_insert_with(|| (seconds + 3600).into());
    let header = Header { alg: "ES256".to_owned(), kid: None, typ: None, crit: None };
    let Ok(input) = jwt::signing_input(&header, &claims) else { return false };
    let Ok(known) = serde_json::from_value(claims.into()) else { return false };
    let tokens = Tokens {
        access_token: Some(AccessToken::new("access")),
        id_token: Some((IdToken::new(jwt::compact(input, b"signed by nobody")), known)),
        refresh_token: None,
        scope: config.scope.clone(),
        expires_in: Some(LIFETIME),
        flow: Flow::Code,
        generation: 0,
        requested_at: now,
    };
    let Some(session) = Session::begin(config.issuer.clone(), config.client_id.clone(), tokens) else { return false };
    let store = Store::open(config.storage, &config.kept_as);
    store.save(&session);
    config.storage == StorageKind::Session && store.session().is_some()
}
