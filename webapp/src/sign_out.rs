//! The end of a session: its refresh token is revoked, and the issuer's own session ends on the issuer's page.

use std::sync::Arc;

use evergrant_core::address::Address;
use evergrant_core::protocol::authorize::AuthorizationParameters;
use evergrant_core::protocol::logout::{self, LogoutRequest};
use evergrant_core::protocol::revoke;
use evergrant_core::session::Failure;
use tracing::warn;

use crate::session::Session;
use crate::web_app::WebApp;

/// Takes the session's refresh token back.
///
/// # Errors
/// When the issuer could not be told.
pub(crate) async fn take_back(app: &WebApp, session: &Session) -> Result<(), Failure> {
    // A refresh that is under way comes first: what it brings is revoked.
    let tokens = session.tokens.lock().await;
    match &tokens.refresh_token {
        Some(refresh_token) => {
            let body = revoke::refresh_token(&app.config.client_id, refresh_token);
            app.provider.revoke(body, Some(&app.authorization())).await
        }
        None => Ok(()),
    }
}

/// The same for sessions that are over, while nobody waits for it.
pub(crate) fn take_back_by_and_by(app: &Arc<WebApp>, over: Vec<Arc<Session>>) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        for session in over {
            if let Err(failure) = take_back(&app, &session).await {
                warn!("the refresh token of a session that is over could not be taken back: {failure}");
            }
        }
    });
}

/// Takes the session's tokens back, and says where the issuer's session ends, if that can be ended.
///
/// # Errors
/// When the issuer could not be told. Here the session is over already.
pub(crate) async fn at_the_issuer(app: &WebApp, session: &Session) -> Result<Option<Address>, Failure> {
    let WebApp { config, provider, .. } = app;
    take_back(app, session).await?;
    let tokens = session.tokens.lock().await;
    let request = LogoutRequest {
        client_id: &config.client_id,
        id_token_hint: Some(&tokens.id_token),
        post_logout_redirect_uri: Some(&config.post_logout_redirect_uri()),
        state: None,
        parameters: &AuthorizationParameters::default(),
    };
    Ok(logout::end_session_url(&*provider.metadata().await?, &request))
}
