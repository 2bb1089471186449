//! Signing out at the issuer as well.

use evergrant_core::config::Config;
use evergrant_core::protocol::logout::{self, LogoutRequest};
use evergrant_core::protocol::{IdToken, State};
use evergrant_core::session::Failure;

use crate::provider::Provider;
use crate::storage::Store;
use crate::{crypto, location};

/// Leaves for the issuer's end-session page; `false` when it has none, and the page stays.
pub(crate) async fn end_issuer_session(
    config: &Config,
    provider: &Provider,
    store: &Store,
    id_token: Option<&IdToken>,
) -> Result<bool, Failure> {
    let metadata = provider.metadata().await?;
    let [entropy, ..] = crypto::entropy()?;
    let state = State::from_entropy(entropy);
    let request = LogoutRequest {
        client_id: &config.client_id,
        id_token_hint: id_token,
        post_logout_redirect_uri: Some(config.post_logout_redirect_uri.as_str()),
        state: Some(&state),
    };
    let Some(url) = logout::end_session_url(&metadata, &request) else { return Ok(false) };
    store.put_logout_state(&state);
    location::go(url.as_str())?;
    Ok(true)
}
