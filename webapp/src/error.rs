//! What a person reads when a page cannot be shown, in words that say what to do.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use evergrant_core::protocol::callback::CallbackError;
use evergrant_core::session::{Failure, FailureClass};
use tracing::warn;

use crate::expenses::{API, NoExpenses};
use crate::pages::{MessagePage, respond};

/// A page that says why there is no other.
#[derive(Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    heading: &'static str,
    sentence: String,
    /// Where to go from here: its address and its name.
    next: (&'static str, &'static str),
}

const SIGN_IN: (&str, &str) = ("/sign-in", "Sign in");
const HOME: (&str, &str) = ("/", "Back to the start");
const AGAIN: (&str, &str) = ("/expenses", "Try again");

/// A heading, and why.
pub(crate) const SIGNED_OUT_ELSEWHERE: (&str, &str) = (
    "You were signed out",
    "You signed out at the issuer, in another app or of all devices, or your password was changed. That has ended your session \
     here as well.",
);

impl PageError {
    /// A form that was not sent by a page of this server, or by one of another session.
    pub(crate) fn foreign_post() -> Self {
        let sentence = "That request did not come from a page you opened here. Nothing was done.";
        Self::new(StatusCode::FORBIDDEN, "Not from here", sentence, HOME)
    }

    /// An address that leads nowhere.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Nothing here", "There is no page at this address.", HOME)
    }

    /// The issuer has said that the session is over (Back-Channel Logout 1.0).
    pub(crate) fn signed_out_elsewhere() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, SIGNED_OUT_ELSEWHERE.0, SIGNED_OUT_ELSEWHERE.1, SIGN_IN)
    }

    /// Something that should not happen.
    pub(crate) fn internal() -> Self {
        let sentence = "This server could not do its work. Try again; if it happens again, tell whoever runs it.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "That did not work", sentence, HOME)
    }

    /// Signed out here, but the issuer could not be told.
    pub(crate) fn issuer_not_told(failure: &Failure) -> Self {
        warn!("a sign-out did not reach the issuer: {failure}");
        let sentence = "You are signed out here, but the issuer could not be told. If others use this computer, sign \
                        out there as well.";
        Self::new(StatusCode::BAD_GATEWAY, "Signed out here", sentence, HOME)
    }

    fn new(
        status: StatusCode,
        heading: &'static str,
        sentence: impl Into<String>,
        next: (&'static str, &'static str),
    ) -> Self {
        Self { status, heading, sentence: sentence.into(), next }
    }

    fn away(endpoint: &str, next: (&'static str, &'static str)) -> Self {
        let sentence = format!("At the moment {endpoint} cannot be reached. Try again in a minute.");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Not just now", sentence, next)
    }

    fn sign_in_again() -> Self {
        let sentence = "Your session has ended. Sign in again to go on.";
        Self::new(StatusCode::UNAUTHORIZED, "Signed out", sentence, SIGN_IN)
    }

    fn from_failure(failure: &Failure, next: (&'static str, &'static str)) -> Self {
        match failure {
            Failure::Unreachable { endpoint } | Failure::Busy { endpoint, .. } => return Self::away(endpoint, next),
            Failure::Callback(CallbackError::State | CallbackError::Stale) => {
                let sentence = "It was begun in another browser, or too long ago. Sign in again.";
                return Self::new(StatusCode::BAD_REQUEST, "That sign-in is over", sentence, SIGN_IN);
            }
            _ => warn!("{failure}"),
        }
        match failure.class() {
            FailureClass::AskThePerson => {
                let sentence = "The issuer did not sign you in. Try again if you change your mind.";
                Self::new(StatusCode::FORBIDDEN, "Not signed in", sentence, SIGN_IN)
            }
            _ => {
                let sentence = format!("The issuer's answer was not accepted: {failure}.");
                Self::new(StatusCode::BAD_GATEWAY, "That did not work", sentence, next)
            }
        }
    }
}

/// On the way to the issuer or back.
impl From<Failure> for PageError {
    fn from(failure: Failure) -> Self {
        Self::from_failure(&failure, SIGN_IN)
    }
}

impl From<NoExpenses> for PageError {
    fn from(no_expenses: NoExpenses) -> Self {
        match no_expenses {
            NoExpenses::SignInAgain => Self::sign_in_again(),
            NoExpenses::Forbidden => {
                let sentence = "You may not see the expenses with what was agreed to at sign-in.";
                Self::new(StatusCode::FORBIDDEN, "Not allowed", sentence, HOME)
            }
            NoExpenses::Failed(failure) => Self::from_failure(&failure, AGAIN),
            NoExpenses::NotExpenses => {
                warn!("{API} did not answer with expenses");
                let sentence = format!("What {API} answered is no list of expenses. Tell whoever runs it.");
                Self::new(StatusCode::BAD_GATEWAY, "That did not work", sentence, AGAIN)
            }
        }
    }
}

impl From<getrandom::Error> for PageError {
    fn from(error: getrandom::Error) -> Self {
        warn!("the operating system gives no random numbers: {error}");
        Self::internal()
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (href, label) = self.next;
        respond(self.status, &MessagePage { heading: self.heading, sentence: &self.sentence, href, label })
    }
}
