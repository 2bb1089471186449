//! Requests on their way through the world: to the issuer, back to the page, or nowhere.

use std::time::Duration;

use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::{AccessToken, IdToken, RefreshToken, Scope};
use evergrant_core::session::{Event, Failure, FailureClass, Method, Tokens};
use evergrant_core::time::Now;

use super::issuer::Grant;
use super::mischief::Mischief;
use super::network::{self, Fate, Purpose, Request, Stage};
use super::tab::{Expected, claims};
use super::world::World;

/// No retry comes sooner after a failure, in milliseconds.
const SHORTEST_RETRY: u64 = 500;
/// No renewal comes by itself sooner after one that worked, whatever lifetime the issuer gives.
const SHORTEST_RENEWAL: u64 = 1_000;

impl World {
    /// A request reaches the issuer, its answer reaches the page, or the page gives up.
    pub fn request_moves(&mut self, index: usize) {
        let truth = self.clock.truth;
        let request = &mut self.requests[index];
        if !request.over && truth >= request.times_out_at {
            request.over = true;
            let timed_out = request.clone();
            self.drop_lost_requests();
            self.answered(&timed_out, Err(network::unreachable()));
            return;
        }
        match request.stage.clone() {
            Stage::Leaving { fate, .. } => {
                let (purpose, refresh_token, requested_at) =
                    (request.purpose, request.refresh_token, request.requested_at);
                let outcome = self.issue(purpose, refresh_token);
                let outcome = outcome.map(|grant| Box::new(self.tokens(grant, requested_at)));
                self.requests[index].stage = match fate {
                    Fate::Answered { latency } => Stage::Returning { arrives_at: truth + latency, outcome },
                    Fate::AnswerLost => Stage::Lost,
                    Fate::Spoiled { latency, status } => {
                        Stage::Returning { arrives_at: truth + latency, outcome: Err(network::busy(status, None)) }
                    }
                };
                self.drop_lost_requests();
            }
            Stage::Returning { outcome, .. } => {
                let request = self.requests.swap_remove(index);
                if request.over {
                    self.arrives_late(&request, outcome);
                } else {
                    self.answered(&request, outcome);
                }
            }
            Stage::Lost => {}
        }
    }

    /// Some of what was under way when the machine fell asleep never arrives.
    pub fn lose_some_requests(&mut self) {
        for request in &mut self.requests {
            if self.dice.percent(50) {
                request.stage = Stage::Lost;
            }
        }
        self.drop_lost_requests();
    }

    /// Nobody waits for these any more.
    pub fn drop_lost_requests(&mut self) {
        self.requests.retain(|request| !(request.over && matches!(request.stage, Stage::Lost)));
    }

    fn issue(&mut self, purpose: Purpose, refresh_token: Option<u64>) -> Result<Grant, Failure> {
        let truth = self.clock.truth;
        match (purpose, refresh_token) {
            (Purpose::SignIn, _) => Ok(self.issuer.sign_in(truth)),
            (Purpose::Renewal(_), Some(presented)) => self.issuer.refresh(truth, presented),
            (Purpose::Renewal(_), None) => self.issuer.authorize_silently(truth),
        }
    }

    fn tokens(&mut self, grant: Grant, requested_at: Now) -> Tokens {
        let longer = if self.mischief == Some(Mischief::ShortensTokens) { 2 } else { 1 };
        Tokens {
            access_token: Some(AccessToken::new(grant.access_token.to_string())),
            id_token: Some((IdToken::new("id"), claims(requested_at.wall))),
            refresh_token: grant.refresh_token.map(|number| RefreshToken::new(number.to_string())),
            scope: Scope::parse("openid"),
            expires_in: Some(Duration::from_secs(self.issuer.rules.lifetime * longer)),
            flow: Flow::Code,
            generation: 0,
            requested_at,
        }
    }

    /// The page that asked hears the answer, if it is still there.
    fn answered(&mut self, request: &Request, mut outcome: Result<Box<Tokens>, Failure>) {
        if request.page != self.tabs[request.tab].page {
            return;
        }
        match &outcome {
            Ok(_) => self.succeeds(request),
            Err(failure) => self.fails(request, failure),
        }
        let (tab, failed) = (request.tab, outcome.is_err());
        if failed && self.mischief == Some(Mischief::ForgetsRetryAfter) {
            outcome = outcome.map_err(|_| network::unreachable());
        }
        self.send(tab, ended(request, outcome));
        if !failed {
            self.tabs[tab].doubt.deceived = request.doubt.deceived;
            self.tabs[tab].doubt.was_set_back = request.doubt.was_set_back;
        }
        if failed && self.tabs[tab].expected == Expected::SignedIn {
            match self.mischief {
                Some(Mischief::ForgetsOnFailure) => self.store.forget(),
                Some(Mischief::Impatient) => self.send(tab, Event::RenewNow),
                _ => {}
            }
        }
    }

    fn succeeds(&mut self, request: &Request) {
        let tab = &mut self.tabs[request.tab];
        tab.expected = Expected::SignedIn;
        tab.pace.not_before = self.clock.truth + SHORTEST_RENEWAL;
        tab.pace.failures = 0;
        match request.purpose {
            Purpose::SignIn => self.tally.sign_ins += 1,
            Purpose::Renewal(Method::Iframe) => self.tally.renewals_by_iframe += 1,
            Purpose::Renewal(Method::RefreshToken) => self.tally.renewals_by_refresh_token += 1,
        }
    }

    fn fails(&mut self, request: &Request, failure: &Failure) {
        let tab = &mut self.tabs[request.tab];
        self.tally.failures += 1;
        tab.pace.not_before = self.clock.truth + SHORTEST_RETRY;
        if let Some(wait) = failure.retry_after() {
            self.tally.retry_afters += 1;
            tab.pace.left_alone_until = self.clock.truth + wait.as_millis() as u64;
        }
        if !self.told_offline {
            tab.pace.failures += 1;
        }
        match request.purpose {
            Purpose::SignIn if tab.expected == Expected::SigningIn => tab.expected = Expected::SignedOut,
            Purpose::Renewal(_) if failure.class() == FailureClass::AskThePerson => {
                self.tally.asked_the_person += 1;
                tab.expected = Expected::SignedOut;
            }
            _ => {}
        }
    }

    /// Answers to requests that are over come all the same: the machine has to know them for what they are.
    fn arrives_late(&mut self, request: &Request, outcome: Result<Box<Tokens>, Failure>) {
        if request.page == self.tabs[request.tab].page {
            self.tally.late_answers += 1;
            self.send(request.tab, ended(request, outcome));
        }
    }
}

fn ended(request: &Request, outcome: Result<Box<Tokens>, Failure>) -> Event {
    let attempt = request.attempt;
    match request.purpose {
        Purpose::SignIn => Event::SignInEnded { attempt, outcome },
        Purpose::Renewal(_) => Event::RenewalEnded { attempt, outcome },
    }
}
