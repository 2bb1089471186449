//! What a session wants done.

use std::time::Duration;

use super::event::SignIn;
use super::record::{Method, Session};
use crate::protocol::authorize::Flow;
use crate::protocol::{IdToken, RefreshToken};
use crate::time::UnixTime;

/// Something to carry out, in the order given.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Keep the session in the store.
    Save(Box<Session>),
    /// Note at once that this sign-in is being ended, where the next page finds it: this one may die before the ledger knows.
    MarkSignOut {
        /// The sign-in.
        generation: u64,
        /// Whether that is because nobody was active: every tab is to hear the true reason.
        idle: bool,
    },
    /// Write into the ledger what an earlier page did not come to write, or what it has lost, remove the mark of that page,
    /// and tell the tabs.
    FinishSignOut {
        /// The sign-in that is over, unless another one has come after it.
        generation: u64,
        /// Whether that is because nobody was active.
        idle: bool,
    },
    /// Remove the session, and whatever belongs to it, from the store.
    Forget,
    /// Set the one timer, replacing the one before. Never above [`super::schedule::LONGEST_TIMER`].
    SetTimer(Duration),
    /// Clear the timer.
    CancelTimer,
    /// Go to the issuer to sign in, in this page or in a popup.
    BeginSignIn {
        /// Which attempt; comes back in [`super::Event::SignInEnded`], from this page only when it could not be left.
        attempt: u64,
        /// How.
        sign_in: SignIn,
    },
    /// Ask the issuer whether the person is signed in there: by the refresh token in the cookie where there is one, else in a
    /// hidden iframe (`prompt=none`, OIDC Core §3.1.2.1).
    AskSilently {
        /// Which attempt; comes back in [`super::Event::SignInEnded`].
        attempt: u64,
        /// By which flow.
        flow: Flow,
    },
    /// Judge the response in the address and get its tokens.
    CompleteSignIn {
        /// Which attempt; comes back in [`super::Event::SignInEnded`].
        attempt: u64,
    },
    /// Claim the renewal in the ledger, renew, and report with [`super::Event::RenewalEnded`]; or, where the ledger says so,
    /// with [`super::Event::Adopted`] or [`super::Event::ended_elsewhere`].
    Renew {
        /// Which attempt.
        attempt: u64,
        /// How.
        method: Method,
        /// What is being renewed.
        session: Box<Session>,
        /// Whether the person asked for it.
        asked: bool,
    },
    /// Write into the ledger, for every tab, that a renewal failed and how many have.
    Count {
        /// The session with its failures.
        session: Box<Session>,
    },
    /// Ask the ledger whether this is still the session to live by, and report with [`super::Event::Adopted`] or
    /// [`super::Event::ended_elsewhere`] when it is not.
    Consult {
        /// The session as this tab knows it; `None` when it knows none.
        session: Option<Box<Session>>,
    },
    /// Write into the ledger that the sign-in is over, for every tab, and tell the tabs: the issuer wants to see the
    /// person. When the tabs live by a newer session already, report that with [`super::Event::Adopted`].
    EndGeneration {
        /// The session that could not be renewed.
        session: Box<Session>,
    },
    /// Stop the renewal, or the silent question, that is in flight: iframe and request.
    AbortRenewal,
    /// Tell the other tabs of this app.
    TellTabs(TabMessage),
    /// Write into the ledger that the sign-in is over, revoke the refresh token (RFC 7009), then go to the issuer's end-session
    /// page (RP-Initiated Logout §2). Report with [`super::Event::SignOutStayed`] when this page is not left for it.
    EndIssuerSession {
        /// Who signs out; none where no page knows it any more.
        id_token: Option<IdToken>,
        /// What is revoked first.
        refresh_token: Option<RefreshToken>,
        /// The sign-in that is over.
        generation: u64,
        /// Whether that is because nobody was active: the page that comes back from the issuer has to say so.
        idle: bool,
    },
    /// Tell the issuer that this refresh token is over (RFC 7009): the session ended in another tab, which does not know it,
    /// or a sign-in has taken its place.
    Revoke {
        /// The refresh token.
        refresh_token: RefreshToken,
        /// Whether the same person has a newer one here, which must live on: then this one is revoked only where the issuer
        /// [ends grants one by one](crate::protocol::metadata::ProviderMetadata::ends_grants_one_by_one).
        alone: bool,
    },
    /// Note for the next page of this browser, after a [`Command::Forget`], that somebody is signed in at the issuer, though
    /// not the person of this session. It matters where the session is kept by no store (memory, cookie).
    NoteSomebody {
        /// The flow to ask by who it is.
        flow: Flow,
    },
    /// Keep when the person was last active where every tab finds it, and tell the tabs.
    ShareActivity {
        /// By the wall clock.
        at: UnixTime,
        /// What this corrects, because the wall clock was set: kept instead of that and of nothing else, and not told, since
        /// every tab has a clock of its own to tell by.
        instead_of: Option<UnixTime>,
    },
    /// Nobody has been active here for as long as the person may be idle: end the session in the ledger unless they were
    /// active in another tab. Report with [`super::Event::IdleEnded`], or with [`super::Event::ActiveElsewhere`].
    EndIdle {
        /// The session as this tab knows it.
        session: Box<Session>,
        /// When the person was last active, as far as this tab knows.
        active_at: UnixTime,
        /// What time it is.
        now: UnixTime,
    },
    /// The view changed: show it.
    TellApp,
}

/// What tabs tell each other. It carries no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TabMessage {
    /// The person signed out.
    SignedOut,
    /// The session that all tabs share was begun, renewed or ended: the ledger knows.
    Changed,
    /// The person is active.
    Active {
        /// Since when, by the wall clock.
        at: UnixTime,
    },
    /// The person was active in no tab, and is signed out.
    IdleEnded,
}
