//! The request that carries a logout token, and what its answer means (Back-Channel Logout 1.0 §2.5, §2.8).

use std::error::Error as _;
use std::time::Duration;

use evergrant_core::protocol::params;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use crate::secret::Secret;

/// How long an answer may take: less than the pause before the next try.
const LIMIT: Duration = Duration::from_secs(10);

/// Posts to clients.
#[derive(Debug)]
pub(super) struct Http {
    over_tls: Client,
    /// For clients without TLS: they are on this machine, and no proxy has business in between.
    in_clear: Client,
}

/// What became of one try.
pub(super) enum Answer {
    /// The client has done what it was told.
    Taken,
    /// It never will.
    Refused(String),
    /// It may another time.
    None(String),
}

impl Http {
    /// # Errors
    /// When this machine cannot do TLS, as a sentence.
    pub(super) async fn open() -> Result<Self, String> {
        let client = || Client::builder().timeout(LIMIT).redirect(Policy::none());
        let build = move || {
            Ok::<_, reqwest::Error>(Self { over_tls: client().build()?, in_clear: client().no_proxy().build()? })
        };
        // It reads files.
        let built = tokio::task::spawn_blocking(build).await.map_err(|_| "the issuer is ending".to_owned())?;
        built.map_err(|error| format!("no request can be made: {}", innermost(&error)))
    }

    pub(super) async fn post_logout_token(&self, uri: &str, token: &Secret) -> Answer {
        let in_clear = uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        let client = if in_clear { &self.in_clear } else { &self.over_tls };
        let body = params::encode([("logout_token", token.expose())]);
        let request = client.post(uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        match request.send().await {
            Ok(response) => judge(response.status()),
            Err(error) => Answer::None(innermost(&error)),
        }
    }
}

/// §2.8: 200, or 204 where a framework makes that of it; 400 is for what would be refused again. A redirect is not followed.
fn judge(status: StatusCode) -> Answer {
    match status.as_u16() {
        200..300 => Answer::Taken,
        408 | 425 | 429 | 500.. => Answer::None(format!("it answers {status}")),
        _ => Answer::Refused(format!("it answers {status}")),
    }
}

/// The innermost reason says most ("Connection refused"), and has no address in it.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer in time".to_owned();
    }
    let Some(mut reason) = error.source() else { return "no reason is known".to_owned() };
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}
