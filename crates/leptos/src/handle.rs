//! The session as components see it: signals to read, actions to call.

use evergrant_browser::{FetchError, NoAccessToken, NoUserInfo, Runtime, clock};
use evergrant_core::config::Config;
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::id_token::IdTokenClaims;
use evergrant_core::protocol::{AccessToken, Claims, Scope, Subject, UserInfo};
use evergrant_core::session::{
    Abilities, EndReason, Failure, HiddenIframe, Occurrence, Place, RenewalRecord, SignIn, Status, View,
};
use evergrant_core::time::UnixTime;
use leptos::prelude::*;

use crate::live::memo;

/// The session of the nearest [`crate::SessionProvider`].
///
/// `use_context::<SessionHandle>()` asks whether there is one.
///
/// # Panics
/// Outside a provider: that is a mistake in the app's code, found the first time the component is rendered.
pub fn use_session() -> SessionHandle {
    expect_context::<SessionHandle>()
}

/// A handle to the session; a copy costs nothing. It may be put into signals, contexts and structs of the app's own, to be used
/// outside the provider as well.
///
/// Futures, as that of [`SessionHandle::fetch`], are for the page's one thread: Leptos takes them in `LocalResource::new`,
/// `Action::new_local` and `spawn_local`.
///
/// Work that was begun before may ask it when the provider is gone: it says then what there is to say when nobody has signed
/// in yet, and does nothing; but for [`SessionHandle::view`], [`SessionHandle::status`] and [`SessionHandle::config`], which go
/// with the provider: read the first two with `try_get` there.
#[derive(Clone, Copy, Debug)]
pub struct SessionHandle {
    runtime: StoredValue<Runtime, LocalStorage>,
    view: ReadSignal<View>,
    status: Memo<Status>,
}

impl SessionHandle {
    pub(crate) fn new(runtime: Runtime, view: ReadSignal<View>) -> Self {
        let status = memo(move || view.with(|view| view.status));
        Self { runtime: StoredValue::new_local(runtime), view, status }
    }

    /// Everything there is to show. It changes a few times with every renewal.
    pub fn view(&self) -> ReadSignal<View> {
        self.view
    }

    /// The session in one word; changes only when the word does.
    pub fn status(&self) -> Memo<Status> {
        self.status
    }

    /// Whether somebody is signed in, also while their session is renewed; changes only then, and not where another person takes the
    /// place of one: see [`SessionHandle::subject`]. `false` when the provider is gone.
    // Compiled into apps that call it, and into no other.
    #[inline]
    pub fn is_signed_in(&self) -> Memo<bool> {
        let status = self.status;
        memo(move || status.try_get().is_some_and(Status::is_signed_in))
    }

    /// Whom the issuer knows who is signed in as (`sub`, OIDC Core §2), also while their session is renewed; changes only when that is
    /// somebody else, or nobody. A resource that loads what is theirs follows this, and not [`SessionHandle::status`], which changes
    /// with every renewal: where tabs share a session, another person may have signed in in another tab. `None` when the provider
    /// is gone.
    // Compiled into apps that call it, and into no other.
    #[inline]
    pub fn subject(&self) -> Memo<Option<Subject>> {
        let view = self.view;
        let of =
            |view: &View| view.claims.as_ref().filter(|_| view.status.is_signed_in()).map(|claims| claims.sub.clone());
        memo(move || view.try_with(of)?)
    }

    /// Who is signed in, by the latest ID token; `None` when nobody is.
    pub fn claims(&self) -> Signal<Option<IdTokenClaims>> {
        let view = self.view;
        Signal::derive(move || view.try_with(|view| view.claims.clone())?)
    }

    /// All claims of that ID token as they came, the issuer's own among them, such as roles (OIDC Core §5.1.2); empty when nobody
    /// is signed in.
    ///
    /// They say what to show, and decide nothing: what a person may do is for the API to judge, by the access token.
    ///
    /// ```no_run
    /// # use evergrant_leptos::SessionHandle;
    /// # use leptos::prelude::*;
    #[doc = include_str!("../tests/greeting/roles.rs")]
    /// ```
    // Compiled into apps that call it, and into no other.
    #[inline]
    pub fn all_claims(&self) -> Signal<Claims> {
        let (runtime, view) = (self.runtime, self.view);
        Signal::derive(move || {
            let _ = view.try_with(|_| ());
            runtime.try_with_value(Runtime::all_claims).unwrap_or_default()
        })
    }

    /// When the access token expires, by the wall clock (without one, the ID token); `None` when nobody is signed in. As a [`Memo`]
    /// it changes with each new token, which is when to tell it to a connection that stays open.
    pub fn expires_at(&self) -> Signal<Option<UnixTime>> {
        let view = self.view;
        Signal::derive(move || view.try_with(|view| view.expires_at)?)
    }

    /// When the session ends if the person does nothing, once that is so soon that they should be warned (R11): show it with a
    /// button that calls [`SessionHandle::stay`].
    pub fn idle_ends_at(&self) -> Signal<Option<UnixTime>> {
        let view = self.view;
        Signal::derive(move || view.try_with(|view| view.idle_ends_at.filter(|_| view.idle_warning))?)
    }

    /// What went wrong last and is not mended yet, in this session or in the sign-in that led to none.
    pub fn error(&self) -> Signal<Option<Failure>> {
        let view = self.view;
        let error = |view: &View| view.ended.as_ref().and_then(EndReason::failure).or(view.problem.as_ref()).cloned();
        Signal::derive(move || view.try_with(error)?)
    }

    /// A sentence for the person when the session cannot be stored as configured. Read it where [`SessionHandle::view`] is
    /// tracked.
    pub fn warning(&self) -> Option<String> {
        self.runtime.try_with_value(|runtime| runtime.warning().map(str::to_owned))?
    }

    /// Where in the app the person was before the sign-in that completed in this page, or failed in it: a path of this origin.
    /// `None` when this page was not opened by one. Read it once [`SessionHandle::status`] is no longer `signing-in`.
    pub fn return_to(&self) -> Option<String> {
        self.runtime.try_with_value(Runtime::return_to)?
    }

    /// What the session can be renewed by here, as far as it was seen on the way: nothing is asked to know it, but by
    /// [`SessionHandle::probe`]. Read it where [`SessionHandle::view`] is tracked.
    pub fn abilities(&self) -> Abilities {
        self.runtime.try_with_value(Runtime::abilities).unwrap_or_default()
    }

    /// Tries once whether the issuer answers in a hidden iframe here, and leaves the session as it is: so that one need not
    /// wait for a token to expire to know. It takes as long as `iframe_timeout_seconds` when no answer comes.
    pub async fn probe(&self) -> HiddenIframe {
        match self.running() {
            Some(runtime) => runtime.probe().await,
            None => HiddenIframe::Untried,
        }
    }

    /// Whether the issuer says who the person is, and gave no access token: there is nothing for APIs then. Read it where
    /// [`SessionHandle::view`] is tracked.
    pub fn has_identity_alone(&self) -> bool {
        self.runtime.try_with_value(Runtime::has_identity_alone).unwrap_or_default()
    }

    /// The latest 100 renewals of this page, oldest first. Read it where [`SessionHandle::view`] is tracked. For metrics, each is a measure
    /// `evergrant:renewal` of the browser's timeline as well, with method and outcome as its detail: a `PerformanceObserver` sees them.
    pub fn log(&self) -> Vec<RenewalRecord> {
        self.runtime.try_with_value(Runtime::log).unwrap_or_default()
    }

    /// What else happened in this page, in the order in which it learned of it. Read it where [`SessionHandle::view`] is
    /// tracked.
    pub fn history(&self) -> Vec<Occurrence> {
        self.runtime.try_with_value(Runtime::history).unwrap_or_default()
    }

    /// Log and history as JSON, without secrets, for a person to keep or to send: an object with `renewals` and `occurrences`,
    /// each the oldest first, with times in milliseconds. Empty when the provider is gone.
    pub fn log_json(&self) -> String {
        self.runtime.try_with_value(Runtime::log_json).unwrap_or_default()
    }

    /// An access token that is good now, its text being [`AccessToken::secret`]: an expired one is renewed first, a sign-in on its way
    /// is waited for, and callers share that. Ask for it at each use, and keep none. It goes wherever the app sends it, whatever
    /// `allowed_api_origins` says.
    ///
    /// `EventSource` and `WebSocket` send no header, and in their address a token would end in logs (RFC 6750 §5.3): a stream of events
    /// is read from the body of what [`SessionHandle::fetch`] answers, and a `WebSocket` is told the token in its first message, and each
    /// new one when [`SessionHandle::expires_at`] changes.
    ///
    /// # Errors
    /// [`NoAccessToken`]: nobody is signed in, the renewal failed, or the issuer gives none.
    pub async fn access_token(&self) -> Result<AccessToken, NoAccessToken> {
        self.running().ok_or(NoAccessToken::SignedOut)?.access_token().await
    }

    /// A token to try in place of one that an API has refused with 401 (RFC 6750 §3.1): the session is renewed for it, unless it
    /// was meanwhile, and callers share that renewal. [`SessionHandle::fetch`] does so by itself; this is for other ways to call.
    ///
    /// `None` when there is no other: the renewal failed, the token came less than five seconds ago, so that another would be
    /// refused as well, or nobody is signed in. The refusal stands then.
    // Compiled into apps that call it, and into no other.
    #[inline]
    pub async fn newer_access_token(&self, refused: &AccessToken) -> Option<AccessToken> {
        self.running()?.newer_access_token(refused).await
    }

    /// Proves a request that the app sends by other means than [`SessionHandle::fetch`], where `"dpop": true` binds tokens to a key
    /// of this browser: the value of its `DPoP` header field, beside `Authorization: DPoP` and the token (RFC 9449 §7.1). Each
    /// request needs one of its own.
    ///
    /// # Errors
    /// [`Failure::Browser`] when the browser makes no key, or does not sign, or when the provider is gone.
    // Compiled into apps that call it, and into no other.
    #[inline]
    #[cfg(feature = "dpop")]
    pub async fn proof(&self, method: &str, url: &str, access_token: &AccessToken) -> Result<String, Failure> {
        let gone = || Failure::Browser("there is no session any more".to_owned());
        self.running().ok_or_else(gone)?.proof(method, url, access_token).await
    }

    /// Sends `request`, with the access token if its origin is one of `allowed_api_origins`, and without it otherwise; a 401 is
    /// answered by one renewal and one more try, the body included, unless the API wants the person to sign in anew
    /// (`insufficient_user_authentication`, RFC 9470 §3). There is no time limit: give the request a signal
    /// (`AbortSignal.timeout`) for that, or to stop it. An API that answers 401 and is not configured is named in the console of a
    /// build for development.
    ///
    /// ```no_run
    /// # use std::error::Error;
    /// # use evergrant_leptos::SessionHandle;
    /// # use gloo_net::http::{Request, Response};
    /// # #[derive(serde::Deserialize)]
    /// # struct Report;
    #[doc = include_str!("../tests/greeting/reports.rs")]
    /// ```
    ///
    /// # Errors
    /// [`FetchError`]; an answer of whatever status is not an error. A request that was stopped by its signal ends as
    /// [`FetchError::Unreachable`]: ask the signal whether it was (`aborted`).
    pub async fn fetch(&self, request: web_sys::Request) -> Result<web_sys::Response, FetchError> {
        self.running().ok_or(NoAccessToken::SignedOut)?.fetch(request).await
    }

    /// What the issuer's UserInfo endpoint says of the person who is signed in (OIDC Core §5.3): some issuers put name and e-mail
    /// address there alone, and not into the ID token (§5.4), of which [`SessionHandle::claims`] speaks. It is asked at each
    /// call, with an access token that is good when it goes; a 401 is answered by one renewal and one more try. What is said of
    /// another person than the ID token names is not used (§5.3.2).
    ///
    /// The endpoint is the one that the issuer's discovery names. It need not be among `allowed_api_origins`, but where it has an
    /// origin of its own, the content security policy of the page must let it be asked (`connect-src`).
    ///
    /// # Errors
    /// [`NoUserInfo`]: nobody is signed in, the issuer offers no such endpoint, it cannot be reached within 15 s, it refuses, or
    /// what it says cannot be used. The session goes on.
    pub async fn user_info(&self) -> Result<UserInfo, NoUserInfo> {
        self.running().ok_or(NoAccessToken::SignedOut)?.user_info().await
    }

    /// Goes to the issuer to sign in by `flow`, and comes back to `redirect_uri`, where [`SessionHandle::return_to`] says
    /// `return_to` then: a path of this origin for the app's router to go on to, such as [`here`](crate::here). What is none, a whole
    /// address for example, becomes `/`. Does nothing while somebody is signed in, unless
    /// something is wrong with their session (see [`SessionHandle::error`]); should the sign-in fail, that session goes on.
    pub fn sign_in(&self, flow: Flow, return_to: String) {
        self.runtime.try_with_value(|runtime| runtime.sign_in(SignIn { flow, return_to, ..SignIn::default() }));
    }

    /// Signs in by `flow` in a popup, and stays on this page. Call it while a click is being handled: browsers block popups
    /// at any other time, and then the session's error is [`Failure::PopupBlocked`]. The popup comes back to
    /// `silent_redirect_uri`, or stays at an issuer that answers it itself (`silent_response`).
    ///
    /// A page, or an issuer's, that is served with `Cross-Origin-Opener-Policy: same-origin` loses its popups, which then seem to be closed
    /// ([`Failure::PopupClosed`]): `same-origin-allow-popups` leaves them to the page.
    pub fn sign_in_popup(&self, flow: Flow) {
        let place = Place::Popup;
        self.runtime.try_with_value(|runtime| runtime.sign_in(SignIn { flow, place, ..SignIn::default() }));
    }

    /// Signs in as [`SessionHandle::sign_in`] does, or in a popup as [`SessionHandle::sign_in_popup`], and says more to the issuer
    /// ([`SignIn::parameters`]), or asks it for more ([`SignIn::scope`]). The flow is code + PKCE unless `sign_in` has another. What
    /// is said is not said again when the session is renewed: for that there is [`Config::authorization_parameters`].
    ///
    /// ```no_run
    /// # use evergrant_leptos::{AuthorizationParameters, Failure, ParameterError, SessionHandle, SignIn, challenge, here};
    #[doc = include_str!("../tests/greeting/sign_up.rs")]
    /// ```
    // Compiled into apps that call it, and into no other.
    #[inline]
    pub fn sign_in_with(&self, sign_in: SignIn) {
        self.runtime.try_with_value(|runtime| runtime.sign_in(sign_in));
    }

    /// Goes to the issuer to ask for `scope` beyond what was granted, and comes back as from [`SessionHandle::sign_in`]: what to do
    /// when an API's [`challenge`](crate::challenge) names a scope. Whatever the person decides there, the session goes on.
    ///
    /// # Errors
    /// When this page cannot be left: the issuer cannot be reached, or a sign-in cannot be remembered.
    pub async fn ask_for(&self, scope: &Scope, return_to: String) -> Result<(), Failure> {
        self.running().ok_or_else(gone)?.ask_for(scope, return_to).await
    }

    /// Goes to the issuer while somebody is signed in, and comes back as from [`SessionHandle::ask_for`]: with `prompt` = `login`
    /// the person shows themselves once more before something that matters; with what an API's [`challenge`](crate::challenge)
    /// says ([`parameters`](crate::Challenge::parameters)) they do so as that API wants it (RFC 9470). The flow is that of the session,
    /// whatever `sign_in` says of it.
    ///
    /// In this page ([`Place::Page`]) it is left: what was typed is the app's to keep, in `sessionStorage` for example, with the
    /// [`SessionHandle::subject`] who typed it. In a popup ([`Place::Popup`]) nothing is left: this waits until the issuer has answered, and
    /// what the API has refused can be sent again then. Call it while a click is being handled, as
    /// [`SessionHandle::sign_in_popup`]; signing out closes the popup.
    ///
    /// Another person may come back: with `prompt` = `select_account` people change accounts. The session is theirs then, in every tab
    /// that shares it.
    ///
    /// # Errors
    /// As [`SessionHandle::ask_for`]. In a popup also [`Failure::PopupBlocked`], [`Failure::PopupClosed`], and what the issuer, or the person
    /// there, has refused: the session goes on without a word of it.
    // Compiled into apps that call it, and into no other.
    #[inline]
    pub async fn ask_with(&self, sign_in: SignIn) -> Result<(), Failure> {
        self.running().ok_or_else(gone)?.ask_with(sign_in).await
    }

    /// Signs out here, in every tab, and at the issuer, whose page is gone to where it has one for that. Does nothing when nobody
    /// is signed in.
    pub fn sign_out(&self) {
        self.runtime.try_with_value(Runtime::sign_out);
    }

    /// Stays signed in: counts as activity, in every tab. Too late once the limit is reached.
    pub fn stay(&self) {
        self.runtime.try_with_value(Runtime::stay);
    }

    /// Renews now, also where renewing has stopped; does nothing when a renewal is in flight already, or nobody is signed in.
    pub fn renew(&self) {
        self.runtime.try_with_value(Runtime::renew);
    }

    /// Whether the issuer takes orders for failures to rehearse.
    #[cfg(feature = "inspector")]
    pub async fn can_rehearse(&self) -> bool {
        match self.running() {
            Some(runtime) => runtime.can_rehearse().await,
            None => false,
        }
    }

    /// Rehearses a failure: what the session does about it is seen in its log.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] when the issuer does not take the order. Nothing has happened then.
    #[cfg(feature = "inspector")]
    pub async fn rehearse(&self, rehearsal: evergrant_browser::rehearsal::Rehearsal) -> Result<(), Failure> {
        self.running().ok_or_else(gone)?.rehearse(rehearsal).await
    }

    /// What the tokens at hand say. Read it where [`SessionHandle::view`] is tracked.
    #[cfg(feature = "inspector")]
    pub fn token_claims(&self) -> evergrant_browser::TokenClaims {
        self.runtime.try_with_value(Runtime::token_claims).unwrap_or_default()
    }

    /// The configuration in use.
    ///
    /// # Panics
    /// When the provider is gone: there is none in use then.
    pub fn config(&self) -> Config {
        self.runtime.with_value(|runtime| runtime.config().clone())
    }

    /// The wall clock, for countdowns.
    pub fn now(&self) -> UnixTime {
        clock::wall()
    }

    /// What runs as long as the provider is mounted. Work that was begun before may ask only after that.
    fn running(&self) -> Option<Runtime> {
        self.runtime.try_get_value()
    }
}

fn gone() -> Failure {
    Failure::Browser("the page has let go of the session".to_owned())
}
