//! What there is to say of a session, in the words of a person.

use std::time::Duration;

use evergrant_core::protocol::ErrorCode;
use evergrant_core::session::{Cause, EndReason, Failure, Method, Occurred, Outcome, Status};
use evergrant_core::time::UnixTime;
use js_sys::Date;
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

    /// What need not be read anew every second: `just now`, `12 min ago`, `in 1 h 5 min`.
    pub fn in_calm_words(self) -> String {
        let (seconds, is_ahead) = match self {
            Self::Ahead(seconds) => (seconds, true),
            Self::Behind(seconds) => (seconds, false),
        };
        match (seconds, is_ahead) {
            (0..60, true) => "in less than a minute".to_owned(),
            (0..60, false) => "just now".to_owned(),
            (60..3600, true) => format!("in {} min", seconds / 60),
            (60..3600, false) => format!("{} min ago", seconds / 60),
            (_, true) => "in ".to_owned() + &self.in_words(),
            (_, false) => self.in_words(),
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
        EndReason::SignedOutElsewhere => "You were signed out in another tab.",
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

/// What came of a renewal.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Renewed => "Renewed".to_owned(),
        Outcome::Adopted => "Taken over from another tab".to_owned(),
        Outcome::Cancelled => "Cancelled by sign-out".to_owned(),
        Outcome::Failed(failure) => failure.to_string(),
    }
}

/// What happened besides a renewal.
pub const fn occurred(what: &Occurred) -> &'static str {
    match what {
        Occurred::Token { .. } => "New access token",
        Occurred::RenewedElsewhere => "Renewed in another tab",
        Occurred::StoodStill { .. } => "The page stood still, or its clock was set",
        Occurred::Offline => "The network went",
        Occurred::Online => "The network came back",
        Occurred::Ended(_) => "The session ended",
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
