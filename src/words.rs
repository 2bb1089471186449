//! What the app says, in the words of a person, beyond what `evergrant-leptos` says of every session.

use evergrant_leptos::core::config::ConfigError;
use evergrant_leptos::core::protocol::ErrorCode;
use evergrant_leptos::core::protocol::metadata::MetadataError;
use evergrant_leptos::core::session::FailureClass;
pub use evergrant_leptos::words::*;
use evergrant_leptos::{Failure, Flow};
use js_sys::{Date, JSON, JsString};
use wasm_bindgen::JsValue;

/// What happened, when a renewal did not succeed and the session goes on; `stopped` when it is not tried again by itself.
pub fn problem(failure: &Failure, stopped: bool) -> &'static str {
    match failure.class() {
        FailureClass::Misconfigured | FailureClass::AskThePerson => "The session can no longer be renewed.",
        _ if stopped => "Renewing has failed too often, and has stopped. Renew now, or sign in again.",
        FailureClass::TryAgain => "The session could not be renewed yet. It will be tried again.",
        FailureClass::Suspicious => "An answer that did not look right was dropped. The session goes on as it was.",
    }
}

/// What happened, when a sign-in did not succeed and the session goes on as it was.
pub fn declined(failure: &Failure) -> &'static str {
    match failure.code() {
        Some(ErrorCode::AccessDenied) => "You declined. You are still signed in, as before.",
        _ => "That did not succeed. You are still signed in, as before.",
    }
}

/// Up to two initials of a name.
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let chosen = match words.as_slice() {
        [] => Vec::new(),
        [only] => vec![*only],
        [first, .., last] => vec![*first, *last],
    };
    let letters: String =
        chosen.iter().filter_map(|word| word.chars().find(|letter| !letter.is_ascii_punctuation())).collect();
    // By the browser's tables: Rust's own would be 5 KB more for every visitor to load.
    String::from(JsString::from(letters).to_upper_case())
}

/// A day such as `2026-11-03`, as this device writes days: `Nov 3, 2026`. What is no day stays as it is.
pub fn day(iso: &str) -> String {
    let midnight = Date::parse(iso);
    if midnight.is_nan() {
        return iso.to_owned();
    }
    // It was read as midnight in UTC (ECMA-262 §21.4.1.32), which is the day before in half of the world.
    let style = JSON::parse(r#"{"dateStyle":"medium","timeZone":"UTC"}"#).unwrap_or_default();
    String::from(Date::new(&JsValue::from_f64(midnight)).to_locale_string("default", &style))
}

/// A failure's own words as a sentence.
pub fn sentence(failure: &Failure) -> String {
    let mut text = failure.to_string() + ".";
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// What is wrong with what somebody said about their issuer.
pub fn unusable_issuer(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::Wrong { key: "client_id", .. } => "Enter the client ID that the issuer has given this app.",
        ConfigError::Wrong { key: "scope", .. } => "The scope must contain the word openid.",
        _ => "An issuer's address begins with https:// (http:// only on this machine) and has no # and no user in it.",
    }
}

/// Why what answers at an issuer's address is none that can be used.
pub fn discovery(failure: &Failure) -> &'static str {
    match failure {
        Failure::Metadata(MetadataError::OtherIssuer { .. }) => {
            "An issuer answers there that calls itself otherwise. The address must be the same to the letter, final slash included."
        }
        Failure::Metadata(MetadataError::NotHttps(_)) => "That issuer sends tokens over addresses that are not https.",
        Failure::Metadata(_) => "A server answers there, but it is no OpenID provider, or its address has more to it.",
        _ => "The issuer cannot answer just now. Try again in a moment.",
    }
}

/// A flow, by the name that the choice gives it.
pub const fn flow(flow: Flow) -> &'static str {
    match flow {
        Flow::Code => "Code + PKCE",
        Flow::Implicit => "Implicit (legacy)",
    }
}
