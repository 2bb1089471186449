//! What the app says, in the words of a person.

use std::time::Duration;

use evergrant_leptos::core::config::ConfigError;
use evergrant_leptos::core::protocol::ErrorCode;
use evergrant_leptos::core::protocol::metadata::MetadataError;
use evergrant_leptos::core::session::{Cause, FailureClass, Outcome};
use evergrant_leptos::{EndReason, Failure, Flow, Method, Status, UnixTime};
use js_sys::{Date, JsString};
use wasm_bindgen::JsValue;

/// A duration, to the second below a day: `1 h 5 min`, `1 min 12 s`, `7 s`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A short duration: `31 ms`.
pub fn millis(duration: Duration) -> String {
    // A day has fewer than 2^32 of them; wider numbers would bring their arithmetic along.
    format!("{} ms", u32::try_from(duration.as_millis()).unwrap_or(u32::MAX))
}

/// How far one moment is from another, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// So many seconds to go, rounded up: half a second left is not over.
    Ahead(u64),
    /// So many seconds gone by.
    Behind(u64),
}

impl Distance {
    /// How far `then` is from `now`.
    pub fn between(now: UnixTime, then: UnixTime) -> Self {
        if now < then {
            let whole = then.since(now) + Duration::from_millis(999);
            Self::Ahead(whole.as_secs())
        } else {
            Self::Behind(now.since(then).as_secs())
        }
    }

    /// The seconds to go; none when the moment has passed.
    pub const fn seconds_ahead(self) -> u64 {
        match self {
            Self::Ahead(seconds) => seconds,
            Self::Behind(_) => 0,
        }
    }

    /// `1 min 12 s`, `3 s ago`.
    pub fn in_words(self) -> String {
        match self {
            Self::Ahead(seconds) => duration(Duration::from_secs(seconds)),
            Self::Behind(seconds) => duration(Duration::from_secs(seconds)) + " ago",
        }
    }
}

/// The time of day, as this device writes it.
pub fn clock_time(time: UnixTime) -> String {
    let date = Date::new(&JsValue::from_f64(time.as_millis() as f64));
    String::from(date.to_locale_time_string("default"))
}

/// Date and time, as this device writes them.
pub fn date_and_time(time: UnixTime) -> String {
    let date = Date::new(&JsValue::from_f64(time.as_millis() as f64));
    String::from(date.to_locale_string("default", &JsValue::UNDEFINED))
}

/// A session's status.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::SignedOut => "Signed out",
        Status::SigningIn => "Signing in",
        Status::SignedIn => "Signed in",
        Status::Renewing => "Renewing",
        Status::Retrying => "Trying again",
        Status::Stale => "Expired",
        Status::SigningOut => "Signing out",
    }
}

/// What happened, when a session has ended.
pub fn ended(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::SignedOut => "You are signed out.",
        EndReason::SignedOutElsewhere => "You signed out in another tab.",
        EndReason::AskThePerson(failure) => match failure.code() {
            Some(ErrorCode::LoginRequired) => "Your session has ended.",
            Some(ErrorCode::ConsentRequired) => "The issuer needs your consent again.",
            _ => "The issuer wants to see you again.",
        },
        EndReason::SignInFailed(failure) => match (failure, failure.code()) {
            (_, Some(ErrorCode::AccessDenied)) => "You declined, so you are not signed in.",
            (Failure::Unreachable { .. } | Failure::Busy { .. }, _) => "The issuer could not be reached.",
            (Failure::Metadata(_), _) => "The issuer's address seems to be wrong.",
            (Failure::Browser(_), _) => "This browser does not let you sign in here.",
            _ => "The sign-in did not succeed.",
        },
        EndReason::AccountChanged => "Somebody else has signed in in this browser.",
        EndReason::Idle(_) => "You were signed out because you had not done anything here for a while.",
        EndReason::IssuerNotTold(_) => "You are signed out here, but the issuer could not be told.",
    }
}

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

/// What came of a renewal.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Renewed => "Renewed".to_owned(),
        Outcome::Adopted => "Taken over from another tab".to_owned(),
        Outcome::Cancelled => "Cancelled by sign-out".to_owned(),
        Outcome::Failed(failure) => failure.to_string(),
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
    let letters: String = chosen.iter().filter_map(|word| word.chars().next()).collect();
    // By the browser's tables: Rust's own would be 5 KB more for every visitor to load.
    String::from(JsString::from(letters).to_upper_case())
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
        _ => "An issuer's address begins with https:// (http:// only on this machine) and has no # in it.",
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

/// How a session is renewed.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Iframe => "hidden iframe",
        Method::RefreshToken => "refresh token",
    }
}

/// What caused a renewal.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Schedule => "The schedule",
        Cause::Opened => "Due when the page opened",
        Cause::Woke => "Due when the page woke",
        Cause::Asked => "You asked",
        Cause::Needed => "The app needed a token",
        Cause::Refused => "An API refused the token",
        Cause::Retry => "An earlier try failed",
    }
}
