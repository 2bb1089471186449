//! A configuration and a session for tests.
#![allow(clippy::unwrap_used, dead_code)]

pub(crate) mod issuer;

use std::time::Duration;

use evergrant_browser::clock;
use evergrant_core::config::Config;
use evergrant_core::protocol::authorize::{Flow, Transaction};
use evergrant_core::protocol::{AccessToken, CodeVerifier, IdToken, Nonce, Scope, State};
use evergrant_core::session::{Session, Tokens};
use evergrant_core::time::UnixTime;

/// A client with this id at an issuer where nobody answers: port 9 is the discard service.
pub(crate) fn config(client_id: &str) -> Config {
    let json = format!(r#"{{"issuer":"http://127.0.0.1:9/","client_id":"{client_id}"}}"#);
    Config::parse(&json, "http://127.0.0.1").unwrap()
}

/// A session of that client that began just now.
pub(crate) fn session(config: &Config, lifetime: Duration) -> Session {
    let claims = serde_json::json!({
        "iss": config.issuer, "sub": "tess", "aud": config.client_id, "exp": 4_000_000_000_u32, "iat": 1_000_000_000, "name": "Tess",
    });
    let tokens = Tokens {
        access_token: Some(AccessToken::new("access")),
        id_token: Some((IdToken::new("id"), serde_json::from_value(claims).unwrap())),
        refresh_token: None,
        scope: Scope::parse("openid"),
        expires_in: Some(lifetime),
        flow: Flow::Code,
        generation: 0,
        requested_at: clock::now(),
    };
    Session::begin(config.issuer.clone(), config.client_id.clone(), tokens).unwrap()
}

/// A sign-in of that client on its way.
pub(crate) fn transaction(config: &Config, state: &str, requested_at: UnixTime) -> Transaction {
    Transaction {
        state: State::new(state),
        nonce: Nonce::new("n"),
        code_verifier: CodeVerifier::new("v"),
        issuer: config.issuer.clone(),
        iss_required: true,
        redirect_uri: "https://app.example/callback".into(),
        flow: Flow::Code,
        id_token_alone: false,
        scope: Scope::parse("openid"),
        max_age: None,
        requested_at,
        return_to: None,
    }
}

/// Waits, a turn of the event loop at a time, until `condition` holds; fails after ten seconds.
pub(crate) async fn until(what: &str, condition: impl FnMut() -> bool) {
    until_within(10, what, condition).await;
}

/// The same, with another number of seconds.
pub(crate) async fn until_within(seconds: u32, what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = js_sys::Date::now() + 1000.0 * f64::from(seconds);
    while !condition() {
        assert!(js_sys::Date::now() < deadline, "waited in vain: {what}");
        gloo_timers::future::TimeoutFuture::new(5).await;
    }
}
