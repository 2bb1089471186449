//! Who is signed in: a bounded number of sessions, each of which ends by itself, or when the issuer says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evergrant_core::protocol::Subject;
use tokio::time::Instant;

use crate::crypto::Fingerprint;
use crate::session::Session;

/// A session ends after so long without a request.
const IDLE: Duration = Duration::from_secs(24 * 60 * 60);

/// It ends after so long in any case.
const ABSOLUTE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// When one more comes, the one that was used longest ago goes.
const MOST: usize = 10_000;

/// That the issuer's session is over is remembered for so long, for a sign-in that is about to be complete: its ID token came
/// before the logout token.
const SIGN_IN_TAKES: Duration = Duration::from_secs(60);

/// Sessions by the hash of what the browser holds: the memory of this server opens none.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    entries: HashMap<Fingerprint, Entry>,
    /// Sessions of the issuer's that are over, by their `sid`.
    over: HashMap<String, Instant>,
}

#[derive(Debug)]
struct Entry {
    /// None once the issuer has ended it: then it is known why the browser's cookie opens nothing.
    session: Option<Arc<Session>>,
    begun: Instant,
    used: Instant,
}

impl Sessions {
    /// Begins a session under `id`, which the browser is told and nobody else.
    pub(crate) fn begin(&self, id: &str, session: Session) {
        let now = Instant::now();
        let mut known = self.known();
        let is_over = session.claims.sid.as_ref().and_then(|sid| known.over.get(sid));
        let session = match is_over {
            Some(at) if now - *at < SIGN_IN_TAKES => None,
            _ => Some(Arc::new(session)),
        };
        let entries = &mut known.entries;
        if entries.len() >= MOST {
            entries.retain(|_, entry| !entry.is_over(now));
        }
        if entries.len() >= MOST
            && let Some(oldest) = entries.iter().min_by_key(|(_, entry)| entry.used).map(|(id, _)| *id)
        {
            entries.remove(&oldest);
        }
        entries.insert(Fingerprint::of(id), Entry { session, begun: now, used: now });
    }

    /// The session of whoever presents `id`.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Session>> {
        let (id, now) = (Fingerprint::of(id), Instant::now());
        let mut known = self.known();
        if known.entries.get(&id)?.is_over(now) {
            known.entries.remove(&id);
        }
        let entry = known.entries.get_mut(&id)?;
        let session = entry.session.clone()?;
        entry.used = now;
        Some(session)
    }

    /// Whether the issuer has ended the session of whoever presents `id`.
    pub(crate) fn was_signed_out(&self, id: &str) -> bool {
        let known = self.known();
        let entry = known.entries.get(&Fingerprint::of(id));
        entry.is_some_and(|entry| entry.session.is_none() && !entry.is_over(Instant::now()))
    }

    /// Ends those that were begun with the issuer's session `sid`, or by the person `sub` where no session is named; those that
    /// were.
    pub(crate) fn end_all_of(&self, sid: Option<&str>, sub: Option<&Subject>) -> Vec<Arc<Session>> {
        let now = Instant::now();
        let is_meant = |session: &mut Arc<Session>| {
            let claims = &session.claims;
            sid.is_none_or(|sid| claims.sid.as_deref() == Some(sid)) && sub.is_none_or(|sub| claims.sub == *sub)
        };
        let mut known = self.known();
        known.over.retain(|_, at| now - *at < SIGN_IN_TAKES);
        if let Some(sid) = sid.filter(|_| known.over.len() < MOST) {
            known.over.insert(sid.to_owned(), now);
        }
        known.entries.values_mut().filter_map(|entry| entry.session.take_if(is_meant)).collect()
    }

    /// Ends it, and returns it if it was there.
    pub(crate) fn end(&self, id: &str) -> Option<Arc<Session>> {
        self.known().entries.remove(&Fingerprint::of(id))?.session
    }

    fn known(&self) -> MutexGuard<'_, Known> {
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
        session_of("tess", "s")
    }

    fn session_of(sub: &str, sid: &str) -> Session {
        let claims =
            json!({ "iss": "https://issuer.example/", "sub": sub, "sid": sid, "aud": "server", "exp": 1, "iat": 0 });
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
        assert_eq!(sessions.known().entries.len(), MOST);
        assert!(sessions.find("0").is_some() && sessions.find("1").is_none());
    }

    #[test]
    fn an_ended_session_is_gone() {
        let sessions = Sessions::default();
        sessions.begin("a", session());
        sessions.end("a");
        assert!(sessions.find("a").is_none() && !sessions.was_signed_out("a"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_issuer_ends_is_that_session_or_all_of_that_person_and_the_browser_is_told() {
        let sessions = Sessions::default();
        for (id, sub, sid) in [("a", "tess", "1"), ("b", "tess", "1"), ("c", "tess", "2"), ("d", "robin", "3")] {
            sessions.begin(id, session_of(sub, sid));
        }
        let there = || ["a", "b", "c", "d"].map(|id| sessions.find(id).is_some());
        let (tess, robin) = (Subject::new("tess"), Subject::new("robin"));
        assert!(sessions.end_all_of(Some("1"), Some(&robin)).is_empty(), "it is not robin's");
        assert_eq!(there(), [true; 4]);
        assert_eq!(sessions.end_all_of(Some("1"), None).len(), 2);
        assert_eq!(there(), [false, false, true, true]);
        assert_eq!(sessions.end_all_of(None, Some(&tess)).len(), 1);
        assert_eq!(there(), [false, false, false, true]);
        assert!(sessions.was_signed_out("c") && !sessions.was_signed_out("d") && !sessions.was_signed_out("nobody's"));
        tokio::time::advance(IDLE + Duration::from_secs(1)).await;
        assert!(!sessions.was_signed_out("c"), "it would be over anyway");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_that_the_logout_token_overtook_is_over_when_it_begins() {
        let sessions = Sessions::default();
        sessions.end_all_of(Some("1"), None);
        tokio::time::advance(SIGN_IN_TAKES - Duration::from_secs(1)).await;
        sessions.begin("a", session_of("tess", "1"));
        sessions.begin("b", session_of("tess", "2"));
        assert!(sessions.find("a").is_none() && sessions.was_signed_out("a") && sessions.find("b").is_some());
    }
}
