//! What can happen to a session.

use super::failure::Failure;
use super::record::{Method, Session, Tokens};
use crate::protocol::authorize::{AuthorizationParameters, Flow};
use crate::protocol::{RefreshToken, Scope};
use crate::time::UnixTime;

/// Something happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// An earlier page died while it was signing out: comes before anything else.
    SignOutUnfinished {
        /// The sign-in that was being ended.
        generation: u64,
        /// Whether that was because nobody was active.
        idle: bool,
    },
    /// The page opened, and this is what the store held.
    Opened {
        /// The session that was kept, if any.
        stored: Option<Box<Session>>,
    },
    /// The page opened, its session was kept in memory alone, and somebody was signed in before: the issuer knows whether
    /// they still are. With the refresh token in a cookie, a page where nobody is signed in asks again when it wakes.
    OpenedBlank {
        /// By which flow they signed in.
        flow: Flow,
    },
    /// The page opened at the redirect URI, with an authorization response in its address.
    CallbackArrived {
        /// The session that is gone on with should the sign-in fail.
        stored: Option<Box<Session>>,
    },
    /// The person wants to sign in.
    SignIn(SignIn),
    /// A sign-in ended.
    SignInEnded {
        /// Which attempt.
        attempt: u64,
        /// The tokens, or why there are none.
        outcome: Result<Box<Tokens>, Failure>,
    },
    /// Somebody who is signed in has shown themselves to the issuer once more, in a popup beside the session, which went on meanwhile.
    SignedInAnew {
        /// What the issuer gave for that; somebody else may have come.
        tokens: Box<Tokens>,
    },
    /// A sign-in, just before, has taken the place of the session that all tabs shared.
    Replaced {
        /// That session, as the ledger had it.
        session: Box<Session>,
    },
    /// The timer fired.
    TimerFired,
    /// A wake signal.
    Woke(Wake),
    /// The network came or went.
    Network {
        /// Whether the browser believes it is online.
        online: bool,
    },
    /// The person, or the app, wants a renewal now.
    RenewNow,
    /// A renewal ended.
    RenewalEnded {
        /// Which attempt.
        attempt: u64,
        /// The tokens, or why there are none.
        outcome: Result<Box<Tokens>, Failure>,
    },
    /// The person signs out.
    SignOut,
    /// The issuer could not be told of the sign-out, or has nothing to be told.
    SignOutStayed {
        /// Why, when something failed.
        failure: Option<Failure>,
    },
    /// A renewal goes on by another method than the machine asked for: its refresh token was sent before.
    RenewingBy {
        /// Which attempt.
        attempt: u64,
        /// The method in use.
        method: Method,
    },
    /// The answer to a renewal was dropped, but the refresh token in it replaces the one that was sent.
    Rotated {
        /// Which attempt.
        attempt: u64,
        /// The new refresh token.
        refresh_token: RefreshToken,
    },
    /// Somebody waits for an access token that has not expired.
    TokenNeeded,
    /// An API refused the access token.
    TokenRefused,
    /// The access token counts as expired from now on: somebody wants to see what follows.
    Expire,
    /// Another tab changed the session that all tabs share.
    ChangedElsewhere,
    /// Another tab was faster: this is the session to live by.
    Adopted {
        /// The session, as the ledger has it.
        session: Box<Session>,
    },
    /// The session ended in another tab: the person signed out there, or the issuer wanted to see them.
    SignedOutElsewhere,
    /// The person did something in this page, or asked to stay signed in (R11).
    Active,
    /// The person was active in another tab, or before this page was opened.
    ActiveElsewhere {
        /// When, by the wall clock.
        at: UnixTime,
    },
    /// The person was active in no tab, and the ledger has ended the session for that.
    IdleEnded,
    /// The same, in another tab or before this page was opened: the issuer is told there.
    IdleEndedElsewhere,
}

impl Event {
    /// The session ended in another tab; `idle` when that was because nobody was active.
    pub const fn ended_elsewhere(idle: bool) -> Self {
        if idle { Self::IdleEndedElsewhere } else { Self::SignedOutElsewhere }
    }
}

/// How a sign-in is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// By which flow.
    pub flow: Flow,
    /// Where in the app the person is, to come back to: a path of the app's origin with query and fragment; of no use for a popup.
    pub return_to: String,
    /// In which window.
    pub place: Place,
    /// What is asked for beyond the configured scope.
    pub scope: Scope,
    /// What is said to the issuer beside what the configuration says, or in its place: who probably signs in, for example
    /// (`login_hint`), or that they are to show themselves again (`prompt`). Not said again when the session is renewed.
    pub parameters: AuthorizationParameters,
}

/// In which window a person signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In this one: it goes to the issuer and comes back.
    #[default]
    Page,
    /// In a popup: this one stays.
    Popup,
}

/// What woke the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// The tab became visible or got the focus.
    Visible,
    /// The page came back from the back/forward cache.
    Restored,
}

/// What caused a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The schedule.
    Schedule,
    /// It was due when the page opened.
    Opened,
    /// It was due when the page woke.
    Woke,
    /// The person asked.
    Asked,
    /// The app needed a token that has not expired.
    Needed,
    /// An API refused the access token.
    Refused,
    /// An earlier attempt failed.
    Retry,
}

impl Cause {
    /// A word for the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Opened => "opened",
            Self::Woke => "woke",
            Self::Asked => "asked",
            Self::Needed => "needed",
            Self::Refused => "refused",
            Self::Retry => "retry",
        }
    }
}
