//! Feeds what happens into the machine, and carries out what it answers.

mod abilities;
mod claim;
#[cfg(feature = "inspector")]
pub(crate) mod claims;
mod work;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::authorize::Transaction;
use evergrant_core::protocol::jwt::Unverified;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{AccessToken, Claims, Scope, callback, logout};
use evergrant_core::session::{
    self, Command, Event, Failure, HiddenIframe, Machine, Occurrence, Place, RenewalRecord, Session, SignIn,
    TabMessage, View, Wake,
};
use futures_channel::oneshot;
use futures_util::future::{AbortHandle, Either, select};

use crate::activity::Activity;
use crate::ledger::SharedLedger;
use crate::lifecycle::Lifecycle;
use crate::popup::Popup;
use crate::provider::Provider;
use crate::storage::Store;
use crate::tabs::Tabs;
use crate::timer::{self, Timer};
use crate::{clock, code, location, measure, sign_in};

/// A running session. Clones are handles to the same one: keep one as long as the session is to be renewed. When the last is
/// dropped, timer and listeners go. What is in flight then comes to its end and is stored, since a refresh token that was sent is
/// worth nothing any more.
#[derive(Clone)]
pub struct Runtime(Rc<Inner>);

struct Inner {
    config: Config,
    provider: Provider,
    store: Store,
    ledger: SharedLedger,
    machine: RefCell<Machine>,
    timer: RefCell<Option<Timer>>,
    /// When the ledger is asked again, which gave no answer, and the session of which it is told then that it is over.
    again: RefCell<Option<Timer>>,
    untold: RefCell<Option<Box<Session>>>,
    renewal: RefCell<Option<AbortHandle>>,
    /// The response that the page was opened with, until it is judged.
    response: RefCell<Option<(Params, Option<Transaction>)>>,
    return_to: RefCell<Option<String>>,
    measured: Cell<u64>,
    is_ready: Cell<bool>,
    on_change: Box<dyn Fn(View)>,
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
    tabs: RefCell<Option<Tabs>>,
    lifecycle: RefCell<Option<Lifecycle>>,
    activity: RefCell<Option<Activity>>,
}

impl Runtime {
    /// Begins: takes up the stored session, or completes the sign-in whose response is in the address.
    ///
    /// `on_change` is called with the new view whenever something changed, and for the first time before this returns. It must not
    /// hold a clone of what this returns, which would live for ever; [`Runtime::changed`] does without it.
    ///
    /// Several clients may run in one page, each with a [`Config::kept_as`] of its own. The response in the address is taken by the
    /// first that is started: start the one first whose sign-in left this page, or let them sign in in popups.
    pub fn start(config: Config, on_change: impl Fn(View) + 'static) -> Self {
        let response = location::take_response();
        let store = Store::open(config.storage, &config.kept_as);
        let inner = Rc::new(Inner {
            provider: Provider::new(config.issuer.clone()),
            ledger: SharedLedger::new(&config.kept_as),
            machine: RefCell::new(Machine::new(&config)),
            store,
            config,
            timer: RefCell::default(),
            again: RefCell::default(),
            untold: RefCell::default(),
            renewal: RefCell::default(),
            response: RefCell::default(),
            return_to: RefCell::default(),
            measured: Cell::default(),
            is_ready: Cell::default(),
            on_change: Box::new(on_change),
            waiting: RefCell::default(),
            tabs: RefCell::default(),
            lifecycle: RefCell::default(),
            activity: RefCell::default(),
        });
        inner.listen();
        inner.open(response);
        Self(inner)
    }

    /// Goes to the issuer to sign in, in this page or in a popup. Does nothing while somebody is signed in, unless something is
    /// wrong with their session; should the sign-in fail, that session goes on. What comes of it is in the [view](Self::view).
    pub fn sign_in(&self, sign_in: SignIn) {
        self.0.dispatch(Event::SignIn(sign_in));
    }

    /// Goes to the issuer to ask for `scope` beyond what was granted, and comes back to the path `return_to`. Whatever the
    /// person decides there, the session goes on.
    ///
    /// # Errors
    /// When this page cannot be left: the issuer cannot be reached, or a sign-in cannot be remembered.
    pub async fn ask_for(&self, scope: &Scope, return_to: String) -> Result<(), Failure> {
        self.leave_to_ask(SignIn { return_to, scope: scope.clone(), ..SignIn::default() }).await
    }

    /// The same with whatever else `sign_in` says to the issuer; its flow is that of the session. In a popup this page stays, and so does
    /// the session until the issuer has answered; this waits for it.
    ///
    /// # Errors
    /// As [`Runtime::ask_for`]. In a popup also [`Failure::PopupBlocked`], [`Failure::PopupClosed`], and why the answer was not taken, or
    /// what the issuer refused.
    pub async fn ask_with(&self, sign_in: SignIn) -> Result<(), Failure> {
        match sign_in.place {
            Place::Page => self.leave_to_ask(sign_in).await,
            Place::Popup => self.ask_in_popup(sign_in).await,
        }
    }

    async fn leave_to_ask(&self, sign_in: SignIn) -> Result<(), Failure> {
        let Inner { config, provider, store, ledger, .. } = &*self.0;
        let flow = self.view().flow.unwrap_or(config.flow);
        sign_in::begin(config, provider, store, ledger, &SignIn { flow, ..sign_in }).await
    }

    async fn ask_in_popup(&self, sign_in: SignIn) -> Result<(), Failure> {
        let Inner { config, provider, .. } = &*self.0;
        let flow = self.view().flow.unwrap_or(config.flow);
        let sign_in = SignIn { flow, ..sign_in };
        let asked = sign_in::in_popup(config, provider, Popup::open(), &sign_in);
        match select(asked, Box::pin(self.ended())).await {
            Either::Left((tokens, _)) => self.0.signed_in_anew(tokens?).await,
            // Dropping what was asked closes the popup.
            Either::Right(_) => return Err(Failure::PopupClosed),
        }
        Ok(())
    }

    /// Waits until nobody is signed in here.
    async fn ended(&self) {
        while self.view().status.is_signed_in() {
            self.changed().await;
        }
    }

    /// Signs out here, in every tab, and at the issuer, whose page is gone to where it has one for that. Does nothing when nobody
    /// is signed in.
    pub fn sign_out(&self) {
        self.0.dispatch(Event::SignOut);
    }

    /// Renews now, also where renewing has stopped; does nothing when a renewal is in flight already, or nobody is signed in.
    pub fn renew(&self) {
        self.0.dispatch(Event::RenewNow);
    }

    /// Stays signed in (R11): the same as if the person had done something. Too late once the limit is reached.
    pub fn stay(&self) {
        self.0.dispatch(Event::Active);
    }

    pub(crate) fn dispatch(&self, event: Event) {
        self.0.dispatch(event);
    }

    /// The session as it is shown.
    pub fn view(&self) -> View {
        self.0.machine.borrow().view(&clock::now())
    }

    /// All claims of the latest ID token, as they came: those of [`View::claims`], and the issuer's own, such as roles (OIDC Core
    /// §5.1.2). Empty when nobody is signed in. They are read anew at each call.
    ///
    /// They say what to show, and decide nothing: what a person may do is for the API to judge, by the access token.
    // Compiled into apps that call it, and into no other.
    #[inline]
    pub fn all_claims(&self) -> Claims {
        let machine = self.0.machine.borrow();
        let claims = machine.id_token().and_then(|token| Unverified::parse(token.secret()).ok()?.claims().ok());
        claims.unwrap_or_default()
    }

    /// Whether somebody is signed in at an issuer that gives no access tokens.
    pub fn has_identity_alone(&self) -> bool {
        self.0.machine.borrow().has_identity_alone()
    }

    /// The access token at hand, if it is good now; see [`Runtime::access_token`] for one that is renewed first.
    pub fn current_access_token(&self) -> Option<AccessToken> {
        self.0.machine.borrow().access_token(&clock::now()).cloned()
    }

    /// Waits until the view changes. A task that does so in a loop holds this handle, and so keeps the session running.
    pub async fn changed(&self) {
        let (sender, receiver) = oneshot::channel();
        self.0.waiting.borrow_mut().push(sender);
        // The sender lives as long as the session does.
        let _ = receiver.await;
    }

    /// The latest 100 renewals of this page, oldest first.
    pub fn log(&self) -> Vec<RenewalRecord> {
        self.0.machine.borrow().log().iter().cloned().collect()
    }

    /// What else happened in this page, the latest 200, in the order in which it learned of it.
    pub fn history(&self) -> Vec<Occurrence> {
        self.0.machine.borrow().history().iter().cloned().collect()
    }

    /// Log and history as JSON, without secrets, for a person to keep: see [`session::to_json`].
    pub fn log_json(&self) -> String {
        let machine = self.0.machine.borrow();
        session::to_json(machine.log(), machine.history())
    }

    /// The configuration in use.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What is known of the issuer.
    pub(crate) fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// A sentence for the person when the session cannot be stored as configured.
    pub fn warning(&self) -> Option<&'static str> {
        self.0.store.warning()
    }

    /// Where in the app the person was before the sign-in that just completed: a path of this origin.
    pub fn return_to(&self) -> Option<String> {
        self.0.return_to.borrow().clone()
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Runtime").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Inner {
    fn listen(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let report = move |event| {
            with(&weak, |inner| {
                let wakes = matches!(event, Event::Woke(_) | Event::Network { online: true });
                let was_away = matches!(event, Event::Woke(Wake::Restored));
                // Before anything is renewed, and once more when a sign-in under way is given up.
                if was_away {
                    inner.read_again();
                }
                inner.dispatch(event);
                if was_away {
                    inner.read_again();
                }
                if wakes {
                    inner.ask_again();
                }
            });
        };
        *self.lifecycle.borrow_mut() = Some(Lifecycle::watch(report.clone()));
        if let Some(limit) = self.config.idle {
            let report = report.clone();
            let activity = Activity::watch(limit.grain(), move || report(Event::Active));
            *self.activity.borrow_mut() = Some(activity);
        }
        *self.tabs.borrow_mut() = Tabs::open(&self.config.kept_as, move |message| match message {
            TabMessage::SignedOut => report(Event::SignedOutElsewhere),
            TabMessage::Changed => report(Event::ChangedElsewhere),
            TabMessage::Active { at } => report(Event::ActiveElsewhere { at }),
            TabMessage::IdleEnded => report(Event::IdleEndedElsewhere),
        });
    }

    fn open(self: &Rc<Self>, response: Option<Params>) {
        if let Some(state) = self.store.take_logout_state() {
            location::drop_logout_state(|params| logout::judge(params, &state));
        }
        if let Some((generation, idle)) = self.store.unfinished_sign_out() {
            self.dispatch(Event::SignOutUnfinished { generation, idle });
        }
        if let Some(at) = self.config.idle.and_then(|_| self.store.activity()) {
            self.dispatch(Event::ActiveElsewhere { at });
        }
        let stored = self.store.session().map(Box::new);
        if let Some(session) = &stored {
            self.provider.remember_iframe(HiddenIframe::remembered(session));
        }
        let response = response.map(|params| {
            let transaction = callback::state_of(&params).and_then(|state| self.store.take_transaction(&state));
            (params, transaction)
        });
        let flow_before = self.store.flow_before().filter(|_| stored.is_none());
        // A response that nobody here asked for must not disturb a session that is fine, here or at the issuer.
        match response {
            Some((params, transaction)) if transaction.is_some() || (stored.is_none() && flow_before.is_none()) => {
                *self.response.borrow_mut() = Some((params, transaction));
                self.dispatch(Event::CallbackArrived { stored });
            }
            _ => match flow_before {
                Some(flow) => self.dispatch(Event::OpenedBlank { flow }),
                None => {
                    self.dispatch(Event::Opened { stored });
                    if self.store.take_idle_end() {
                        self.dispatch(Event::IdleEndedElsewhere);
                    }
                    self.ready();
                }
            },
        }
    }

    fn ready(&self) {
        if !self.is_ready.replace(true) {
            measure::ready();
        }
    }

    fn dispatch(self: &Rc<Self>, event: Event) {
        let commands = self.machine.borrow_mut().handle(event, clock::now());
        self.measure();
        for command in commands {
            self.carry_out(command);
        }
    }

    fn carry_out(self: &Rc<Self>, command: Command) {
        match command {
            Command::Save(session) => self.store.save(&session),
            Command::MarkSignOut { generation, idle } => self.store.put_sign_out(generation, idle),
            Command::Forget => self.store.forget(),
            Command::SetTimer(wait) => {
                *self.timer.borrow_mut() = Some(self.later(wait, |inner| inner.dispatch(Event::TimerFired)));
            }
            Command::CancelTimer => drop(self.timer.borrow_mut().take()),
            Command::Renew { attempt, session, asked, .. } => self.begin_renewal(attempt, session, asked),
            Command::AbortRenewal => {
                if let Some(renewal) = self.renewal.borrow_mut().take() {
                    renewal.abort();
                }
            }
            Command::TellTabs(message) => self.tell_tabs(message),
            Command::NoteSomebody { flow } => self.store.put_flow(flow),
            Command::TellApp => self.tell_app(),
            takes_time @ (Command::BeginSignIn { .. }
            | Command::AskSilently { .. }
            | Command::CompleteSignIn { .. }
            | Command::Revoke { .. }
            | Command::Count { .. }
            | Command::ShareActivity { .. }
            | Command::Consult { .. }
            | Command::EndGeneration { .. }
            | Command::EndIdle { .. }
            | Command::FinishSignOut { .. }
            | Command::EndIssuerSession { .. }) => self.begin(takes_time),
        }
    }

    fn later(self: &Rc<Self>, wait: Duration, act: fn(&Rc<Self>)) -> Timer {
        let weak = Rc::downgrade(self);
        timer::after(wait, move || code::when_there(Box::new(move || with(&weak, act))))
    }

    fn tell_tabs(&self, message: TabMessage) {
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.tell(message);
        }
    }

    fn tell_app(&self) {
        let view = self.machine.borrow().view(&clock::now());
        (self.on_change)(view);
        for waiting in self.waiting.take() {
            // Whoever waited may have stopped.
            let _ = waiting.send(());
        }
    }

    /// While this page was in the back/forward cache, another page of this tab may have signed in or renewed. What all tabs share is
    /// asked of the ledger.
    fn read_again(self: &Rc<Self>) {
        if !self.is_shared()
            && let Some(session) = self.store.session().filter(|session| !self.machine.borrow().lives_by(session))
        {
            self.dispatch(Event::Adopted { session: Box::new(session) });
        }
    }

    /// Somebody may have signed in in another tab, which shares the cookie, or the issuer could not be reached when this page opened.
    fn ask_again(self: &Rc<Self>) {
        if (self.config.storage == StorageKind::Cookie || self.machine.borrow().nobody_was_reached())
            && let Some(flow) = self.store.flow_before()
        {
            self.dispatch(Event::OpenedBlank { flow });
        }
    }

    fn is_shared(&self) -> bool {
        self.config.storage == StorageKind::Local
    }

    /// Puts a renewal that just ended on the browser's timeline. One event ends at most one.
    fn measure(&self) {
        let machine = self.machine.borrow();
        let total = machine.log().total();
        if self.measured.replace(total) < total
            && let Some(record) = machine.log().last()
        {
            measure::renewal(record, total, clock::now().monotonic.as_secs_f64() * 1000.0);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(renewal) = self.renewal.borrow_mut().take() {
            renewal.abort();
        }
    }
}

fn with(weak: &Weak<Inner>, act: impl FnOnce(&Rc<Inner>)) {
    if let Some(inner) = weak.upgrade() {
        act(&inner);
    }
}
