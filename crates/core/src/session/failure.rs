//! What can go wrong, in four classes, each with what a person should read about it.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::protocol::callback::CallbackError;
use crate::protocol::id_token::IdTokenError;
use crate::protocol::json;
use crate::protocol::jwk::JwkSetError;
use crate::protocol::metadata::MetadataError;
use crate::protocol::token::TokenError;
use crate::protocol::userinfo::UserInfoError;
use crate::protocol::{ErrorCode, OAuthError};

/// Why a sign-in, a renewal or a sign-out did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The authorization response was refused, or was itself a refusal.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The token endpoint refused.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The ID token is not accepted.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// The token endpoint gave no ID token at sign-in.
    #[error("the issuer gave no ID token: is `openid` in the scope?")]
    NoIdToken,
    /// The issuer's metadata cannot be used.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The issuer's keys cannot be used.
    #[error(transparent)]
    Keys(#[from] JwkSetError),
    /// The issuer lacks an endpoint that is needed.
    #[error("the issuer offers no {0}")]
    NoEndpoint(&'static str),
    /// The server is there, but cannot answer now.
    #[error("{endpoint} answered with status {status}")]
    Busy {
        /// What was asked.
        endpoint: &'static str,
        /// The HTTP status: 429, or 500 and above.
        status: u16,
        /// How long it asked to be left alone (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// No answer at all: no network, no server, or the server does not let this page read its answer (CORS).
    #[error("{endpoint} could not be reached")]
    Unreachable {
        /// What was asked.
        endpoint: &'static str,
    },
    /// The hidden iframe brought no answer in time, with what was seen of it.
    #[error("the silent renewal brought no answer: {0}")]
    Silence(Silence),
    /// `login_required` in a hidden iframe, a moment after the person signed in: see
    /// [`HiddenIframe::CookiesBlocked`](super::HiddenIframe::CookiesBlocked).
    #[error(
        "login_required: the issuer does not know in a hidden frame who has just signed in; this browser keeps its cookies from there"
    )]
    CookiesBlocked,
    /// Another tab was renewing and did not come to an end, or it kept all others from the browser's store: a renewal, a silent
    /// sign-in, or whoever needed the key that tokens are bound to, waited for it in vain.
    #[error("another tab has kept this one waiting for too long")]
    OtherTabBusy,
    /// Nothing was asked: the issuer wants to be left alone, as another tab or an earlier page was told.
    #[error("the issuer asked not to be asked again so soon")]
    AskedToWait(Duration),
    /// What went wrong in a page that is gone, or in another tab.
    #[error("{}", .0.text)]
    Earlier(Box<Earlier>),
    /// The browser did not let the page open a popup.
    #[error("the browser blocked the popup")]
    PopupBlocked,
    /// The person closed the popup before the sign-in was complete.
    #[error("the popup was closed before the sign-in was complete")]
    PopupClosed,
    /// The browser refuses something that is needed.
    #[error("this browser does not allow it: {0}")]
    Browser(String),
}

/// What is kept of a failure with the session, for the next page and for other tabs: enough to tell the person. No secret is
/// in it, as in no failure's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Earlier {
    class: FailureClass,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<ErrorCode>,
}

json::members!(Earlier { class: required, text: required, code: optional });

impl Earlier {
    /// What to keep of `failure`.
    pub fn of(failure: &Failure) -> Self {
        Self { class: failure.class(), text: failure.to_string(), code: failure.code().cloned() }
    }
}

/// What was seen of a hidden iframe that did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nothing was loaded: the issuer did not answer the request.
    NothingLoaded,
    /// A page was loaded, from another origin, that is not the silent page: an error or sign-in page of the issuer, or a
    /// page that refused to be framed, or the browser's own in place of one that cannot be reached.
    ForeignPage,
    /// A page of this app was loaded in place of the silent page.
    OwnPage,
    /// A page was loaded that posted no message, where the issuer's own page was to post one (`web_message`).
    NoMessage,
    /// A message came, but not from the origin that the answer comes from.
    OtherOrigin,
    /// A message came from where it should, with the answer to another request, or one that cannot be read.
    OtherState,
}

impl fmt::Display for Silence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NothingLoaded => "the issuer did not answer in time",
            Self::ForeignPage => {
                "another page than the silent page was loaded. Either the issuer cannot be reached, or it showed a page of its own (is \
                 silent_redirect_uri registered there?), or the silent page was not found or not allowed in a frame"
            }
            Self::OwnPage => "silent_redirect_uri leads to the app itself, not to the silent page",
            Self::NoMessage => {
                "no page of the issuer posted a message. Can it be reached, are redirect_uri and this app's origin registered \
                 there, and may this app frame its answers?"
            }
            Self::OtherOrigin => "a message came from another origin than the one that answers",
            Self::OtherState => "it was the answer to another request than ours (state), or cannot be read",
        })
    }
}

/// What follows from a failure (R8 of the design, in ARCHITECTURE.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The issuer wants to see the person: the session ends, sign-in is offered.
    AskThePerson,
    /// It may work later: a session that is still valid stays.
    TryAgain,
    /// It will not work until somebody changes a configuration.
    Misconfigured,
    /// The answer may be forged: it is dropped, and what was valid stays.
    Suspicious,
}

json::words!(FailureClass {
    "ask_the_person" => AskThePerson, "try_again" => TryAgain, "misconfigured" => Misconfigured, "suspicious" => Suspicious,
});

impl Failure {
    /// What follows from it.
    pub fn class(&self) -> FailureClass {
        use FailureClass::{Misconfigured, Suspicious, TryAgain};
        match self {
            Self::Callback(CallbackError::Refused(error)) | Self::Token(TokenError::Refused(error)) => {
                refusal_class(error)
            }
            Self::Callback(CallbackError::Stale) => TryAgain,
            Self::Callback(_) => Suspicious,
            // No issuer says that (RFC 6749 §5.2): a gateway does, of which the issuer is taken away for a moment, or a captive
            // portal, which answers 200 with a page of its own.
            Self::Token(TokenError::Status(_) | TokenError::NotATokenResponse) => TryAgain,
            Self::Metadata(MetadataError::Status(_) | MetadataError::NotMetadata(_)) => TryAgain,
            Self::Token(TokenError::TokenType(_)) | Self::NoIdToken | Self::NoEndpoint(_) => Misconfigured,
            Self::IdToken(IdTokenError::Crypto(_)) | Self::Browser(_) => Misconfigured,
            Self::IdToken(_) => Suspicious,
            Self::Keys(JwkSetError::NotAKeySet) => TryAgain,
            Self::Metadata(_) | Self::Keys(_) => Misconfigured,
            Self::PopupClosed | Self::CookiesBlocked => FailureClass::AskThePerson,
            Self::PopupBlocked => Misconfigured,
            Self::Busy { .. } | Self::Unreachable { .. } | Self::Silence(_) => TryAgain,
            Self::OtherTabBusy | Self::AskedToWait(_) => TryAgain,
            Self::Earlier(earlier) => earlier.class,
        }
    }

    /// How long the server asked to be left alone (RFC 9110 §10.2.3); `None` when it did not.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            Self::AskedToWait(wait) => Some(*wait),
            _ => None,
        }
    }

    /// Whether a refresh token that was sent can still be good for sure: the server turned the request away before it
    /// looked (429, RFC 6585 §4; 503, RFC 9110 §15.6.4), or there was no network to send it by, `offline` both when it left
    /// and when it failed. A network that went away later may have carried it, and a server or gateway that failed in any
    /// other way may have done so after it was used.
    pub fn proves_unused(&self, offline: bool) -> bool {
        match self {
            Self::Busy { status, .. } => [429, 503].contains(status),
            Self::Unreachable { .. } => offline,
            // A nonce is asked for before the token is looked at (RFC 9449 §8). A proof may be refused for having come before
            // (§11.1): browsers send again by themselves what went over a connection that was closed, and it may have been used.
            Self::Token(TokenError::Refused(error)) => matches!(error.error, ErrorCode::UseDpopNonce),
            // The browser gave no key to prove anything by: the request never left.
            Self::Browser(_) | Self::OtherTabBusy => true,
            _ => false,
        }
    }

    /// Whether the token endpoint will not take this code or refresh token, or none of its kind from this client (RFC 6749 §5.2):
    /// some issuers give refresh tokens to clients that may not use them. Or it does not say whom its answer is for, where it has
    /// to.
    pub fn refuses_the_grant(&self) -> bool {
        use ErrorCode::{InvalidGrant, UnauthorizedClient, UnsupportedGrantType};
        match self {
            Self::Token(TokenError::Refused(error)) => {
                matches!(error.error, InvalidGrant | UnauthorizedClient | UnsupportedGrantType)
            }
            _ => matches!(self, Self::NoIdToken),
        }
    }

    /// Whether a hidden iframe that failed so cannot renew this session here: the issuer knows nobody in it, knows somebody
    /// else or wants to see the person, or no answer can come out of it. What may pass by itself is not among these.
    pub fn rules_out_the_iframe(&self) -> bool {
        match self {
            Self::Silence(silence) => {
                matches!(silence, Silence::ForeignPage | Silence::OwnPage | Silence::NoMessage | Silence::OtherOrigin)
            }
            Self::IdToken(IdTokenError::OtherPerson) => true,
            _ => matches!(self.class(), FailureClass::AskThePerson | FailureClass::Misconfigured),
        }
    }

    /// OAuth's own code (RFC 6749 §4.1.2.1 and §5.2, OIDC Core §3.1.2.6), when the issuer gave one.
    pub fn code(&self) -> Option<&ErrorCode> {
        match self {
            Self::CookiesBlocked => Some(&ErrorCode::LoginRequired),
            Self::Callback(CallbackError::Refused(error)) | Self::Token(TokenError::Refused(error)) => {
                Some(&error.error)
            }
            Self::Earlier(earlier) => earlier.code.as_ref(),
            _ => None,
        }
    }

    /// What to do about it, in a sentence for the person in front of the page.
    pub fn advice(&self) -> &'static str {
        match (self, self.code()) {
            (Self::CookiesBlocked, _) => {
                "Your browser keeps the issuer's cookies from the hidden frame. Sign in again to go on."
            }
            (_, Some(ErrorCode::LoginRequired)) => {
                "You are no longer signed in at the issuer, or your browser keeps its cookies from the hidden frame. Sign in again to go on."
            }
            (_, Some(ErrorCode::ConsentRequired | ErrorCode::InteractionRequired)) => {
                "The issuer has a question for you. Sign in again to go on."
            }
            (_, Some(ErrorCode::AccountSelectionRequired)) => {
                "The issuer needs to know which account to use. Sign in again to choose."
            }
            (_, Some(ErrorCode::AccessDenied)) => "Access was declined. Sign in again if you change your mind.",
            (Self::IdToken(IdTokenError::Clock { .. }), _) | (_, Some(ErrorCode::InvalidDpopProof)) => {
                "Check the date and time of this device and switch on setting them automatically, then sign in again."
            }
            (Self::Callback(CallbackError::State | CallbackError::Stale), _) => {
                "That sign-in was begun elsewhere, or too long ago. Sign in again."
            }
            (Self::PopupBlocked, _) => "Allow popups for this site in your browser, or sign in on this page instead.",
            (Self::PopupClosed, _) => "Sign in again when you are ready.",
            (Self::Unreachable { .. }, _) => {
                "Check your connection. If this is your own issuer: is it running, and does it allow this app's origin (CORS)?"
            }
            (Self::Token(TokenError::Status(_)) | Self::Metadata(MetadataError::Status(_)), _) => {
                "This may pass by itself. If it does not, tell whoever runs this app: the issuer's address may be wrong."
            }
            (Self::Browser(_), _) => {
                "Your browser does not let this app do something it needs. Allow site data (cookies) for this site in its settings, then try again."
            }
            _ => match self.class() {
                FailureClass::AskThePerson => "Sign in again to go on.",
                FailureClass::TryAgain => "This may pass by itself. Nothing is lost.",
                FailureClass::Misconfigured => {
                    "This needs a change in the app's or the issuer's configuration. Tell whoever runs this app."
                }
                FailureClass::Suspicious => {
                    "The answer was dropped for your safety. If it happens again, tell whoever runs this app."
                }
            },
        }
    }
}

impl UserInfoError {
    /// What follows from it. The session goes on as it is, whatever that says.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Refused(error) => refusal_class(error),
            Self::Status(408 | 425 | 429 | 500..) => FailureClass::TryAgain,
            // A captive portal answers 200 with a page of its own.
            Self::NotJson => FailureClass::TryAgain,
            Self::Status(_) | Self::Jwt | Self::NoSubject => FailureClass::Misconfigured,
            Self::OtherPerson => FailureClass::Suspicious,
        }
    }
}

/// OIDC Core §3.1.2.6 has four codes that only the person can settle; RFC 6749 §4.1.2.1 has two that pass by themselves.
fn refusal_class(error: &OAuthError) -> FailureClass {
    match error.error {
        ErrorCode::LoginRequired
        | ErrorCode::ConsentRequired
        | ErrorCode::InteractionRequired
        | ErrorCode::AccountSelectionRequired
        | ErrorCode::AccessDenied => FailureClass::AskThePerson,
        // A code or refresh token that died on the way: asking anew tells whether the session did as well.
        ErrorCode::ServerError | ErrorCode::TemporarilyUnavailable | ErrorCode::InvalidGrant => FailureClass::TryAgain,
        // A clock is set right, a nonce runs out.
        ref code if code.is_about_the_proof() => FailureClass::TryAgain,
        _ => FailureClass::Misconfigured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: ErrorCode) -> Failure {
        CallbackError::Refused(OAuthError::new(code, "")).into()
    }

    #[test]
    fn each_class_has_its_failures() {
        use FailureClass::{AskThePerson, Misconfigured, Suspicious, TryAgain};
        for (failure, class) in [
            (refused(ErrorCode::LoginRequired), AskThePerson),
            (Failure::CookiesBlocked, AskThePerson),
            (refused(ErrorCode::ConsentRequired), AskThePerson),
            (refused(ErrorCode::InteractionRequired), AskThePerson),
            (refused(ErrorCode::AccountSelectionRequired), AskThePerson),
            (refused(ErrorCode::ServerError), TryAgain),
            (refused(ErrorCode::TemporarilyUnavailable), TryAgain),
            (refused(ErrorCode::UnauthorizedClient), Misconfigured),
            (refused(ErrorCode::Other("odd".into())), Misconfigured),
            (TokenError::Status(503).into(), TryAgain),
            (TokenError::Status(429).into(), TryAgain),
            (TokenError::Status(404).into(), TryAgain),
            (CallbackError::State.into(), Suspicious),
            (CallbackError::Issuer.into(), Suspicious),
            (IdTokenError::Signature.into(), Suspicious),
            (IdTokenError::Nonce.into(), Suspicious),
            (MetadataError::Status(404).into(), TryAgain),
            (MetadataError::Status(502).into(), TryAgain),
            (MetadataError::Status(408).into(), TryAgain),
            // A captive portal, or a page that says that there is maintenance.
            (MetadataError::NotMetadata("expected value at line 1 column 1".into()).into(), TryAgain),
            (JwkSetError::NotAKeySet.into(), TryAgain),
            (Failure::Unreachable { endpoint: "the issuer" }, TryAgain),
            (Failure::Silence(Silence::NothingLoaded), TryAgain),
        ] {
            assert_eq!(failure.class(), class, "{failure}");
        }
    }

    #[test]
    fn each_class_has_its_errors_of_the_userinfo_endpoint() {
        use FailureClass::{Misconfigured, Suspicious, TryAgain};
        let refused = |code| UserInfoError::Refused(OAuthError::new(code, ""));
        for (error, class) in [
            (refused(ErrorCode::InvalidToken), Misconfigured),
            (refused(ErrorCode::InsufficientScope), Misconfigured),
            (refused(ErrorCode::TemporarilyUnavailable), TryAgain),
            (UserInfoError::Status(401), Misconfigured),
            (UserInfoError::Status(429), TryAgain),
            (UserInfoError::Status(502), TryAgain),
            (UserInfoError::NotJson, TryAgain),
            (UserInfoError::Jwt, Misconfigured),
            (UserInfoError::NoSubject, Misconfigured),
            (UserInfoError::OtherPerson, Suspicious),
        ] {
            assert_eq!(error.class(), class, "{error}");
        }
    }

    #[test]
    fn only_a_server_that_turned_it_away_and_a_missing_network_prove_that_a_token_was_not_used() {
        let unreachable = Failure::Unreachable { endpoint: "the issuer" };
        let answered = |status, retry_after| Failure::Busy { endpoint: "the issuer", status, retry_after };
        for retry_after in [None, Some(Duration::from_secs(1))] {
            assert!(answered(429, retry_after).proves_unused(false));
            assert!(answered(503, retry_after).proves_unused(false));
            for status in [500, 502, 504, 520] {
                assert!(!answered(status, retry_after).proves_unused(false), "{status} may come after it was used");
            }
        }
        assert!(unreachable.proves_unused(true));
        assert!(!unreachable.proves_unused(false), "the answer may have been lost");
        assert!(!Failure::from(IdTokenError::Signature).proves_unused(true));
    }

    #[test]
    fn a_proof_that_is_turned_away_may_be_better_next_time() {
        for code in [ErrorCode::InvalidDpopProof, ErrorCode::UseDpopNonce] {
            let failure = Failure::from(TokenError::Refused(OAuthError::new(code, "")));
            assert_eq!(failure.class(), FailureClass::TryAgain, "{failure}");
        }
        let failure = Failure::from(TokenError::Refused(OAuthError::new(ErrorCode::InvalidDpopProof, "")));
        assert!(failure.advice().contains("date and time"), "{}", failure.advice());
        for never_left in [Failure::Browser("signing (NotSupportedError)".to_owned()), Failure::OtherTabBusy] {
            assert!(never_left.proves_unused(false), "{never_left}");
        }
    }

    /// A browser that lost the answer had sent the request again by itself, with the proof that was used.
    #[test]
    fn a_proof_that_came_twice_had_its_refresh_token_pass_for_unused() {
        for (code, expected) in [(ErrorCode::InvalidDpopProof, false), (ErrorCode::UseDpopNonce, true)] {
            let failure = Failure::from(TokenError::Refused(OAuthError::new(code, "")));
            assert_eq!(failure.proves_unused(false), expected, "{failure}");
        }
    }

    #[test]
    fn an_iframe_is_ruled_out_by_what_will_not_pass() {
        for (failure, expected) in [
            (refused(ErrorCode::LoginRequired), true),
            (refused(ErrorCode::ConsentRequired), true),
            (Failure::Silence(Silence::ForeignPage), true),
            (Failure::Silence(Silence::NoMessage), true),
            (Failure::CookiesBlocked, true),
            (IdTokenError::OtherPerson.into(), true),
            (Failure::Silence(Silence::NothingLoaded), false),
            (Failure::Unreachable { endpoint: "the issuer" }, false),
            (refused(ErrorCode::TemporarilyUnavailable), false),
            (IdTokenError::Signature.into(), false),
        ] {
            assert_eq!(failure.rules_out_the_iframe(), expected, "{failure}");
        }
    }

    #[test]
    fn a_busy_tab_is_told_in_words_that_fit_all_that_waits_for_it() {
        // A sign-in that nobody asked for waits as well, before there is a session.
        let text = Failure::OtherTabBusy.to_string();
        assert!(!text.contains("renew") && !text.contains("session"), "{text}");
    }

    #[test]
    fn every_failure_has_advice_and_a_text() {
        for failure in [refused(ErrorCode::LoginRequired), TokenError::Status(500).into(), Failure::NoIdToken] {
            assert!(failure.advice().ends_with('.'), "{failure}");
            assert!(!failure.to_string().is_empty());
        }
    }
}
