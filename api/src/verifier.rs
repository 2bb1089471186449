//! Judging access tokens, each by its signature the first time and by memory after that.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use evergrant_core::protocol::access_token::{self, AccessTokenError, Expectation};
use evergrant_core::protocol::dpop::{self, JwkThumbprint, ProofError, TargetUri};
use evergrant_core::protocol::jwk::{JwkSet, KeyChoiceError};
use evergrant_core::protocol::{AccessToken, AccessTokenClaims};
use evergrant_core::time::UnixTime;
use evergrant_native::AwsLc;
use quick_cache::sync::Cache;

use crate::follower::{FollowError, Follower};
use crate::keys::Keys;
use crate::proof::Proofs;
use crate::settings::Settings;
use crate::trust::Trust;

/// Judges the access tokens of one issuer for one API.
#[derive(Debug)]
pub struct Verifier {
    settings: Settings,
    trust: Arc<Trust>,
    follower: Option<Follower>,
    verified: Cache<TokenHash, Verified>,
    proofs: Proofs,
}

/// The SHA-256 of a token: tokens themselves are not kept.
type TokenHash = [u8; 32];

/// A token whose signature was found good.
#[derive(Clone, Debug)]
struct Verified {
    claims: Arc<AccessTokenClaims>,
    /// By which keys: once they are others, it has to be verified again.
    keys_version: u64,
}

impl Verifier {
    /// A verifier that finds out about the issuer by itself, and keeps itself informed for as long as it lives. It may be
    /// made while the issuer is down. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// When no request can be made at all: the issuer's identifier is no address that is safe to use, or TLS is not to be had.
    pub fn follow(settings: Settings) -> Result<Self, FollowError> {
        let trust = Arc::new(Trust::default());
        let follower = Follower::start(&settings, Arc::clone(&trust))?;
        Ok(Self { follower: Some(follower), ..Self::with_trust(settings, trust) })
    }

    /// A verifier for keys that are known and do not change. It asks nobody, so it learns of no revocation.
    pub fn with_keys(settings: Settings, keys: JwkSet) -> Self {
        let trust = Trust::default();
        trust.take_keys(keys);
        Self::with_trust(settings, Arc::new(trust))
    }

    fn with_trust(settings: Settings, trust: Arc<Trust>) -> Self {
        let verified = Cache::new(settings.remembered_tokens);
        Self { settings, trust, follower: None, verified, proofs: Proofs::default() }
    }

    /// What tokens are judged by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Judges a token at `now` that was presented as `Bearer`, and returns its claims. Its scope is the caller's to judge.
    ///
    /// # Errors
    /// [`NotAccepted`]: the token does not count, or nothing is known of the issuer yet.
    pub async fn verify(&self, token: &AccessToken, now: UnixTime) -> Result<Arc<AccessTokenClaims>, NotAccepted> {
        self.verify_presented(token, None, now).await
    }

    /// The same for a token that came as `DPoP`, with a proof for a request of this method to any of these addresses (RFC 9449
    /// §7.1). A proof is good once.
    ///
    /// # Errors
    /// [`NotAccepted`], also where the proof does not count, or the token is bound to another key, or to none.
    pub async fn verify_dpop(
        &self,
        token: &AccessToken,
        proof: &str,
        (method, uris): (&str, &[TargetUri]),
        now: UnixTime,
    ) -> Result<Arc<AccessTokenClaims>, NotAccepted> {
        let expected = dpop::Expectation {
            method,
            uris,
            algorithms: &dpop::ALGORITHMS,
            access_token: Some(token),
            nonces: None,
            now,
            tolerance: dpop::TOLERANCE,
        };
        let proof = dpop::validate(proof, &AwsLc, &expected).await?;
        let claims = self.verify_presented(token, Some(&proof.thumbprint), now).await?;
        // Whoever has no good token fills no memory.
        self.proofs.note(&proof, now)?;
        Ok(claims)
    }

    async fn verify_presented(
        &self,
        token: &AccessToken,
        proven: Option<&JwkThumbprint>,
        now: UnixTime,
    ) -> Result<Arc<AccessTokenClaims>, NotAccepted> {
        let expected = self.expectation(proven, now);
        let keys = self.keys().await?;
        match self.verify_by(&keys, token, &expected) {
            // The issuer may have a new key.
            Err(AccessTokenError::Key(KeyChoiceError::Unknown(_))) => {
                self.ask_for_keys().await;
                let keys = self.keys().await?;
                Ok(self.verify_by(&keys, token, &expected)?)
            }
            judged => Ok(judged?),
        }
    }

    async fn keys(&self) -> Result<Arc<Keys>, NotAccepted> {
        if let Some(keys) = self.trust.keys() {
            return Ok(keys);
        }
        self.ask_for_keys().await;
        self.trust.keys().ok_or(NotAccepted::IssuerUnknown)
    }

    async fn ask_for_keys(&self) {
        if let Some(follower) = &self.follower {
            follower.ask_for_keys().await;
        }
    }

    fn verify_by(
        &self,
        keys: &Keys,
        token: &AccessToken,
        expected: &Expectation<'_>,
    ) -> Result<Arc<AccessTokenClaims>, AccessTokenError> {
        let hash = hash(token);
        let seen = self.verified.get(&hash).filter(|seen| seen.keys_version == keys.version());
        let claims = match seen {
            // Who presents it says nothing of the token: it stays known.
            Some(seen) => {
                access_token::check_confirmation(&seen.claims, expected.proven)?;
                access_token::check_times(&seen.claims, expected).map(|()| seen.claims)
            }
            None => access_token::judge(token, expected, |jwt, algorithm| keys.verify(jwt, algorithm)).map(|claims| {
                let claims = Arc::new(claims);
                let verified = Verified { claims: Arc::clone(&claims), keys_version: keys.version() };
                self.verified.insert(hash, verified);
                claims
            }),
        };
        let claims = claims.inspect_err(|_| drop(self.verified.remove(&hash)))?;
        if self.trust.revoked().names(&claims) {
            return Err(AccessTokenError::Revoked);
        }
        Ok(claims)
    }

    fn expectation<'a>(&'a self, proven: Option<&'a JwkThumbprint>, now: UnixTime) -> Expectation<'a> {
        Expectation {
            issuer: &self.settings.issuer,
            audience: &self.settings.audience,
            algorithms: &self.settings.algorithms,
            now,
            tolerance: self.settings.clock_tolerance,
            proven,
        }
    }
}

fn hash(token: &AccessToken) -> TokenHash {
    let mut hash = TokenHash::default();
    hash.copy_from_slice(digest(&SHA256, token.secret().as_bytes()).as_ref());
    hash
}

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// It does not count.
    #[error(transparent)]
    Token(#[from] AccessTokenError),
    /// The DPoP proof that came with it does not count.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The issuer has not answered yet since this server started, so no token can be judged.
    #[error("nothing is known of the issuer yet")]
    IssuerUnknown,
}
