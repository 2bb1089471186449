//! Who is signed in: a bounded number of sessions, each of which ends by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::crypto::Fingerprint;
use crate::session::Session;

/// A session ends after so long without a request.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// It ends after so long in any case.
const ABSOLUTE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// When one more comes, the one that was used longest ago goes.
const MOST: usize = 10_000;

/// Sessions by the hash of what the browser holds: the memory of this server opens none.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<Fingerprint, Entry>>);

#[derive(Debug)]
struct Entry {
    session: Arc<Session>,
    begun: Instant,
    used: Instant,
}

impl Sessions {
    /// Begins a session under `id`, which the browser is told and nobody else.
    pub(crate) fn begin(&self, id: &str, session: Session) {
        let now = Instant::now();
        let mut entries = self.entries();
        if entries.len() >= MOST {
            entries.retain(|_, entry| !entry.is_over(now));
        }
        if entries.len() >= MOST
            && let Some(oldest) = entries.iter().min_by_key(|(_, entry)| entry.used).map(|(id, _)| *id)
        {
            entries.remove(&oldest);
        }
        entries.insert(Fingerprint::of(id), Entry { session: Arc::new(session), begun: now, used: now });
    }

    /// The session of whoever presents `id`.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Session>> {
        let (id, now) = (Fingerprint::of(id), Instant::now());
        let mut entries = self.entries();
        if entries.get(&id)?.is_over(now) {
            entries.remove(&id);
        }
        let entry = entries.get_mut(&id)?;
        entry.used = now;
        Some(Arc::clone(&entry.session))
    }

    /// Ends it.
    pub(crate) fn end(&self, id: &str) {
        self.entries().remove(&Fingerprint::of(id));
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Fingerprint, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_over(&self, now: Instant) -> bool {
        now - self.used > IDLE || now - self.begun > ABSOLUTE
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use evergrant_core::protocol::token::TokenResponse;
    use evergrant_core::protocol::{AccessToken, IdToken};
    use serde_json::json;

    use super::*;
    use crate::session::Tokens;

    fn session() -> Session {
        let claims = json!({ "iss": "https://issuer.example/", "sub": "tess", "aud": "server", "exp": 1, "iat": 0 });
        let response = TokenResponse {
            access_token: AccessToken::new("access"),
            token_type: "Bearer".to_owned(),
            expires_in: None,
            refresh_token: None,
            scope: None,
            id_token: None,
        };
        let tokens = Tokens::new(response, IdToken::new("id"), Instant::now());
        Session { claims: serde_json::from_value(claims).unwrap(), form_token: String::new(), tokens: tokens.into() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_without_use_and_in_any_case() {
        let sessions = Sessions::default();
        sessions.begin("a", session());
        assert!(sessions.find("b").is_none());
        for _ in 0..6 {
            tokio::time::advance(IDLE).await;
            assert!(sessions.find("a").is_some(), "it was used");
        }
        tokio::time::advance(IDLE + Duration::from_secs(1)).await;
        assert!(sessions.find("a").is_none(), "it was not used");
        sessions.begin("a", session());
        for _ in 0..7 {
            tokio::time::advance(IDLE).await;
            assert!(sessions.find("a").is_some());
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(sessions.find("a").is_none(), "it is a week old");
    }

    #[tokio::test(start_paused = true)]
    async fn the_least_used_makes_room() {
        let sessions = Sessions::default();
        for id in 0..MOST {
            sessions.begin(&id.to_string(), session());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert!(sessions.find("0").is_some());
        sessions.begin("one more", session());
        assert_eq!(sessions.entries().len(), MOST);
        assert!(sessions.find("0").is_some() && sessions.find("1").is_none());
    }

    #[test]
    fn an_ended_session_is_gone() {
        let sessions = Sessions::default();
        sessions.begin("a", session());
        sessions.end("a");
        assert!(sessions.find("a").is_none());
    }
}
