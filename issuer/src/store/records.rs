//! The rows, as the rest of the issuer sees them. Secrets appear as hashes alone.

use std::fmt;
use std::time::Duration;

use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::revoked::RevokedEntry;
use evergrant_core::protocol::{ClientId, CodeChallenge, Nonce, Scope, Subject};
use evergrant_core::time::UnixTime;

use crate::secret::{NoEntropy, Secret, SecretHash};

/// A signing key with its private half. `Debug` hides it.
#[derive(Clone)]
pub struct StoredKey {
    /// `kid`: the RFC 7638 thumbprint of the public half.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The client whose tokens alone it signs; `None` for a key of all others.
    pub client_id: Option<ClientId>,
    /// The key in PKCS#8.
    pub pkcs8: Vec<u8>,
    /// When it was made.
    pub created_at: UnixTime,
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StoredKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// A person signed in at the issuer in one browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The hash of the cookie.
    pub id: SecretHash,
    /// What ID tokens call this session: public, and of no use as a cookie.
    pub sid: String,
    /// Who is signed in.
    pub subject: Subject,
    /// Where: the browser and the system it runs on, as far as it says.
    pub device: String,
    /// With which password the person signed in: the fingerprint of its hash; `None` where that was not kept yet.
    pub password: Option<SecretHash>,
    /// When the person last entered credentials.
    pub auth_time: UnixTime,
    /// When the session ends without further use.
    pub idle_until: UnixTime,
    /// When it ends in any case.
    pub absolute_until: UnixTime,
}

/// An authorization request, or the code of a device, that waits for a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Interaction {
    /// The hash of the token in the form and the address.
    pub id: SecretHash,
    /// The hash of the cookie of the browser it was opened in.
    pub browser: SecretHash,
    /// The authorization request, form-encoded as it came; for a device, `client_id` and `user_code`.
    pub request: String,
    /// When it was opened.
    pub created_at: UnixTime,
    /// When it is given up.
    pub expires_at: UnixTime,
    /// When it was answered first.
    pub answered_at: Option<UnixTime>,
    /// Whether its browser came to its page: one that keeps cookies and follows redirects.
    pub shown: bool,
}

/// How much room there is for interactions from where one is opened: where it is full, those go that nobody was shown, the
/// oldest first, and then the oldest of the others; but the latest, whose browsers are on their way to them, have some more.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The hash of the address that a request came from.
    pub address: SecretHash,
    /// The most that may wait in one browser.
    pub per_browser: u32,
    /// The most that may wait at one address.
    pub per_address: u32,
}

impl Room {
    /// Where there is room for so many, so many of the latest stay that nobody was shown yet: a quarter, and at most 20.
    pub(super) fn on_the_way(most: u32) -> u32 {
        most.div_ceil(4).min(20)
    }
}

impl fmt::Debug for Interaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The request holds the client's state and nonce.
        formatter.debug_struct("Interaction").field("created_at", &self.created_at).finish_non_exhaustive()
    }
}

/// Under what a consent is remembered. Scope words mean different things at different APIs, so the API is part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentKey {
    /// Who allowed it.
    pub subject: Subject,
    /// To whom.
    pub client_id: ClientId,
    /// At which API, if any.
    pub audience: Option<String>,
}

/// What a person allowed a client at one API, or at none in particular, and is not asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// To whom.
    pub client_id: ClientId,
    /// At which API, if any.
    pub audience: Option<String>,
    /// What.
    pub scope: Scope,
    /// Since when: of the first of it.
    pub since: UnixTime,
}

impl Consent {
    /// Puts together what is stored word by word: client, audience (empty where there is none), word, and since when. They come
    /// the oldest first, and the newest consent is the first that is returned.
    pub(super) fn gather(words: impl IntoIterator<Item = (String, String, String, UnixTime)>) -> Vec<Self> {
        let mut consents: Vec<Self> = Vec::new();
        for (client_id, audience, word, since) in words {
            let (client_id, audience) = (ClientId::new(client_id), Some(audience).filter(|name| !name.is_empty()));
            let scope = Scope::from(word);
            match consents.iter_mut().find(|known| known.client_id == client_id && known.audience == audience) {
                Some(known) => known.scope = known.scope.union(&scope),
                None => consents.push(Self { client_id, audience, scope, since }),
            }
        }
        consents.reverse();
        consents
    }
}

/// What a person's yes has to do with a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentUse {
    /// Nobody is asked.
    Unneeded,
    /// It was given before, and has to be remembered still.
    Remembered,
    /// It was given just now, and is remembered from now on.
    New,
}

/// Why nothing is granted, though a moment ago nothing was missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overtaken {
    /// The session has ended.
    SessionEnded,
    /// The person has taken back what they allowed.
    ConsentWithdrawn,
}

/// What a person granted a client: everything that tokens are made from, and what revocation ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// See [`Grant::invent_id`].
    pub id: String,
    /// To whom.
    pub client_id: ClientId,
    /// By whom.
    pub subject: Subject,
    /// Which of the person's sessions it came from.
    pub sid: String,
    /// Where that session was; empty when no browser took part.
    pub device: String,
    /// What.
    pub scope: Scope,
    /// At which API, if any.
    pub audience: Option<String>,
    /// With which password, as in [`Session::password`].
    pub password: Option<SecretHash>,
    /// When the person had last entered credentials.
    pub auth_time: UnixTime,
    /// When it was granted.
    pub created_at: UnixTime,
    /// When the last access token expires that it leads to without a refresh token.
    pub tokens_until: UnixTime,
}

impl Grant {
    /// Under what it is remembered that the person allowed it.
    pub(crate) fn consent_key(&self) -> ConsentKey {
        ConsentKey { subject: self.subject.clone(), client_id: self.client_id.clone(), audience: self.audience.clone() }
    }

    /// A new identifier: the time, and 256 random bits. With the time first, what is granted about the same time lies side
    /// by side in every index, and a commit touches few pages.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn invent_id(now: UnixTime) -> Result<String, NoEntropy> {
        Ok(format!("{:012x}{}", now.as_millis(), Secret::invent()?.expose()))
    }
}

/// An authorization code, and what must come back with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The hash of the code.
    pub hash: SecretHash,
    /// Where it was sent; must be repeated (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    /// For the ID token.
    pub nonce: Option<Nonce>,
    /// What the verifier must hash to (RFC 7636 §4.6).
    pub code_challenge: Option<CodeChallenge>,
    /// The key that its sender must have (RFC 9449 §10).
    pub dpop_jkt: Option<JwkThumbprint>,
    /// When it is given up.
    pub expires_at: UnixTime,
}

/// What became of the attempt to use a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeUse {
    /// The first use, in time and by its own client.
    Redeemed(Box<(Grant, Code)>),
    /// It was used before; its grant is over now.
    Replayed,
    /// Unknown, expired, or another client's.
    Refused,
}

/// What of a person's there was to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// Browsers in which they were signed in.
    pub sessions: u32,
    /// Refresh tokens that were good, one for each family.
    pub refresh_tokens: u32,
}

/// All refresh tokens that follow from one grant: one is good at a time, and all end together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    /// The hash of the family's name, which its tokens carry.
    pub id: SecretHash,
    /// What its tokens stand for.
    pub grant_id: String,
    /// The hash of the token that is good now.
    pub current: SecretHash,
    /// When it was begun.
    pub created_at: UnixTime,
    /// When one of its tokens was last used.
    pub last_used_at: UnixTime,
    /// When it ends without further use; never later than `absolute_until`.
    pub expires_at: UnixTime,
    /// When it ends in any case.
    pub absolute_until: UnixTime,
    /// When the last access token expires that its tokens brought so far.
    pub tokens_until: UnixTime,
    /// The key that whoever uses its tokens must have (RFC 9449 §5).
    pub dpop_jkt: Option<JwkThumbprint>,
}

/// A refresh token that was presented, and what is to follow if it is good.
#[derive(Clone, Debug)]
pub struct RefreshUse {
    /// The hash of the family's name.
    pub family: SecretHash,
    /// The hash of the token.
    pub presented: SecretHash,
    /// Who presents it.
    pub client_id: ClientId,
    /// The key that they have shown to have.
    pub proven: Option<JwkThumbprint>,
    /// Whether the family is bound to that key from now on, if it is to none yet.
    pub binds: bool,
    /// The token that takes its place; none where tokens do not rotate.
    pub successor: Option<Successor>,
    /// How long the family then lives without another use.
    pub idle_lifetime: Duration,
    /// For how long a used token still brings its successor.
    pub reuse_interval: Duration,
    /// When the access tokens expire that this use brings, repeated ones included.
    pub tokens_until: UnixTime,
    /// The time.
    pub now: UnixTime,
}

impl RefreshUse {
    /// The key that the family is bound to with this use, if it is to none yet.
    pub(super) fn key_to_bind(&self) -> Option<&JwkThumbprint> {
        self.proven.as_ref().filter(|_| self.binds)
    }
}

/// What is stored of a successor: worthless without the token it follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Successor {
    /// The hash of the successor.
    pub hash: SecretHash,
    /// What it was derived with from its predecessor.
    pub salt: [u8; 32],
}

impl fmt::Debug for Successor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Successor(hidden)")
    }
}

/// What became of a refresh token that was presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// It was good. Its successor is now, or it still is where tokens do not rotate.
    Accepted(Box<Grant>),
    /// It was used a moment ago, and its successor has not been used since: the same one goes out again.
    Repeated(Box<Grant>, Successor),
    /// It was used before; its family is over now.
    Replayed,
    /// Its family is bound to a key that was not shown, and goes on.
    OtherKey,
    /// Unknown, expired, ended, or another client's.
    Refused,
}

/// What a look at the list of what was revoked has read.
#[derive(Clone, Debug)]
pub struct RevokedRead {
    /// In no particular order; those whose tokens have expired are among them until they are swept.
    pub entries: Vec<RevokedEntry>,
    /// Whether this is all there is; otherwise it is what came since the look before.
    pub is_whole: bool,
    /// Where the next look goes on.
    pub mark: RevokedMark,
}

/// How far the list of what was revoked has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokedMark {
    /// Up to the row of this number, where rows get theirs in the order in which they are committed.
    Row(i64),
    /// What was committed when this snapshot was taken, where transactions are committed in any order.
    Snapshot(String),
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_grants_follow_the_time_and_never_repeat() {
        let at = |seconds| Grant::invent_id(UnixTime::from_seconds(seconds)).unwrap();
        let (one, other, later) = (at(999_999_999), at(999_999_999), at(1_000_000_000));
        assert_ne!(one, other);
        assert!(one < later && other < later);
    }
}
