//! The way to the issuer and back, by the hybrid flow: an ID token at once, and a code that becomes the other tokens.

use evergrant_core::address::Address;
use evergrant_core::protocol::authorize::{AuthorizationParameters, AuthorizationRequest, Flow, Transaction};
use evergrant_core::protocol::callback::CallbackError;
use evergrant_core::protocol::metadata::ProviderMetadata;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{hybrid, token};
use evergrant_core::session::Failure;
use tokio::time::Instant;

use crate::config::Config;
use crate::pending::PendingSignIn;
use crate::session::{Session, Tokens};
use crate::web_app::WebApp;

/// Begins a sign-in: where to go, and what it is known by.
pub(crate) async fn begin(app: &WebApp, pending: &PendingSignIn) -> Result<(Address, Transaction), Failure> {
    Ok(transaction(&app.config, &*app.provider.metadata().await?, pending))
}

/// Judges the response that was posted, and gets the tokens it leads to. `pending` is what this browser remembers.
pub(crate) async fn complete(
    app: &WebApp,
    params: &Params,
    pending: Option<PendingSignIn>,
    form_token: String,
) -> Result<Session, Failure> {
    let pending = pending.ok_or(CallbackError::State)?;
    if pending.is_stale(evergrant_native::now()) {
        return Err(CallbackError::Stale.into());
    }
    let WebApp { config, provider, .. } = app;
    let metadata = provider.metadata().await?;
    let (_, transaction) = transaction(config, &metadata, &pending);
    let granted = hybrid::judge(params, &transaction, evergrant_native::now())?;
    let algorithms = metadata.signing_algorithms();
    let common = || provider.expectation(&config.client_id, &algorithms);
    // Before the code is redeemed: one that was swapped on the way does not fit this ID token.
    let first = provider.validate(&granted.id_token, &granted.expectation(&transaction, common())).await?;

    let body =
        token::redeem_code(&config.client_id, &granted.code, &transaction.code_verifier, &transaction.redirect_uri);
    let requested_at = Instant::now();
    let response = provider.redeem_code(body, Some(&app.authorization())).await?;
    let id_token = response.id_token.clone().ok_or(Failure::NoIdToken)?;
    let expected = hybrid::second_expectation(&first, &transaction, &response.access_token, common());
    let claims = provider.validate(&id_token, &expected).await?;
    Ok(Session { claims, form_token, tokens: Tokens::new(response, id_token, requested_at).into() })
}

/// The same whenever it is asked for the same pending sign-in.
fn transaction(config: &Config, metadata: &ProviderMetadata, pending: &PendingSignIn) -> (Address, Transaction) {
    let request = AuthorizationRequest {
        client_id: &config.client_id,
        redirect_uri: &config.redirect_uri(),
        flow: Flow::Code,
        scope: &config.scope,
        audience: config.audience.as_deref(),
        response_mode: None,
        prompt: None,
        parameters: &AuthorizationParameters::default(),
        id_token_hint: None,
    };
    hybrid::begin(metadata, &request, pending.entropy(), pending.begun_at)
}
