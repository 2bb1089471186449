//! A model of the issuer: its own session, refresh tokens with rotation and reuse detection, and what it issued.

use evergrant_core::protocol::callback::CallbackError;
use evergrant_core::protocol::token::TokenError;
use evergrant_core::protocol::{ErrorCode, OAuthError};
use evergrant_core::session::Failure;

/// A refresh token that was just used is answered with the same successor for so long.
const REUSE_INTERVAL: u64 = 3_000;

/// How this issuer is configured.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Lifetime of access tokens in seconds.
    pub lifetime: u64,
    /// Whether refresh tokens are issued at all.
    pub offline_access: bool,
    /// Whether each is used once.
    pub rotation: bool,
}

/// One issuer and the one person who signs in.
#[derive(Debug)]
pub struct Issuer {
    pub rules: Rules,
    /// Whether the person is signed in at the issuer.
    pub session: bool,
    family: Option<Family>,
    /// When each access token expires, in true milliseconds; its number is its place.
    expiries: Vec<u64>,
    refresh_tokens: u64,
}

/// The refresh tokens that came of one sign-in: the one that is good now, and the one it replaced.
#[derive(Clone, Copy, Debug)]
struct Family {
    current: u64,
    previous: Option<(u64, u64)>,
}

/// What the issuer gives.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub access_token: u64,
    pub refresh_token: Option<u64>,
}

impl Issuer {
    pub fn new(rules: Rules) -> Self {
        Self { rules, session: false, family: None, expiries: Vec::new(), refresh_tokens: 0 }
    }

    /// The person enters a password.
    pub fn sign_in(&mut self, truth: u64) -> Grant {
        self.session = true;
        self.begin_family(truth)
    }

    /// `prompt=none`.
    pub fn authorize_silently(&mut self, truth: u64) -> Result<Grant, Failure> {
        if !self.session {
            let error = OAuthError::new(ErrorCode::LoginRequired, "nobody is signed in");
            return Err(CallbackError::Refused(error).into());
        }
        Ok(self.begin_family(truth))
    }

    /// The refresh grant.
    pub fn refresh(&mut self, truth: u64, presented: u64) -> Result<Grant, Failure> {
        match self.family {
            Some(family) if family.current == presented => {
                if !self.rules.rotation {
                    return Ok(self.grant(truth, None));
                }
                let next = self.next_refresh_token();
                self.family = Some(Family { current: next, previous: Some((presented, truth)) });
                Ok(self.grant(truth, Some(next)))
            }
            Some(Family { current, previous: Some((previous, used_at)) })
                if previous == presented && truth <= used_at + REUSE_INTERVAL =>
            {
                Ok(self.grant(truth, Some(current)))
            }
            Some(Family { previous: Some((previous, _)), .. }) if previous == presented => {
                self.family = None;
                Err(invalid_grant())
            }
            _ => Err(invalid_grant()),
        }
    }

    /// The end-session page, with everything revoked.
    pub fn sign_out(&mut self) {
        self.session = false;
        self.family = None;
    }

    /// Whether a renewal would succeed for somebody who holds this refresh token.
    pub fn would_renew(&self, refresh_token: Option<u64>) -> bool {
        let refreshed = self.family.is_some_and(|family| Some(family.current) == refresh_token);
        self.session || refreshed
    }

    /// Whether an access token is accepted.
    pub fn accepts(&self, access_token: u64, truth: u64) -> bool {
        truth < self.expiries[access_token as usize]
    }

    fn begin_family(&mut self, truth: u64) -> Grant {
        if !self.rules.offline_access {
            return self.grant(truth, None);
        }
        let current = self.next_refresh_token();
        self.family = Some(Family { current, previous: None });
        self.grant(truth, Some(current))
    }

    fn grant(&mut self, truth: u64, refresh_token: Option<u64>) -> Grant {
        self.expiries.push(truth + self.rules.lifetime * 1000);
        Grant { access_token: self.expiries.len() as u64 - 1, refresh_token }
    }

    fn next_refresh_token(&mut self) -> u64 {
        self.refresh_tokens += 1;
        self.refresh_tokens
    }
}

fn invalid_grant() -> Failure {
    TokenError::Refused(OAuthError::new(ErrorCode::InvalidGrant, "spent")).into()
}
