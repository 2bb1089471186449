//! Requests of many tabs: to the issuer, back to the page, or nowhere.

use std::time::Duration;

use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::id_token::IdTokenError;
use evergrant_core::protocol::{AccessToken, ClientId, IdToken, Issuer, RefreshToken, Scope};
use evergrant_core::session::{Change, Event, Failure, FailureClass, Method, Session, Tokens};
use evergrant_core::time::Now;

use super::super::network::{self, Fate, Stage, TIMEOUT};
use super::super::tab::Doubt;
use super::invariants::Invariant;
use super::issuer::Grant;
use super::mischief::Mischief;
use super::pages::ANEW;
use super::tab::claims;
use super::transactions::Then;
use super::world::World;

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub tab: usize,
    pub purpose: Purpose,
    /// Whose session it begins or renews.
    pub person: u64,
    pub lineage: u64,
    pub refresh_token: Option<u64>,
    pub requested_at: Now,
    /// When it left, in true milliseconds.
    pub left_at: u64,
    pub stage: Stage,
    /// The answer is one that the page drops, but this refresh token in it replaces the one that was sent.
    pub rotated: Option<u64>,
    pub times_out_at: u64,
    /// The page no longer waits for it. The issuer may hear it all the same.
    pub over: bool,
    /// The refresh token was sent before, and is presented once more because the iframe is ruled out.
    pub last_resort: bool,
    /// The browser said that there is no network when it left.
    pub left_offline: bool,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignIn {
        attempt: u64,
    },
    /// Who is signed in at the issuer?
    Question {
        attempt: u64,
    },
    Renewal(Method),
}

impl Request {
    /// When something happens to it next.
    pub fn due(&self) -> u64 {
        let moves_at = match self.stage {
            Stage::Leaving { arrives_at, .. } | Stage::Returning { arrives_at, .. } => arrives_at,
            Stage::Lost => u64::MAX,
        };
        if self.over { moves_at } else { moves_at.min(self.times_out_at) }
    }
}

impl World {
    pub fn request(&mut self, tab: usize, purpose: Purpose, session: Option<&Session>) {
        let truth = self.clock.truth;
        let (lineage, person) = match session {
            Some(session) => (super::tab::lineage(&session.claims), super::tab::person(&session.claims)),
            None => (self.next_lineage(), self.issuer.session.unwrap_or_default()),
        };
        let refresh_token = match purpose {
            Purpose::Renewal(Method::RefreshToken) => session.and_then(super::tab::refresh_token),
            _ => None,
        };
        // Who shows themselves once more does so while a renewal may be under way.
        if !self.requests.iter().any(|request| !request.over && request.tab == tab) {
            self.tabs[tab].in_flight = Doubt::default();
        }
        self.requests.push(Request {
            tab,
            purpose,
            person,
            lineage,
            refresh_token,
            requested_at: self.tabs[tab].now(&self.clock, 0),
            stage: network::dispatch(self.weather, truth, &mut self.dice),
            left_at: truth,
            times_out_at: truth + TIMEOUT,
            rotated: None,
            over: false,
            last_resort: self.tabs[tab].renewal.as_ref().is_some_and(|renewal| renewal.ruled_out.is_some()),
            left_offline: self.told_offline,
        });
    }

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
                let request = request.clone();
                let outcome = self.issue(&request);
                let arrives = matches!(fate, Fate::Answered { .. });
                if arrives && request.refresh_token.is_some() && self.dice.percent(self.forgeries) {
                    self.requests[index].rotated = outcome.as_deref().ok().and_then(rotated);
                }
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
                if !request.over {
                    let dropped = request.rotated.map_or(Ok(()), |_| Err(IdTokenError::Signature.into()));
                    self.answered(&request, dropped.and(outcome));
                }
            }
            Stage::Lost => {}
        }
    }

    /// Nobody waits for the requests of this page any more.
    pub fn abandon_requests(&mut self, tab: usize) {
        for request in self.requests.iter_mut().filter(|request| request.tab == tab) {
            request.over = true;
        }
        self.drop_lost_requests();
    }

    pub fn drop_lost_requests(&mut self) {
        self.requests.retain(|request| !(request.over && matches!(request.stage, Stage::Lost)));
    }

    fn issue(&mut self, request: &Request) -> Result<Box<Tokens>, Failure> {
        let truth = self.clock.truth;
        let grant = match (request.purpose, request.refresh_token) {
            (Purpose::SignIn { .. }, _) => self.issuer.sign_in(truth),
            (Purpose::Question { .. }, _) => {
                let (grant, person) = self.issuer.authorize_silently(truth)?;
                return Ok(Box::new(self.tokens(grant, &Request { person, ..request.clone() })));
            }
            (Purpose::Renewal(_), Some(presented)) => self.issuer.refresh(truth, presented, request.last_resort)?,
            (Purpose::Renewal(_), None) => {
                let (grant, person) = self.issuer.authorize_silently(truth)?;
                if person != request.person {
                    return Err(IdTokenError::OtherPerson.into());
                }
                grant
            }
        };
        Ok(Box::new(self.tokens(grant, request)))
    }

    fn tokens(&mut self, grant: Grant, request: &Request) -> Tokens {
        self.asked_for_at.insert(grant.access_token, request.left_at);
        let longer = if self.mischief == Some(Mischief::ShortensTokens) { 2 } else { 1 };
        let Request { lineage, person, requested_at, .. } = *request;
        Tokens {
            access_token: Some(AccessToken::new(grant.access_token.to_string())),
            id_token: Some((IdToken::new("id"), claims(lineage, person, requested_at.wall))),
            refresh_token: grant.refresh_token.map(|number| RefreshToken::new(number.to_string())),
            scope: Scope::parse("openid"),
            expires_in: Some(Duration::from_secs(self.issuer.rules.lifetime * longer)),
            flow: Flow::Code,
            generation: 0,
            requested_at,
        }
    }

    fn answered(&mut self, request: &Request, outcome: Result<Box<Tokens>, Failure>) {
        self.tally.failures += u64::from(outcome.is_err());
        match request.purpose {
            Purpose::SignIn { attempt } => self.sign_in_answered(request.tab, attempt, outcome),
            Purpose::Question { attempt } => {
                self.tally.silent_sign_ins += u64::from(outcome.is_ok());
                self.end_question(request.tab);
                self.sign_in_answered(request.tab, attempt, outcome);
            }
            Purpose::Renewal(_) => {
                let refused = outcome.as_ref().is_err_and(|failure| failure.class() == FailureClass::AskThePerson);
                let outcome = match self.mischief {
                    Some(Mischief::TakesFailuresForRefusals) => outcome.map_err(|_| refusal()),
                    _ => outcome,
                };
                let asks = outcome.as_ref().is_err_and(|failure| failure.class() == FailureClass::AskThePerson);
                if asks && !refused {
                    self.broken = Some((Invariant::SessionKept, "the issuer did not ask for the person"));
                }
                self.renewal_answered(request, outcome);
            }
        }
    }

    /// A sign-in is written into the ledger before the machine hears of it.
    fn sign_in_answered(&mut self, tab: usize, attempt: u64, outcome: Result<Box<Tokens>, Failure>) {
        match outcome {
            Ok(tokens) => {
                let begun = Session::begin(issuer(), ClientId::new("app"), (*tokens).clone());
                let session = Box::new(begun.expect("there is an ID token"));
                self.tally.sign_ins += 1;
                let after = self.sign_out_mark.map(|(generation, _)| generation);
                let change = Change::SignIn { session, shared: self.shared, after, at: self.clock.wall() };
                self.transact(tab, change, Then::SignIn { attempt, tokens });
            }
            Err(_) if attempt == ANEW => {}
            Err(failure) => self.send(tab, Event::SignInEnded { attempt, outcome: Err(failure) }),
        }
    }
}

fn rotated(tokens: &Tokens) -> Option<u64> {
    tokens.refresh_token.as_ref()?.secret().parse().ok()
}

fn issuer() -> Issuer {
    Issuer::new("https://issuer.example/")
}

fn refusal() -> Failure {
    use evergrant_core::protocol::callback::CallbackError;
    use evergrant_core::protocol::{ErrorCode, OAuthError};
    CallbackError::Refused(OAuthError::new(ErrorCode::LoginRequired, "")).into()
}
