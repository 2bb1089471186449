//! A renewal as tabs agree on it: waits for the lock, claims its right in the ledger, renews, settles (R6, R7).

use std::rc::Rc;
use std::time::Duration;

use evergrant_core::protocol::token::TokenError;
use evergrant_core::session::{Change, Command, Event, Failure, FailureClass, Method, Session, Tokens, Verdict};
use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, AbortRegistration, Abortable};

use super::Inner;
use crate::locks::Held;
use crate::renewal::{self, Failed};
use crate::{clock, code, locks, sign_out, timer};

/// How long to wait for another tab that renews: longer than any renewal takes, its requests and its iframe together.
const LOCK_PATIENCE: Duration = Duration::from_secs(90);

impl Inner {
    /// One tab at a time: waits for the lock, claims the right to renew, renews, settles (R6, R7).
    pub(super) fn begin_renewal(self: &Rc<Self>, attempt: u64, session: Box<Session>, asked: bool) {
        let registration = self.may_be_aborted();
        let inner = Rc::clone(self);
        let renewal = async move {
            if let Ok(event) = Abortable::new(inner.renew(attempt, session, asked), registration).await {
                inner.dispatch(event);
            }
        };
        code::spawn(renewal.boxed_local());
    }

    /// For work that sign-out stops. Aborting drops it at once: its iframe is removed, its request ends, its lock is free.
    pub(super) fn may_be_aborted(&self) -> AbortRegistration {
        let (handle, registration) = AbortHandle::new_pair();
        *self.renewal.borrow_mut() = Some(handle);
        registration
    }

    async fn renew(self: &Rc<Self>, attempt: u64, session: Box<Session>, asked: bool) -> Event {
        let lock = self.lock();
        // The ledger is read while the lock is waited for, and nobody else comes to it until it is written, under the lock. If
        // that takes longer than a moment, it is let go, and read again.
        self.ledger.look_ahead();
        let _lock = match lock.await {
            Ok(lock) => lock,
            Err(failure) => return Event::RenewalEnded { attempt, outcome: Err(failure) },
        };
        let claim = Change::Claim { session: session.clone(), at: clock::wall(), asked };
        let mut method = match self.ledger.apply(&claim).await {
            Verdict::Renew(method) => method,
            Verdict::Wait(wait) => {
                return Event::RenewalEnded { attempt, outcome: Err(Failure::AskedToWait(wait)) };
            }
            Verdict::Adopt(session) => return Event::Adopted { session },
            Verdict::Ended { idle } => return Event::ended_elsewhere(idle),
            Verdict::Unanswered => return unanswered(attempt),
            _ => return Event::SignedOutElsewhere,
        };
        let mut outcome = self.renew_by(attempt, &session, method).await;
        if method == Method::Iframe
            && session.refresh_token.is_some()
            && outcome.as_ref().is_err_and(|failed| failed.failure.rules_out_the_iframe())
        {
            match self.ledger.apply(&Change::LastResort { session: session.clone() }).await {
                Verdict::Renew(last_resort) => match self.renew_by(attempt, &session, last_resort).await {
                    // What the iframe said stands: it knows why the session cannot go on.
                    Err(failed) if failed.failure.refuses_the_grant() => {
                        self.dispatch(Event::RenewingBy { attempt, method });
                    }
                    answered => {
                        // What became of it when it was sent first is open still.
                        let answered = answered.map_err(|failed| Failed { unused: false, ..failed });
                        (method, outcome) = (last_resort, answered);
                    }
                },
                Verdict::Adopt(session) => return Event::Adopted { session },
                Verdict::Ended { idle } => return Event::ended_elsewhere(idle),
                // The session is not given up for that.
                Verdict::Unanswered => return unanswered(attempt),
                _ => {}
            }
        }
        self.settle(attempt, session, method, outcome).await
    }

    async fn renew_by(self: &Rc<Self>, attempt: u64, session: &Session, method: Method) -> Result<Tokens, Failed> {
        self.dispatch(Event::RenewingBy { attempt, method });
        // The ledger is read while the answer is validated.
        let on_answer = || self.ledger.look_ahead();
        renewal::renew(&self.config, &self.provider, session, method, &on_answer).await
    }

    async fn settle(
        self: &Rc<Self>,
        attempt: u64,
        mut session: Box<Session>,
        method: Method,
        outcome: Result<Tokens, Failed>,
    ) -> Event {
        if outcome.as_ref().is_err_and(|failed| {
            failed.failure.class() != FailureClass::TryAgain
                || matches!(failed.failure, Failure::Token(TokenError::Status(_)))
        }) {
            // It may have changed, or moved, since it was asked what it is like.
            self.provider.forget_metadata();
        }
        if let Some(wait) = outcome.as_ref().err().and_then(|failed| failed.failure.retry_after()) {
            // For every tab, before the lock is free.
            self.ledger.apply(&Change::Rest { from: clock::wall(), wait }).await;
        }
        let sent = session.refresh_token.clone().filter(|_| method == Method::RefreshToken);
        let outcome = match outcome {
            Ok(tokens) => {
                session.renew(tokens.clone(), method);
                let settle = Change::Settle { session: session.clone(), shared: self.is_shared(), sent };
                match self.ledger.apply(&settle).await {
                    Verdict::Ended { idle } => {
                        // Nobody but this tab has ever seen this one.
                        if let Some(refresh_token) = &tokens.refresh_token {
                            let _ = sign_out::revoke(&self.config, &self.provider, Some(refresh_token)).await;
                        }
                        return Event::ended_elsewhere(idle);
                    }
                    // The other tabs would not know, and present the refresh token that this has used.
                    Verdict::Unanswered => self.begin(Command::Consult { session: Some(session) }),
                    _ => {}
                }
                Ok(Box::new(tokens))
            }
            Err(Failed { failure, unused: true, .. }) => {
                self.ledger.apply(&Change::Unsend { session }).await;
                Err(failure)
            }
            Err(Failed { failure, rotated: Some(refresh_token), .. }) => {
                session.refresh_token = Some(refresh_token.clone());
                self.ledger.apply(&Change::Rotated { session, sent }).await;
                self.dispatch(Event::Rotated { attempt, refresh_token });
                Err(failure)
            }
            Err(Failed { failure, .. }) => Err(failure),
        };
        Event::RenewalEnded { attempt, outcome }
    }

    /// One tab at a time talks about this client's session (R6). The lock is asked for at once, and waited for later.
    pub(super) fn lock(&self) -> impl Future<Output = Result<Held, Failure>> + use<> {
        let lock = locks::acquire(&format!("evergrant.{}.renewal", self.config.kept_as));
        async { timer::within(LOCK_PATIENCE, lock).await.unwrap_or(Err(Failure::OtherTabBusy)) }
    }
}

/// Who held the ledger has let nobody come to it in time.
fn unanswered(attempt: u64) -> Event {
    Event::RenewalEnded { attempt, outcome: Err(Failure::OtherTabBusy) }
}
