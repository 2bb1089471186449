//! Signing out at the issuer as well.

use std::time::Duration;

use evergrant_core::config::Config;
use evergrant_core::protocol::logout::{self, LogoutRequest};
use evergrant_core::protocol::revoke;
use evergrant_core::protocol::{IdToken, RefreshToken, State};
use evergrant_core::session::Failure;
use futures_channel::oneshot;

use crate::http::{self, Cookies};
use crate::provider::Provider;
use crate::sign_in::BACKEND;
use crate::storage::Store;
use crate::timer::within;
use crate::{code, crypto, location};

/// How long the person waits for a revocation before the page is left all the same.
const PATIENCE: Duration = Duration::from_secs(2);

/// Revokes the refresh token, where the issuer takes revocations; one in a cookie is revoked by the server that keeps it.
/// Whether that worked changes nothing for the person: the token is forgotten here, and the issuer's session ends next.
pub(crate) async fn revoke(
    config: &Config,
    provider: &Provider,
    refresh_token: Option<&RefreshToken>,
) -> Result<(), Failure> {
    if let Some(url) = config.backend_endpoint("revoke") {
        let body = revoke::refresh_cookie(&config.client_id);
        // What takes longer is ended: the cookie that its answer removes may be that of a sign-in after this.
        let _ = within(PATIENCE, http::post_form(BACKEND, url.as_str(), &body, Cookies::Include)).await;
        return Ok(());
    }
    let Some(refresh_token) = refresh_token else { return Ok(()) };
    let Some(url) = provider.metadata().await?.revocation_endpoint.clone() else { return Ok(()) };
    let body = revoke::refresh_token(&config.client_id, refresh_token);
    let (on_answer, answered) = oneshot::channel::<()>();
    code::spawn(Box::pin(async move {
        let _ = http::post_last_form("the issuer's revocation", url.as_str(), &body).await;
        drop(on_answer);
    }));
    // It reaches the issuer also when that takes longer.
    let _ = within(PATIENCE, answered).await;
    Ok(())
}

/// Leaves for the issuer's end-session page; `false` when it has none, or when there is no ID token to say who leaves: the
/// page stays then. The page that comes back finds out from the store whether the person was signed out for being `idle`.
pub(crate) async fn end_issuer_session(
    config: &Config,
    provider: &Provider,
    store: &Store,
    id_token: Option<&IdToken>,
    idle: bool,
) -> Result<bool, Failure> {
    let Some(id_token) = id_token else { return Ok(false) };
    let metadata = provider.metadata().await?;
    let [entropy, ..] = crypto::entropy()?;
    let state = State::from_entropy(entropy);
    let request = LogoutRequest {
        client_id: &config.client_id,
        id_token_hint: Some(id_token),
        post_logout_redirect_uri: Some(config.post_logout_redirect_uri.as_str()),
        state: Some(&state),
        parameters: &config.logout_parameters,
    };
    let Some(url) = logout::end_session_url(&metadata, &request) else { return Ok(false) };
    store.put_logout_state(&state);
    if idle {
        store.put_idle_end();
    }
    location::go(url.as_str())?;
    Ok(true)
}
