//! A model of the issuer that many tabs ask: one browser's session there, and a family of refresh tokens for each sign-in.

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
    /// Whether a silent authorization brings one as well.
    pub silent_refresh_tokens: bool,
    /// The browser keeps the issuer's cookies from the hidden iframe.
    pub iframe_blocked: bool,
}

/// The issuer, as one browser knows it.
#[derive(Debug)]
pub struct Issuer {
    pub rules: Rules,
    /// Who is signed in there.
    pub session: Option<u64>,
    /// The refresh token that is good now, of each family; none when the family was ended.
    families: Vec<Option<u64>>,
    refresh_tokens: Vec<RefreshToken>,
    /// When each access token expires, in true milliseconds.
    expiries: Vec<u64>,
    /// A refresh token came again, outside the reuse interval.
    pub has_seen_reuse: bool,
    /// Of the refresh tokens before this one, nobody knows any more which were sent.
    forgiven: usize,
}

#[derive(Debug)]
struct RefreshToken {
    family: usize,
    used_at: Option<u64>,
    /// It was a last resort. What was sent first may have been on its way all the while, and come second.
    was_last_resort: bool,
}

/// What the issuer gives.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub access_token: u64,
    pub refresh_token: Option<u64>,
}

impl Issuer {
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            session: None,
            families: Vec::new(),
            refresh_tokens: Vec::new(),
            expiries: Vec::new(),
            has_seen_reuse: false,
            forgiven: 0,
        }
    }

    /// The code of a sign-in is redeemed.
    pub fn sign_in(&mut self, truth: u64) -> Grant {
        let refresh_token = self.rules.offline_access.then(|| self.begin_family());
        self.grant(truth, refresh_token)
    }

    /// `prompt=none`; who is signed in comes with the answer.
    pub fn authorize_silently(&mut self, truth: u64) -> Result<(Grant, u64), Failure> {
        let person = self.session.filter(|_| !self.rules.iframe_blocked);
        let person = person
            .ok_or_else(|| CallbackError::Refused(OAuthError::new(ErrorCode::LoginRequired, "nobody is signed in")))?;
        let brings_one = self.rules.offline_access && self.rules.silent_refresh_tokens;
        let refresh_token = brings_one.then(|| self.begin_family());
        Ok((self.grant(truth, refresh_token), person))
    }

    /// The refresh grant. A `last_resort` is known to have been sent before.
    pub fn refresh(&mut self, truth: u64, presented: u64, last_resort: bool) -> Result<Grant, Failure> {
        let RefreshToken { family, used_at, was_last_resort } = &mut self.refresh_tokens[presented as usize];
        *was_last_resort |= last_resort;
        let (family, used_at, last_resort) = (*family, *used_at, *was_last_resort);
        let in_time = used_at.is_none_or(|used_at| truth <= used_at + REUSE_INTERVAL);
        if !self.rules.rotation {
            return if self.is_good(presented) { Ok(self.grant(truth, None)) } else { Err(invalid_grant()) };
        }
        if !in_time {
            self.has_seen_reuse |= !last_resort && presented as usize >= self.forgiven;
            self.families[family] = None;
        }
        self.refresh_tokens[presented as usize].used_at.get_or_insert(truth);
        match self.families[family] {
            Some(current) if current == presented => {
                let next = self.next_refresh_token(family);
                Ok(self.grant(truth, Some(next)))
            }
            Some(current) => Ok(self.grant(truth, Some(current))),
            None => Err(invalid_grant()),
        }
    }

    /// That refresh tokens were sent was written down, and is lost: those that there are may come again.
    pub fn forgive(&mut self) {
        self.forgiven = self.refresh_tokens.len();
    }

    /// RFC 7009: the family ends.
    pub fn revoke(&mut self, refresh_token: u64) {
        let family = self.refresh_tokens[refresh_token as usize].family;
        self.families[family] = None;
    }

    /// Whether this refresh token would bring tokens.
    pub fn is_good(&self, refresh_token: u64) -> bool {
        self.families[self.refresh_tokens[refresh_token as usize].family] == Some(refresh_token)
    }

    /// Whether the iframe would bring tokens for `person`.
    pub fn knows(&self, person: u64) -> bool {
        self.session == Some(person) && !self.rules.iframe_blocked
    }

    pub fn expires_at(&self, access_token: u64) -> u64 {
        self.expiries[access_token as usize]
    }

    fn begin_family(&mut self) -> u64 {
        self.families.push(None);
        self.next_refresh_token(self.families.len() - 1)
    }

    fn next_refresh_token(&mut self, family: usize) -> u64 {
        let number = self.refresh_tokens.len() as u64;
        self.refresh_tokens.push(RefreshToken { family, used_at: None, was_last_resort: false });
        self.families[family] = Some(number);
        number
    }

    fn grant(&mut self, truth: u64, refresh_token: Option<u64>) -> Grant {
        self.expiries.push(truth + self.rules.lifetime * 1000);
        Grant { access_token: self.expiries.len() as u64 - 1, refresh_token }
    }
}

fn invalid_grant() -> Failure {
    TokenError::Refused(OAuthError::new(ErrorCode::InvalidGrant, "spent")).into()
}
