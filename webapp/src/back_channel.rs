//! Back-Channel Logout 1.0: the issuer says that a session of its own is over, and so those that were begun with it end here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use evergrant_core::protocol::logout_token::LogoutTokenError;
use evergrant_core::session::Failure;
use evergrant_core::time::UnixTime;
use tracing::info;

use crate::crypto::Fingerprint;
use crate::provider::CLOCK_TOLERANCE;
use crate::sign_out;
use crate::web_app::WebApp;

/// The most that are remembered; the issuer alone can make any come.
const MOST: usize = 10_000;

/// Logout tokens that came, by their `jti`, until they would be refused as expired.
#[derive(Debug, Default)]
pub(crate) struct Received(Mutex<HashMap<Fingerprint, UnixTime>>);

impl Received {
    /// Whether this is the first time (§2.6, step 8).
    fn is_new(&self, jti: &str, expires_at: UnixTime, now: UnixTime) -> bool {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        received.retain(|_, expires_at| *expires_at > now);
        if received.len() >= MOST
            && let Some(first) = received.iter().min_by_key(|(_, expires_at)| **expires_at).map(|(jti, _)| *jti)
        {
            received.remove(&first);
        }
        received.insert(Fingerprint::of(jti), expires_at).is_none()
    }
}

/// What became of a logout request.
pub(crate) enum Outcome {
    /// The sessions that it is about are over.
    Done,
    /// It is none that counts.
    Refused(LogoutTokenError),
}

/// Judges a logout token, and ends what it is about (§2.7).
///
/// # Errors
/// When the issuer's keys cannot be had: it could not be judged.
pub(crate) async fn log_out(app: &Arc<WebApp>, token: &str) -> Result<Outcome, Failure> {
    let now = evergrant_native::now();
    let claims = match app.provider.validate_logout_token(token, &app.config.client_id).await? {
        Ok(claims) => claims,
        Err(error) => return Ok(Outcome::Refused(error)),
    };
    if !app.received.is_new(&claims.jti, UnixTime::from_seconds(claims.exp) + CLOCK_TOLERANCE, now) {
        return Ok(Outcome::Refused(LogoutTokenError::Repeated));
    }
    let ended = app.sessions.end_all_of(claims.sid.as_deref(), claims.sub.as_ref());
    info!(sessions = ended.len(), "the issuer says that a session is over");
    // Nobody has these refresh tokens any more. The issuer, which waits for the answer, is not asked before it has that.
    sign_out::take_back_by_and_by(app, ended);
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_jti_is_new_once_until_its_token_has_expired_and_memory_is_bounded() {
        let (received, now) = (Received::default(), UnixTime::from_seconds(1000));
        let later = now + Duration::from_secs(120);
        assert!(received.is_new("a", later, now));
        assert!(!received.is_new("a", later, now));
        assert!(received.is_new("a", later, later), "it is refused for another reason by now");
        for number in 0..2 * MOST {
            assert!(received.is_new(&number.to_string(), later + Duration::from_secs(1), now));
        }
        assert!(received.0.lock().is_ok_and(|received| received.len() == MOST));
    }
}
