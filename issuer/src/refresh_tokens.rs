//! Refresh tokens: their form, how one follows from another, and how a family of them begins and goes on.
//!
//! A token is the name of its family and 256 secret bits. The bits of a successor are an HMAC of a salt, keyed with the
//! token before it: so the issuer can give the same successor again to whoever presents that token again, and what it
//! stores (hashes and the salt) brings no token back to whoever steals a copy. Using a successor overwrites the salt:
//! then its predecessor brings nothing any more.
//!
//! They exist for `offline_access` alone, and so outlive the session in which they were granted (OIDC Core §11): signing
//! out at the issuer ends that session with what was granted in it without `offline_access`, and an application that signs out
//! revokes its own token.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::RefreshToken;
use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::time::UnixTime;

use crate::config::{Client, ClientType, RefreshTokens};
use crate::error::Failure;
use crate::metrics::RefreshLabel;
use crate::provider::Provider;
use crate::revocations;
use crate::secret::{self, SecretHash};
use crate::store::{Grant, RefreshFamily, RefreshOutcome, RefreshUse, Successor};

/// Begins the family of a grant, and returns its first token. Those of a public client are bound to the key it has shown (RFC 9449
/// §5).
pub(crate) async fn begin(
    provider: &Provider,
    client: &Client,
    grant: &Grant,
    proven: Option<&JwkThumbprint>,
    now: UnixTime,
) -> Result<RefreshToken, Failure> {
    let token = Token { family: secret::entropy()?, secret: secret::entropy()? };
    let RefreshTokens { idle_lifetime, absolute_lifetime, .. } = client.refresh_tokens;
    let absolute_until = now + absolute_lifetime;
    let family = RefreshFamily {
        id: token.family_id(),
        grant_id: grant.id.clone(),
        current: token.hash(),
        created_at: now,
        last_used_at: now,
        expires_at: (now + idle_lifetime).min(absolute_until),
        absolute_until,
        tokens_until: now + provider.config.longest_access_token_lifetime(client),
        dpop_jkt: proven.filter(|_| client.kind == ClientType::Public).cloned(),
    };
    provider.store.add_refresh_family(grant.clone(), family).await?;
    Ok(token.into_text())
}

/// What a token stands for if it is the good one of its family, without using it.
pub(crate) async fn live(
    provider: &Provider,
    presented: &str,
    now: UnixTime,
) -> Result<Option<(Grant, RefreshFamily)>, Failure> {
    let Some(token) = Token::read(presented) else {
        return Ok(None);
    };
    let found = provider.store.refresh_family(token.family_id(), now).await?;
    Ok(found.filter(|(_, family)| family.current.matches(&token.hash())))
}

/// What came of a token that was presented.
pub(crate) enum Used<T> {
    /// It stands for a grant: what was made of that.
    Good(T),
    /// It was used before: its family is over.
    Replayed,
    /// It is bound to a key that its sender has not shown. Nothing has come of it.
    OtherKey,
    /// It is none that counts.
    Refused,
}

/// What the family of a token stands for, without using the token; `None` when it is over.
pub(crate) async fn granted(provider: &Provider, presented: &str, now: UnixTime) -> Result<Option<Grant>, Failure> {
    let Some(token) = Token::read(presented) else {
        return Ok(None);
    };
    let found = provider.store.refresh_family(token.family_id(), now).await?;
    Ok(found.map(|(grant, _)| grant))
}

/// Uses a token that was presented. `make` gets the grant it stands for and the token to go on with, where it is another
/// one; what it makes is returned once that the token was used has reached the disk.
pub(crate) async fn present<T>(
    provider: &Provider,
    client: &Client,
    presented: &str,
    proven: Option<&JwkThumbprint>,
    now: UnixTime,
    make: impl FnOnce(Grant, Option<RefreshToken>) -> T,
) -> Result<Used<T>, Failure> {
    let Some(token) = Token::read(presented) else {
        return Ok(Used::Refused);
    };
    let RefreshTokens { rotation, reuse_interval, idle_lifetime, .. } = client.refresh_tokens;
    let next = match rotation {
        true => Some(token.successor(secret::entropy()?)),
        false => None,
    };
    let usage = RefreshUse {
        family: token.family_id(),
        presented: token.hash(),
        client_id: client.client_id.clone(),
        proven: proven.cloned(),
        binds: client.kind == ClientType::Public,
        successor: next.as_ref().map(|(next, salt)| Successor { hash: next.hash(), salt: *salt }),
        idle_lifetime,
        reuse_interval,
        tokens_until: now + provider.config.longest_access_token_lifetime(client) + reuse_interval,
        now,
    };
    let outcome = provider.store.use_refresh_token(usage).await?;
    let used = outcome.and_then(|outcome| {
        provider.metrics.count_refresh(match &outcome {
            RefreshOutcome::Accepted(_) => RefreshLabel::Accepted,
            RefreshOutcome::Repeated(..) => RefreshLabel::Repeated,
            RefreshOutcome::Replayed => RefreshLabel::Replayed,
            RefreshOutcome::OtherKey | RefreshOutcome::Refused => RefreshLabel::Refused,
        });
        match outcome {
            RefreshOutcome::Accepted(grant) => Used::Good(make(*grant, next.map(|(next, _)| next.into_text()))),
            RefreshOutcome::Repeated(grant, successor) => {
                let (next, _) = token.successor(successor.salt);
                Used::Good(make(*grant, Some(next.into_text())))
            }
            RefreshOutcome::Replayed => Used::Replayed,
            RefreshOutcome::OtherKey => Used::OtherKey,
            RefreshOutcome::Refused => Used::Refused,
        }
    });
    let used = used.await?;
    if let Used::Replayed = used {
        revocations::notice(provider).await?;
    }
    Ok(used)
}

/// What came of a wish to revoke.
pub(crate) enum Revocation {
    /// The family is over, by this or before.
    Done,
    /// The family is another client's, and goes on.
    AnothersToken,
    /// This is no refresh token.
    NotOne,
}

/// Ends the family of a token. Any token of it will do, a used one as well: a sign-out that crosses a renewal on the way
/// still ends what the renewal brought.
pub(crate) async fn revoke(
    provider: &Provider,
    client: &Client,
    presented: &str,
    now: UnixTime,
) -> Result<Revocation, Failure> {
    let Some(token) = Token::read(presented) else {
        return Ok(Revocation::NotOne);
    };
    match provider.store.refresh_family(token.family_id(), now).await? {
        Some((grant, _)) if grant.client_id != client.client_id => Ok(Revocation::AnothersToken),
        Some((grant, _)) => {
            provider.store.end_grant(grant.id, now).await?;
            revocations::notice(provider).await?;
            Ok(Revocation::Done)
        }
        None => Ok(Revocation::Done),
    }
}

/// A token taken apart.
struct Token {
    family: [u8; 32],
    secret: [u8; 32],
}

impl Token {
    fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (family, secret) = bytes.split_at(32);
        Some(Self { family: family.try_into().ok()?, secret: secret.try_into().ok()? })
    }

    fn into_text(self) -> RefreshToken {
        RefreshToken::new(URL_SAFE_NO_PAD.encode([self.family, self.secret].concat()))
    }

    /// The family's name is stored as a hash, too: a stolen copy of the store is not even enough to end a family.
    fn family_id(&self) -> SecretHash {
        SecretHash::of_bytes(&self.family)
    }

    fn hash(&self) -> SecretHash {
        SecretHash::of_bytes(&self.secret)
    }

    fn successor(&self, salt: [u8; 32]) -> (Self, [u8; 32]) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.secret);
        let mut secret = [0; 32];
        secret.copy_from_slice(hmac::sign(&key, &salt).as_ref());
        (Self { family: self.family, secret }, salt)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token { family: [1; 32], secret: [2; 32] }
    }

    #[test]
    fn a_token_is_read_as_it_is_written() {
        let read = Token::read(token().into_text().secret()).unwrap();
        assert_eq!((read.family, read.secret), ([1; 32], [2; 32]));
        for wrong in ["", "AAAA", "!", &"A".repeat(85), &"A".repeat(87), &format!("{}=", "A".repeat(86))] {
            assert!(Token::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_successor_follows_from_token_and_salt_together() {
        let (one, _) = token().successor([3; 32]);
        assert_eq!(one.secret, token().successor([3; 32]).0.secret);
        assert_ne!(one.secret, token().successor([4; 32]).0.secret);
        assert_ne!(one.secret, one.successor([3; 32]).0.secret);
        assert_eq!(one.family, token().family);
    }
}
