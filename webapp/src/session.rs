//! Somebody who signed in here: who it is, and their tokens, which never leave this server.

use std::time::Duration;

use evergrant_core::protocol::id_token::IdTokenClaims;
use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::protocol::{AccessToken, IdToken, RefreshToken};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The lifetime assumed when the issuer does not tell (RFC 6749 §5.1 only recommends `expires_in`).
const ASSUMED_LIFETIME: Duration = Duration::from_secs(300);

/// A session. Its tokens are behind a lock that is held while they are refreshed: whoever comes meanwhile waits, and finds
/// new ones.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) claims: IdTokenClaims,
    /// Proves that a form was made by a page of this session.
    pub(crate) form_token: String,
    pub(crate) tokens: Mutex<Tokens>,
}

/// What the issuer gave. `Debug` hides the tokens.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: AccessToken,
    pub(crate) refresh_token: Option<RefreshToken>,
    /// For the issuer, at sign-out.
    pub(crate) id_token: IdToken,
    expires_at: Instant,
}

impl Tokens {
    /// The tokens of an answer to a request that left at `requested_at`; the lifetime counts from there.
    pub(crate) fn new(response: TokenResponse, id_token: IdToken, requested_at: Instant) -> Self {
        // One that no clock reaches says nothing.
        let told = response.expires_in.and_then(|lifetime| requested_at.checked_add(lifetime));
        Self {
            access_token: response.access_token,
            refresh_token: response.refresh_token,
            id_token,
            expires_at: told.unwrap_or(requested_at + ASSUMED_LIFETIME),
        }
    }

    /// Takes over what a refresh brought. The refresh token stays when no other comes (RFC 6749 §6), and so does the ID
    /// token (OIDC Core §12.2).
    pub(crate) fn renew(&mut self, response: TokenResponse, requested_at: Instant) {
        let id_token = response.id_token.clone().unwrap_or_else(|| self.id_token.clone());
        let before = self.refresh_token.take();
        *self = Self::new(response, id_token, requested_at);
        self.refresh_token = self.refresh_token.take().or(before);
    }

    /// Whether the access token is of no use any more.
    pub(crate) fn has_expired(&self) -> bool {
        self.expires_at <= Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(refresh_token: Option<&str>) -> TokenResponse {
        TokenResponse {
            access_token: AccessToken::new("access"),
            token_type: "Bearer".to_owned(),
            expires_in: Some(Duration::from_secs(10)),
            refresh_token: refresh_token.map(RefreshToken::new),
            scope: None,
            id_token: None,
        }
    }

    #[test]
    fn the_refresh_token_stays_until_another_comes() {
        let now = Instant::now();
        let mut tokens = Tokens::new(response(Some("first")), IdToken::new("id"), now);
        tokens.renew(response(None), now);
        assert_eq!(tokens.refresh_token, Some(RefreshToken::new("first")));
        assert_eq!(tokens.id_token, IdToken::new("id"));
        tokens.renew(response(Some("second")), now);
        assert_eq!(tokens.refresh_token, Some(RefreshToken::new("second")));
    }

    #[test]
    fn a_lifetime_beyond_all_clocks_stopped_the_sign_in() {
        let now = Instant::now();
        for lifetime in [Duration::MAX, Duration::from_secs(u64::MAX)] {
            let response = TokenResponse { expires_in: Some(lifetime), ..response(None) };
            assert!(!Tokens::new(response, IdToken::new("id"), now).has_expired());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_lifetime_counts_from_the_request() {
        let asked = Instant::now();
        tokio::time::advance(Duration::from_secs(4)).await;
        let tokens = Tokens::new(response(None), IdToken::new("id"), asked);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(!tokens.has_expired());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(tokens.has_expired());
    }
}
