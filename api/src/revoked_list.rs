//! What the issuer revoked before its time, in a form that is quick to ask.

use std::collections::HashMap;

use evergrant_core::protocol::AccessTokenClaims;
use evergrant_core::protocol::revoked::{Revoked, RevokedTokens};
use evergrant_core::time::UnixTime;

/// Every entry until nothing it names could be accepted any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct RevokedList {
    /// By `jti`, with the time after which the entry may go.
    tokens: HashMap<String, i64>,
    /// By `grant_id`.
    grants: HashMap<String, i64>,
}

impl RevokedList {
    /// This list, and what the issuer just said.
    ///
    /// What is revoked stays so: the issuer may forget a token that has expired by its clock, while the tolerance for clocks
    /// that differ still lets it count here. Entries that were over at `over` go, unless the issuer still says them: a clock
    /// that is ahead for a moment must not lose them, since the issuer says them once.
    pub(crate) fn renewed(&self, said: RevokedTokens, over: UnixTime) -> Self {
        let mut renewed = self.clone();
        for list in [&mut renewed.tokens, &mut renewed.grants] {
            list.retain(|_, exp| UnixTime::from_seconds(*exp) > over);
        }
        for entry in said.revoked {
            let (list, id) = match entry.what {
                Revoked::AccessToken(jti) => (&mut renewed.tokens, jti),
                Revoked::Grant(grant_id) => (&mut renewed.grants, grant_id),
            };
            let exp = list.entry(id).or_insert(entry.exp);
            *exp = entry.exp.max(*exp);
        }
        renewed
    }

    /// Whether the token with these claims is named.
    pub(crate) fn names(&self, claims: &AccessTokenClaims) -> bool {
        let of_grant = || claims.grant_id.as_ref().is_some_and(|grant_id| self.grants.contains_key(grant_id));
        self.tokens.contains_key(&claims.jti) || of_grant()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn list(json: &str) -> RevokedTokens {
        serde_json::from_str(json).unwrap()
    }

    fn claims(jti: &str, grant_id: &str) -> AccessTokenClaims {
        let json = format!(
            r#"{{"iss":"i","sub":"s","aud":"a","client_id":"c","iat":1,"exp":2,"jti":"{jti}","grant_id":"{grant_id}"}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn tokens_are_named_by_their_own_id_or_their_grant() {
        let said = list(r#"{"revoked":[{"jti":"j","exp":100},{"grant_id":"g","exp":100}]}"#);
        let revoked = RevokedList::default().renewed(said, UnixTime::from_seconds(50));
        for (jti, grant_id, named) in [("j", "x", true), ("x", "g", true), ("g", "j", false), ("x", "x", false)] {
            assert_eq!(revoked.names(&claims(jti, grant_id)), named, "{jti} {grant_id}");
        }
    }

    #[test]
    fn an_entry_stays_until_it_is_over_whatever_the_issuer_forgets() {
        let said = list(r#"{"revoked":[{"jti":"j","exp":100},{"grant_id":"g","exp":200}]}"#);
        let revoked = RevokedList::default().renewed(said, UnixTime::from_seconds(50));
        let nothing = || list(r#"{"revoked":[]}"#);
        let later = revoked.renewed(nothing(), UnixTime::from_seconds(99));
        assert!(later.names(&claims("j", "x")) && later.names(&claims("x", "g")));
        let later = later.renewed(nothing(), UnixTime::from_seconds(100));
        assert!(!later.names(&claims("j", "x")) && later.names(&claims("x", "g")));
        let later = later.renewed(nothing(), UnixTime::from_seconds(200));
        assert!(later.tokens.is_empty() && later.grants.is_empty());
    }

    /// The issuer was told that its list is known, so it did not say again what had been lost: revoked tokens counted until
    /// the next one was revoked.
    #[test]
    fn what_was_revoked_was_forgotten_when_the_clock_had_been_ahead() {
        let said = list(r#"{"revoked":[{"jti":"j","exp":100},{"grant_id":"g","exp":200}]}"#);
        let revoked = RevokedList::default().renewed(said, UnixTime::from_seconds(1_000_000));
        assert!(revoked.names(&claims("j", "x")) && revoked.names(&claims("x", "g")));
        let later = revoked.renewed(list(r#"{"revoked":[]}"#), UnixTime::from_seconds(1_000_000));
        assert!(later.tokens.is_empty() && later.grants.is_empty(), "it goes when the issuer does not say it any more");
    }
}
