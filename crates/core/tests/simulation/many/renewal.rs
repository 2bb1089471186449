//! A renewal as a browser does it: waits for the lock, claims the right to renew, asks the issuer, settles.

use std::time::Duration;

use evergrant_core::protocol::RefreshToken;
use evergrant_core::protocol::id_token::IdTokenError;
use evergrant_core::session::{Change, Event, Failure, FailureClass, Method, Session, Tokens, Verdict};

use super::invariants::Invariant;
use super::mischief::Mischief;
use super::requests::{Purpose, Request};
use super::transactions::Then;
use super::world::World;

/// So long the ledger may need to hear of the person's activity.
const GRACE: Duration = Duration::from_secs(1);

/// The renewal that a page has under way.
#[derive(Clone, Debug)]
pub struct Renewal {
    pub attempt: u64,
    pub session: Box<Session>,
    /// The person asked for it.
    pub asked: bool,
    pub method: Method,
    /// What ruled the iframe out, when the refresh token is presented again for that.
    pub ruled_out: Option<Failure>,
    /// When the lock is given to it; none while another holds it, or once it has it.
    pub granted_at: Option<u64>,
}

impl World {
    pub fn begin_renewal(&mut self, tab: usize, attempt: u64, session: Box<Session>, asked: bool) {
        let idle_for = Duration::from_millis(self.clock.truth - self.oracle.really_active_at);
        if self.oracle.knows_activity && self.config.idle.is_some_and(|idle| idle_for > idle.timeout + GRACE) {
            self.broken = Some((Invariant::IdleEndsAll, "a renewal is begun for somebody who is away"));
        }
        if self.tabs[tab].renewal.is_some() {
            self.broken = Some((Invariant::OneRenewalAtATime, "a page begins a second one"));
        }
        let method = session.method();
        self.tabs[tab].renewal = Some(Renewal { attempt, session, asked, method, ruled_out: None, granted_at: None });
        self.wait_for_the_lock(tab);
    }

    pub fn claimed(&mut self, tab: usize, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Adopt(_) if self.mischief == Some(Mischief::NeverAdopts) => Verdict::Renew(Method::Iframe),
            verdict => verdict,
        };
        match verdict {
            Verdict::Renew(method) => self.ask_the_issuer(tab, method),
            Verdict::Adopt(session) => {
                self.end_renewal(tab);
                self.send(tab, Event::Adopted { session });
            }
            Verdict::Wait(_) if self.mischief == Some(Mischief::ForgetsRetryAfter) => {
                self.ask_the_issuer(tab, Method::Iframe);
            }
            Verdict::Wait(wait) => {
                self.tally.waits_for_all += 1;
                self.renewal_ends(tab, Err(Failure::AskedToWait(wait)));
            }
            Verdict::Ended { idle } => {
                self.end_renewal(tab);
                self.send(tab, Event::ended_elsewhere(idle));
            }
            Verdict::Unanswered => self.renewal_ends(tab, Err(Failure::OtherTabBusy)),
            _ => {
                self.end_renewal(tab);
                self.send(tab, Event::SignedOutElsewhere);
            }
        }
    }

    fn ask_the_issuer(&mut self, tab: usize, method: Method) {
        let Some(renewal) = &mut self.tabs[tab].renewal else { return };
        renewal.method = method;
        let Renewal { attempt, session, asked, .. } = renewal.clone();
        if asked {
            self.tabs[tab].left_alone_until = 0;
        }
        if !asked && self.clock.truth < self.oracle.left_alone_until.max(self.tabs[tab].left_alone_until) {
            self.broken = Some((Invariant::RetryAfterObeyed, "a tab asks all the same"));
        }
        self.send(tab, Event::RenewingBy { attempt, method });
        if !self.is_due(tab, &session) {
            self.broken = Some((Invariant::OneRenewalPerExpiry, "the newest tokens are fresh, and nobody asked"));
        }
        self.request(tab, Purpose::Renewal(method), Some(&session));
        self.ambush(tab);
    }

    pub fn renewal_answered(&mut self, request: &Request, outcome: Result<Box<Tokens>, Failure>) {
        let tab = request.tab;
        let Some(Renewal { session, method, .. }) = self.tabs[tab].renewal.clone() else { return };
        match outcome {
            Ok(tokens) => {
                let sent = session.refresh_token.clone().filter(|_| method == Method::RefreshToken);
                let mut renewed = session;
                renewed.renew((*tokens).clone(), method);
                let settle = Change::Settle { session: renewed, shared: self.shared, sent };
                self.transact(tab, settle, Then::Settled { tokens });
                self.ambush(tab);
            }
            Err(failure) => match failure.retry_after() {
                Some(wait) => {
                    self.leave_alone(tab, wait);
                    let request = Box::new(request.clone());
                    let rest = Change::Rest { from: self.clock.wall(), wait };
                    self.transact(tab, rest, Then::Rested { request, failure });
                }
                None => self.renewal_failed(request, failure),
            },
        }
    }

    /// From now on, the issuer is to be left alone for so long.
    pub fn leave_alone(&mut self, tab: usize, wait: Duration) {
        self.tabs[tab].left_alone_until = self.clock.truth + wait.as_millis() as u64;
    }

    /// Whoever waits for the lock knows already how long the issuer wants to be left alone.
    pub fn renewal_failed(&mut self, request: &Request, failure: Failure) {
        let tab = request.tab;
        let Some(Renewal { attempt, session, method, ruled_out, .. }) = self.tabs[tab].renewal.clone() else { return };
        let sent = session.refresh_token.clone().filter(|_| method == Method::RefreshToken);
        let offline = self.told_offline && request.left_offline;
        let unused = failure.proves_unused(offline) || self.mischief == Some(Mischief::AlwaysUnsends);
        let could_be_presented = method == Method::Iframe && session.refresh_token.is_some();
        if could_be_presented && failure.rules_out_the_iframe() {
            self.transact(tab, Change::LastResort { session }, Then::LastResort { failure });
            self.ambush(tab);
        } else if let Some(ruled_out) = ruled_out.clone().filter(|_| failure.refuses_the_grant()) {
            self.send(tab, Event::RenewingBy { attempt, method: Method::Iframe });
            self.renewal_ends(tab, Err(ruled_out));
        } else if sent.is_some() && unused && ruled_out.is_none() {
            self.transact(tab, Change::Unsend { session }, Then::Unsent { failure });
        } else if let Some(number) = request.rotated {
            self.tally.dropped_answers += 1;
            let refresh_token = RefreshToken::new(number.to_string());
            let mut rotated = session;
            rotated.refresh_token = Some(refresh_token.clone());
            let then = Then::Rotated { attempt, refresh_token, failure };
            self.transact(tab, Change::Rotated { session: rotated, sent }, then);
        } else {
            self.renewal_ends(tab, Err(failure));
        }
    }

    /// The iframe is ruled out: the ledger says whether the refresh token may be presented again.
    pub fn last_resort(&mut self, tab: usize, verdict: Verdict, failure: Failure) {
        match verdict {
            Verdict::Renew(method) => {
                self.tally.last_resorts += 1;
                if let Some(renewal) = &mut self.tabs[tab].renewal {
                    renewal.ruled_out = Some(failure);
                }
                self.ask_the_issuer(tab, method);
            }
            Verdict::Good { .. } => self.renewal_ends(tab, Err(failure)),
            verdict => self.claimed(tab, verdict),
        }
    }

    pub fn settled(&mut self, tab: usize, verdict: &Verdict, tokens: Box<Tokens>) {
        match verdict {
            Verdict::Ended { idle } => {
                self.end_renewal(tab);
                self.revoke(tokens.refresh_token.as_ref());
                self.send(tab, Event::ended_elsewhere(*idle));
            }
            _ => self.renewal_ends(tab, Ok(tokens)),
        }
    }

    pub fn renewal_ends(&mut self, tab: usize, outcome: Result<Box<Tokens>, Failure>) {
        let Some(Renewal { attempt, session, method, .. }) = self.end_renewal(tab) else { return };
        let asks = outcome.as_ref().is_err_and(|failure| failure.class() == FailureClass::AskThePerson);
        let changed = matches!(outcome, Err(Failure::IdToken(IdTokenError::OtherPerson)));
        if (asks || changed) && self.could_refresh(&session) {
            self.broken = Some((Invariant::SessionKept, "the issuer would have renewed it"));
        }
        if outcome.is_ok() {
            self.tabs[tab].left_alone_until = 0;
            match method {
                Method::Iframe => self.tally.renewals_by_iframe += 1,
                Method::RefreshToken => self.tally.renewals_by_refresh_token += 1,
            }
        }
        self.send(tab, Event::RenewalEnded { attempt, outcome });
    }

    /// Drops the renewal where it stands: its request is no longer waited for, and the lock is free.
    pub fn abort_renewal(&mut self, tab: usize) {
        if self.tabs[tab].question.is_some() {
            self.end_question(tab);
            self.abandon_requests(tab);
        }
        if self.end_renewal(tab).is_some() {
            self.abandon_requests(tab);
            self.tabs[tab].transactions.retain(|transaction| !transaction.then.renews());
        }
    }

    fn end_renewal(&mut self, tab: usize) -> Option<Renewal> {
        self.leave_the_lock(tab);
        self.tabs[tab].renewal.take()
    }
}
