//! What the machine asks for that takes time. It is all one kind of work: a future of its own for each command would be linked
//! into every app, with all that futures are made of.

use std::rc::Rc;
use std::time::Duration;

use evergrant_core::protocol::{IdToken, RefreshToken};
use evergrant_core::session::{Change, Command, Event, Failure, Place, Session, TabMessage, Tokens, Verdict, Wake};
use futures_util::FutureExt as _;
use futures_util::future::Abortable;
use gloo_timers::future::TimeoutFuture;

use super::Inner;
use crate::popup::Popup;
use crate::{clock, code, renewal, sign_in, sign_out};

/// A page that is still here after so long was not left: the issuer's page did not come, or the person stopped it.
const LEAVING: Duration = Duration::from_secs(30);

impl Inner {
    /// Begins what `command` asks for. What has to happen before anything else does happens before this returns.
    pub(super) fn begin(self: &Rc<Self>, command: Command) {
        let mut popup = None;
        match &command {
            // Browsers open popups only while a click is being handled.
            Command::BeginSignIn { sign_in, .. } if sign_in.place == Place::Popup => popup = Some(Popup::open()),
            Command::EndIssuerSession { .. } => self.store.forget_activity(),
            Command::ShareActivity { at, instead_of } => {
                if instead_of.is_none() || self.store.activity() == *instead_of {
                    self.store.put_activity(*at);
                }
                if instead_of.is_none() {
                    self.tell_tabs(TabMessage::Active { at: *at });
                }
            }
            _ => {}
        }
        let inner = Rc::clone(self);
        // Boxed, so that the executor's part is compiled once.
        code::spawn(async move { inner.work(command, popup).await }.boxed_local());
    }

    async fn work(self: &Rc<Self>, command: Command, popup: Option<Result<Popup, Failure>>) {
        let (config, provider) = (&self.config, &self.provider);
        match command {
            Command::BeginSignIn { attempt, sign_in } => match popup {
                Some(popup) => {
                    self.signed_in(attempt, sign_in::in_popup(config, provider, popup, &sign_in).await).await;
                }
                None => {
                    let left = sign_in::begin(config, provider, &self.store, &self.ledger, &sign_in).await;
                    let ended = |failure| Event::SignInEnded { attempt, outcome: Err(failure) };
                    match left {
                        Ok(()) => {
                            TimeoutFuture::new(LEAVING.as_millis() as u32).await;
                            self.still_here(ended(Failure::Unreachable { endpoint: "the issuer's sign-in page" }));
                        }
                        Err(failure) => self.dispatch(ended(failure)),
                    }
                }
            },
            Command::AskSilently { attempt, flow } => {
                let tokens = async {
                    let _lock = self.lock().await?;
                    renewal::ask(config, provider, flow).await
                };
                if let Ok(tokens) = Abortable::new(tokens, self.may_be_aborted()).await {
                    self.signed_in(attempt, tokens).await;
                }
            }
            Command::CompleteSignIn { attempt } => {
                let Some((params, transaction)) = self.response.take() else { return };
                let tokens = sign_in::complete(config, provider, &params, transaction.as_ref()).await;
                self.return_to.replace(transaction.and_then(|transaction| transaction.return_to));
                self.signed_in(attempt, tokens).await;
            }
            Command::Revoke { refresh_token, alone } => {
                if !alone || provider.metadata().await.is_ok_and(|metadata| metadata.ends_grants_one_by_one()) {
                    // The session is over here, whether or not the issuer hears of it.
                    let _ = sign_out::revoke(config, provider, Some(&refresh_token)).await;
                }
            }
            command => self.tell_ledger(command).await,
        }
    }

    /// What is written into the ledger, or asked of it, and what follows from the answer.
    async fn tell_ledger(self: &Rc<Self>, command: Command) {
        let at = clock::wall();
        let mut leaving = None;
        let change = match command {
            Command::Count { session } => Change::Count { session, at },
            Command::ShareActivity { at, instead_of } => Change::Active { at, instead_of },
            Command::Consult { session } => Change::Consult { session, shared: self.is_shared() },
            Command::EndGeneration { session } => Change::EndGeneration { session },
            Command::EndIdle { session, active_at, now } => Change::EndIdle { session, active_at, now },
            Command::FinishSignOut { generation, idle } => Change::EndSignIn { generation, idle, at },
            Command::EndIssuerSession { id_token, refresh_token, generation, idle } => {
                leaving = Some((id_token, refresh_token, idle));
                match idle {
                    true => Change::EndSignIn { generation, idle, at },
                    false => Change::SignOut { generation, at },
                }
            }
            _ => return,
        };
        // Before the page is left, which would end the writing.
        let verdict = self.ledger.apply(&change).await;
        let session = match change {
            // Until it is written, every page that opens tells it as well.
            change if matches!(verdict, Verdict::Unanswered) => {
                if let Change::EndGeneration { session } = change {
                    // Else this tab would take it up again, from the tabs that do not know yet.
                    self.untold.replace(Some(session));
                }
                *self.again.borrow_mut() = Some(self.later(self.ledger.pause(), Self::ask_the_ledger_again));
                None
            }
            Change::EndSignIn { .. } | Change::SignOut { .. } => {
                self.store.forget_sign_out();
                #[cfg(feature = "dpop")]
                if self.config.dpop {
                    self.provider.proof_key().forget(&self.config).await;
                }
                // A tab that was busy when it was told of the sign-out finds it in the ledger now.
                self.tell_tabs(TabMessage::Changed);
                None
            }
            Change::EndGeneration { session } => {
                self.tell_tabs(TabMessage::Changed);
                Some((Some(session), false))
            }
            Change::EndIdle { session, .. } => Some((Some(session), true)),
            Change::Consult { session, .. } => Some((session, false)),
            // It is for all tabs to know, whatever the ledger says of this one's session.
            _ => None,
        };
        if let Some((session, idle)) = session {
            self.heed(session.as_deref(), verdict, idle);
        }
        let Some((id_token, refresh_token, idle)) = leaving else { return };
        match self.leave(id_token.as_ref(), refresh_token.as_ref(), idle).await {
            Ok(true) => drop(self.timer.replace(Some(self.later(LEAVING, Self::not_signed_out_there)))),
            Ok(false) => self.dispatch(Event::SignOutStayed { failure: None }),
            Err(failure) => self.dispatch(Event::SignOutStayed { failure: Some(failure) }),
        }
    }

    /// The issuer's end-session page did not come.
    fn not_signed_out_there(self: &Rc<Self>) {
        let failure = Some(Failure::Unreachable { endpoint: "the issuer's sign-out page" });
        self.still_here(Event::SignOutStayed { failure });
    }

    /// The page was left for the issuer's, and is still there, which `failed` says; but where the issuer's page is in the system's
    /// browser the person goes on there, or has closed it.
    fn still_here(self: &Rc<Self>, failed: Event) {
        self.dispatch(match self.config.is_called_back_by_the_system() {
            true => Event::Woke(Wake::Restored),
            false => failed,
        });
    }

    /// Whether the page is being left for the issuer's end-session page.
    async fn leave(
        &self,
        id_token: Option<&IdToken>,
        refresh_token: Option<&RefreshToken>,
        idle: bool,
    ) -> Result<bool, Failure> {
        sign_out::revoke(&self.config, &self.provider, refresh_token).await?;
        sign_out::end_issuer_session(&self.config, &self.provider, &self.store, id_token, idle).await
    }

    async fn signed_in(self: &Rc<Self>, attempt: u64, tokens: Result<Tokens, Failure>) {
        let mut replaced = None;
        let outcome = match tokens {
            Ok(mut tokens) => {
                replaced = self.write_down(&mut tokens).await;
                Ok(Box::new(tokens))
            }
            Err(failure) => Err(failure),
        };
        self.dispatch(Event::SignInEnded { attempt, outcome });
        if let Some(session) = replaced {
            self.dispatch(Event::Replaced { session });
        }
        self.ready();
    }

    /// Somebody has shown themselves once more, in a popup.
    pub(super) async fn signed_in_anew(self: &Rc<Self>, mut tokens: Tokens) {
        let replaced = self.write_down(&mut tokens).await;
        self.dispatch(Event::SignedInAnew { tokens: Box::new(tokens) });
        if let Some(session) = replaced {
            self.dispatch(Event::Replaced { session });
        }
    }

    /// Writes a sign-in into the ledger, and into the tokens which sign-in it was. Returns what it has replaced.
    async fn write_down(&self, tokens: &mut Tokens) -> Option<Box<Session>> {
        let (issuer, client_id) = (self.config.issuer.clone(), self.config.client_id.clone());
        let session = Box::new(Session::begin(issuer, client_id, tokens.clone())?);
        let after = self.store.unfinished_sign_out().map(|(generation, _)| generation);
        let change = Change::SignIn { session, shared: self.is_shared(), after, at: clock::wall() };
        let Verdict::Begun { generation, replaced } = self.ledger.apply(&change).await else { return None };
        tokens.generation = generation;
        replaced
    }

    /// What the ledger says of `session`, by which this tab lived when it asked; `idle` when that was whether it is over because
    /// nobody was active.
    fn heed(self: &Rc<Self>, session: Option<&Session>, verdict: Verdict, idle: bool) {
        let is_late = session.is_some_and(|session| !self.machine.borrow().still_goes_by(session));
        self.dispatch(match verdict {
            // Asked again, for what it lives by now.
            _ if is_late => Event::ChangedElsewhere,
            Verdict::Adopt(session) => Event::Adopted { session },
            Verdict::Ended { idle } => Event::ended_elsewhere(idle),
            Verdict::Active { at } => Event::ActiveElsewhere { at },
            Verdict::Good { .. } if idle => Event::IdleEnded,
            Verdict::TakenUp => return self.tell_tabs(TabMessage::Changed),
            _ => return,
        });
    }

    /// Tells the ledger, which gave no answer, what it has to know, and asks about whatever this tab lives by now: once for all
    /// that waits for it.
    fn ask_the_ledger_again(self: &Rc<Self>) {
        if let Some((generation, idle)) = self.store.unfinished_sign_out() {
            self.begin(Command::FinishSignOut { generation, idle });
        }
        if let Some(session) = self.untold.take() {
            self.begin(Command::EndGeneration { session });
        }
        self.dispatch(Event::ChangedElsewhere);
    }
}
