//! What an app is shown of a session. No token is in it.

use std::fmt;
use std::time::Duration;

use super::failure::Failure;
use super::record::Method;
use crate::protocol::Scope;
use crate::protocol::authorize::Flow;
use crate::protocol::id_token::IdTokenClaims;
use crate::time::UnixTime;

/// The session as a page shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// In one word.
    pub status: Status,
    /// Who is signed in.
    pub claims: Option<IdTokenClaims>,
    /// What was granted.
    pub scope: Scope,
    /// The flow the session began with.
    pub flow: Option<Flow>,
    /// When the access token expires, by the wall clock.
    pub expires_at: Option<UnixTime>,
    /// How long the access token lived in all when it was issued.
    pub lifetime: Option<Duration>,
    /// When the next renewal, or the next try, begins; none while one is in flight, and where renewing has stopped.
    pub renew_at: Option<UnixTime>,
    /// Since when a renewal is in flight.
    pub renewing_since: Option<UnixTime>,
    /// How often the session was renewed.
    pub renewals: u32,
    /// How it was renewed last.
    pub last_method: Option<Method>,
    /// What went wrong last and is not mended yet.
    pub problem: Option<Failure>,
    /// Whether that was a sign-in, during which the session went on as it was; otherwise it was a renewal.
    pub sign_in_failed: bool,
    /// When the session ends if the person does nothing (R11); none without such a limit.
    pub idle_ends_at: Option<UnixTime>,
    /// Whether that is so soon that the person should be warned.
    pub idle_warning: bool,
    /// Why nobody is signed in any more.
    pub ended: Option<EndReason>,
}

/// A session in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nobody is signed in.
    #[default]
    SignedOut,
    /// On the way to the issuer, or back; or the issuer is asked who is signed in.
    SigningIn,
    /// Signed in, with a good access token.
    SignedIn,
    /// Signed in, and a renewal is in flight.
    Renewing,
    /// Signed in; a renewal failed and will be tried again.
    Retrying,
    /// Signed in, but the access token has expired and nothing brings a new one by itself.
    Stale,
    /// On the way out.
    SigningOut,
}

impl Status {
    /// The word used in pages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::SigningIn => "signing-in",
            Self::SignedIn => "signed-in",
            Self::Renewing => "renewing",
            Self::Retrying => "retrying",
            Self::Stale => "stale",
            Self::SigningOut => "signing-out",
        }
    }

    /// Whether a person is signed in, be it with an expired token.
    pub const fn is_signed_in(self) -> bool {
        matches!(self, Self::SignedIn | Self::Renewing | Self::Retrying | Self::Stale)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Why a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out here.
    SignedOut,
    /// The session ended in another tab: the person signed out there, or the issuer wanted to see them.
    SignedOutElsewhere,
    /// The issuer wants to see the person again.
    AskThePerson(Failure),
    /// Somebody else has signed in at the issuer in this browser, and nothing is left by which this session could be renewed.
    AccountChanged,
    /// The sign-in did not succeed.
    SignInFailed(Failure),
    /// Signed out here, but the issuer could not be told.
    IssuerNotTold(Failure),
    /// The person was active in no tab for as long as they may be; with what kept the issuer from being told of it, if
    /// something did.
    Idle(Option<Failure>),
}

impl EndReason {
    /// A word for the log.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedOutElsewhere => "signed_out_elsewhere",
            Self::AskThePerson(_) => "ask_the_person",
            Self::AccountChanged => "account_changed",
            Self::SignInFailed(_) => "sign_in_failed",
            Self::IssuerNotTold(_) => "issuer_not_told",
            Self::Idle(_) => "idle",
        }
    }

    /// What went wrong, where something did.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::AskThePerson(failure)
            | Self::SignInFailed(failure)
            | Self::IssuerNotTold(failure)
            | Self::Idle(Some(failure)) => Some(failure),
            Self::SignedOut | Self::SignedOutElsewhere | Self::AccountChanged | Self::Idle(None) => None,
        }
    }
}
