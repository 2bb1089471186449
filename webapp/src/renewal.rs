//! An access token that is good: as it was kept, or refreshed first. One refresh at a time for each session.

use std::sync::Arc;

use evergrant_core::protocol::id_token::Expectation;
use evergrant_core::protocol::{AccessToken, ErrorCode};
use evergrant_core::session::Failure;
use tokio::time::Instant;
use tracing::info;

use crate::session::{Session, Tokens};
use crate::web_app::WebApp;

/// Why there is no access token.
#[derive(Debug)]
pub(crate) enum NoAccessToken {
    /// The session cannot be renewed any more: the person has to sign in.
    SignInAgain,
    /// It was not renewed this time.
    Failed(Failure),
}

/// The session's access token, refreshed when it has expired, or when it is the one that the API `refused`.
pub(crate) async fn access_token(
    app: &Arc<WebApp>,
    session: &Arc<Session>,
    refused: Option<AccessToken>,
) -> Result<AccessToken, NoAccessToken> {
    let (app, session) = (Arc::clone(app), Arc::clone(session));
    // A task of its own: a person who leaves the page in the middle must not cost the session its new refresh token.
    let renewal = tokio::spawn(async move {
        let mut tokens = session.tokens.lock().await;
        if tokens.has_expired() || refused.as_ref() == Some(&tokens.access_token) {
            renew(&app, &session, &mut tokens).await?;
        }
        Ok(tokens.access_token.clone())
    });
    renewal.await.unwrap_or(Err(NoAccessToken::SignInAgain))
}

async fn renew(app: &WebApp, session: &Session, tokens: &mut Tokens) -> Result<(), NoAccessToken> {
    let WebApp { config, provider, .. } = app;
    let refresh_token = tokens.refresh_token.as_ref().ok_or(NoAccessToken::SignInAgain)?;
    let requested_at = Instant::now();
    let response = match provider.refresh(&config.client_id, refresh_token, Some(&app.authorization())).await {
        Err(Failure::Token(error)) if error.is(&ErrorCode::InvalidGrant) => return Err(NoAccessToken::SignInAgain),
        answered => answered?,
    };
    if let Some(id_token) = &response.id_token {
        let metadata = provider.metadata().await?;
        let algorithms = metadata.signing_algorithms();
        let expected = Expectation {
            access_token: Some(&response.access_token),
            renews: Some(&session.claims),
            ..provider.expectation(&config.client_id, &algorithms)
        };
        if let Err(failure) = provider.validate(id_token, &expected).await {
            // The answer is dropped, but not the refresh token that replaces the one that was sent.
            tokens.refresh_token = response.refresh_token.or(tokens.refresh_token.take());
            return Err(failure.into());
        }
    }
    tokens.renew(response, requested_at);
    info!("the access token of a session was refreshed");
    Ok(())
}

impl From<Failure> for NoAccessToken {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
