//! The ledger as a browser keeps it: each change is one atomic step, and its answer comes a little later.

use evergrant_core::protocol::RefreshToken;
use evergrant_core::session::{Change, Event, Failure, Method, TabMessage, Tokens, Verdict};

use super::held::PATIENCE;
use super::invariants::Invariant;
use super::mischief::Mischief;
use super::pages::ANEW;
use super::requests::Request;
use super::tab::Tab;
use super::world::World;

/// One reading and writing of the ledger.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub change: Change,
    /// When the page asked for it, in true milliseconds.
    pub asked_at: u64,
    pub then: Then,
    /// When it is applied, or answered once there is a verdict.
    pub due: u64,
    /// When the page waits no longer.
    pub gives_up_at: u64,
    pub verdict: Option<Verdict>,
}

impl Transaction {
    /// Whether the ledger was changed, and the page has yet to tell the others.
    pub fn is_to_be_told(&self) -> bool {
        match self.then {
            Then::Heed => self.verdict == Some(Verdict::TakenUp),
            Then::Nothing => false,
            _ => self.verdict.is_some(),
        }
    }
}

/// What the page does with the answer.
#[derive(Clone, Debug)]
pub enum Then {
    /// Live by what it says.
    Heed,
    /// Nothing: it is for all tabs to know, whatever the ledger says of this one's session.
    Nothing,
    /// Sign out, unless the person was active in another tab.
    EndIdle,
    /// Remove the mark of a page that died while it signed out, and tell the tabs.
    Finish,
    /// Tell the other tabs that their sign-in is over.
    Tell,
    /// Sign out at the issuer.
    Leave { refresh_token: Option<RefreshToken> },
    /// End the sign-in.
    SignIn { attempt: u64, tokens: Box<Tokens> },
    /// Send the request.
    Claimed,
    /// Present the refresh token again, or end the renewal with what the iframe brought.
    LastResort { failure: Failure },
    /// Go on with the failure that said how long to wait.
    Rested { request: Box<Request>, failure: Failure },
    /// End the renewal with its tokens.
    Settled { tokens: Box<Tokens> },
    /// Keep the new refresh token, and end the renewal with its failure.
    Rotated { attempt: u64, refresh_token: RefreshToken, failure: Failure },
    /// End the renewal with its failure.
    Unsent { failure: Failure },
}

impl Then {
    /// Whether it is a part of the renewal, and ends with it.
    pub fn renews(&self) -> bool {
        match self {
            Self::Heed | Self::Nothing | Self::EndIdle | Self::Finish | Self::Tell => false,
            Self::Leave { .. } | Self::SignIn { .. } => false,
            Self::Claimed | Self::Rested { .. } | Self::LastResort { .. } => true,
            Self::Settled { .. } | Self::Rotated { .. } | Self::Unsent { .. } => true,
        }
    }
}

impl World {
    pub fn transact(&mut self, tab: usize, change: Change, then: Then) {
        let due = self.clock.truth + self.dice.between(0, 15);
        let asked_at = self.clock.truth;
        let gives_up_at = asked_at + PATIENCE;
        self.tabs[tab].transactions.push_back(Transaction { change, asked_at, then, due, gives_up_at, verdict: None });
    }

    /// The tab's first transaction is applied, or answered.
    pub fn transaction_moves(&mut self, tab: usize) {
        let truth = self.clock.truth;
        let answers_at = truth + self.dice.between(0, 15);
        let Some(first) = self.tabs[tab].transactions.front_mut() else { return };
        if first.due > truth {
            return self.gives_up(tab);
        }
        if first.verdict.is_none() {
            if let Some(until) = self.hold.of_changes(truth) {
                first.due = until;
                return;
            }
            first.change.came_to_its_turn(self.clock.wall());
            let mut verdict = self.ledger.apply(&first.change);
            if self.mischief == Some(Mischief::ForgetsAnswers)
                && matches!((&first.change, &verdict), (Change::LastResort { .. }, Verdict::Good { .. }))
            {
                verdict = Verdict::Renew(Method::RefreshToken);
            }
            first.verdict = Some(verdict.clone());
            first.due = answers_at.max(self.hold.of_answers(&first.change, &verdict));
            let (change, asked_at) = (first.change.clone(), first.asked_at);
            let is_heeded = !matches!(first.then, Then::Nothing);
            // What happens from now on, this answer does not tell.
            self.tabs[tab].missed_something &= !is_heeded;
            self.note(|_| format!("tab {tab}: the ledger has {} -> {}", name(&change), name_of(&verdict)));
            self.witness(&change, asked_at, &verdict);
            return;
        }
        let Some(Transaction { change, then, verdict: Some(verdict), .. }) = self.tabs[tab].transactions.pop_front()
        else {
            return;
        };
        if let Verdict::Wait(wait) = verdict {
            self.leave_alone(tab, wait);
        }
        match change {
            Change::Consult { session: Some(session), .. } | Change::EndIdle { session, .. }
                if !self.tabs[tab].machine.still_goes_by(&session) =>
            {
                self.send(tab, Event::ChangedElsewhere);
            }
            Change::EndGeneration { session } if !self.tabs[tab].machine.still_goes_by(&session) => {
                self.tell(tab, TabMessage::Changed);
                self.send(tab, Event::ChangedElsewhere);
            }
            _ => self.goes_on(tab, then, verdict),
        }
    }

    /// The page has an answer, or waits for none any more.
    pub fn goes_on(&mut self, tab: usize, then: Then, verdict: Verdict) {
        match then {
            Then::Nothing => {}
            Then::Heed if self.mischief == Some(Mischief::NeverHeeds) => {}
            Then::Heed => self.heed(tab, verdict),
            Then::EndIdle => match verdict {
                Verdict::Good { .. } => self.send(tab, Event::IdleEnded),
                verdict => self.heed(tab, verdict),
            },
            Then::Tell => {
                self.tell(tab, TabMessage::Changed);
                self.heed(tab, verdict);
            }
            Then::Finish => {
                self.signed_out(&verdict);
                self.tell(tab, TabMessage::Changed);
            }
            Then::Leave { refresh_token } => {
                self.signed_out(&verdict);
                self.tell(tab, TabMessage::Changed);
                self.leave(tab, refresh_token.as_ref());
            }
            Then::SignIn { attempt, mut tokens } => {
                let Verdict::Begun { generation, replaced } = verdict else { unreachable!("a sign-in is written") };
                tokens.generation = generation;
                self.tally.signed_in_anew += u64::from(attempt == ANEW);
                let own = self.stored(&self.tabs[tab]).filter(|_| !self.shared);
                self.send(
                    tab,
                    match attempt {
                        ANEW => Event::SignedInAnew { tokens },
                        _ => Event::SignInEnded { attempt, outcome: Ok(tokens) },
                    },
                );
                let Tab { lineage, overtaken, .. } = self.tabs[tab];
                if lineage.is_none() && overtaken == Some(attempt) && self.tabs[tab].is_signed_in(&self.clock) {
                    self.broken = Some((Invariant::NothingSentAfterSignOut, "a silent sign-in outlives it"));
                }
                if let Some(session) = replaced.clone() {
                    self.send(tab, Event::Replaced { session });
                }
                self.judge_what_was_replaced(tab, replaced.or(own));
            }
            Then::Claimed => self.claimed(tab, verdict),
            Then::Rested { request, failure } => self.renewal_failed(&request, failure),
            Then::LastResort { failure } => self.last_resort(tab, verdict, failure),
            Then::Settled { tokens } => {
                self.settled(tab, &verdict, tokens);
                if verdict == Verdict::Unanswered {
                    self.send(tab, Event::ChangedElsewhere);
                }
            }
            Then::Rotated { attempt, refresh_token, failure } => {
                self.send(tab, Event::Rotated { attempt, refresh_token });
                self.renewal_ends(tab, Err(failure));
            }
            Then::Unsent { failure } => self.renewal_ends(tab, Err(failure)),
        }
    }

    /// Until it is written, every page that opens tries it again.
    fn signed_out(&mut self, verdict: &Verdict) {
        if *verdict != Verdict::Unanswered {
            self.sign_out_mark = None;
        }
    }

    fn heed(&mut self, tab: usize, verdict: Verdict) {
        match verdict {
            Verdict::Adopt(session) => self.send(tab, Event::Adopted { session }),
            Verdict::Ended { idle } => self.send(tab, Event::ended_elsewhere(idle)),
            Verdict::Active { at } => self.send(tab, Event::ActiveElsewhere { at }),
            Verdict::TakenUp => self.tell(tab, TabMessage::Changed),
            Verdict::Unanswered => self.send(tab, Event::ChangedElsewhere),
            _ => {}
        }
    }
}

fn name(change: &Change) -> &'static str {
    match change {
        Change::Claim { .. } => "claim",
        Change::Settle { .. } => "settle",
        Change::Rest { .. } => "rest",
        Change::Count { .. } => "count",
        Change::LastResort { .. } => "last resort",
        Change::SignIn { .. } => "sign-in",
        Change::SignOut { .. } => "sign-out",
        Change::EndSignIn { .. } => "end of a sign-in",
        Change::Active { .. } => "activity",
        Change::EndIdle { .. } => "end for idleness",
        Change::EndGeneration { .. } => "end of the generation",
        Change::Consult { .. } => "consult",
        Change::Rotated { .. } => "rotated",
        Change::Unsend { .. } => "unsend",
    }
}

fn name_of(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Adopt(session) => format!("adopt generation {}, renewal {}", session.generation, session.renewals),
        verdict => format!("{verdict:?}"),
    }
}
