//! Signing in by redirect: to the issuer, and back with a response that is judged, redeemed and validated.

use evergrant_core::address::Address;
use evergrant_core::config::Config;
use evergrant_core::protocol::authorize::{self, AuthorizationParameters, AuthorizationRequest, Flow, Transaction};
use evergrant_core::protocol::callback::{self, CallbackError, Granted};
use evergrant_core::protocol::id_token::{Expectation, IdTokenClaims};
use evergrant_core::protocol::metadata::ProviderMetadata;
use evergrant_core::protocol::params::Params;
#[cfg(feature = "dpop")]
use evergrant_core::protocol::token::TokenError;
use evergrant_core::protocol::token::{self, TokenResponse};
use evergrant_core::protocol::{ResponseMode, Scope};
use evergrant_core::session::{Failure, SignIn, Tokens};
use evergrant_core::time::{Now, UnixTime};
use futures_util::future::LocalBoxFuture;

use crate::http::{self, Cookies};
use crate::ledger::SharedLedger;
use crate::popup::Popup;
use crate::provider::Provider;
use crate::storage::Store;
use crate::{clock, crypto, location};

const TOKEN_ENDPOINT: &str = "the issuer's token endpoint";
pub(crate) const BACKEND: &str = "the server that keeps the refresh token";

/// Leaves for the issuer. Returns only when that failed, or a moment before the page goes.
pub(crate) async fn begin(
    config: &Config,
    provider: &Provider,
    store: &Store,
    ledger: &SharedLedger,
    sign_in: &SignIn,
) -> Result<(), Failure> {
    if !store.outlives_the_page() {
        return Err(Failure::Browser(
            "a sign-in has to be remembered while you are at the issuer, and site data is blocked for this site"
                .to_owned(),
        ));
    }
    let metadata = provider.metadata().await?;
    ledger.opened().await;
    let (scope, parameters) = wanted(config, sign_in);
    let request = request(config, sign_in.flow, &config.redirect_uri);
    let request = AuthorizationRequest { scope: &scope, parameters: &parameters, ..request };
    let now = clock::wall();
    let return_to = Some(location::own_path(&sign_in.return_to));
    let (url, transaction) = authorize::begin(&metadata, &request, return_to, crypto::entropy()?, now);
    if !store.put_transaction(&transaction, now) {
        return Err(Failure::Browser("its storage is full".to_owned()));
    }
    location::go(url.as_str())
}

/// Signs in in a popup that was opened while the click was handled.
// Boxed, so that there is one of it.
pub(crate) fn in_popup<'a>(
    config: &'a Config,
    provider: &'a Provider,
    popup: Result<Popup, Failure>,
    sign_in: &'a SignIn,
) -> LocalBoxFuture<'a, Result<Tokens, Failure>> {
    Box::pin(answer_of(config, provider, popup, sign_in))
}

async fn answer_of(
    config: &Config,
    provider: &Provider,
    popup: Result<Popup, Failure>,
    sign_in: &SignIn,
) -> Result<Tokens, Failure> {
    let popup = popup?;
    let metadata = provider.metadata().await?;
    let (scope, parameters) = wanted(config, sign_in);
    let (request, origin) = request_by_message(config, &metadata, sign_in.flow);
    let request = AuthorizationRequest { scope: &scope, parameters: &parameters, ..request };
    let (url, transaction) = authorize::begin(&metadata, &request, None, crypto::entropy()?, clock::wall());
    let params = popup.authorize(url.as_str(), origin, &transaction.state).await?;
    let granted = callback::judge(&params, &transaction, clock::wall())?;
    // The person took their time: tokens in the response itself were issued just now, not when it was asked for.
    tokens(config, provider, granted, &transaction, clock::now(), None, &|| {}).await
}

/// What a sign-in asks for and says, by configuration and by itself.
fn wanted(config: &Config, sign_in: &SignIn) -> (Scope, AuthorizationParameters) {
    let parameters = config.authorization_parameters.with(&sign_in.parameters);
    (config.scope.union(&sign_in.scope), parameters)
}

/// A request whose answer is posted by another window, a popup or a hidden iframe; and the origin that posts it.
pub(crate) fn request_by_message<'a>(
    config: &'a Config,
    metadata: &ProviderMetadata,
    flow: Flow,
) -> (AuthorizationRequest<'a>, String) {
    match config.is_answered_by_web_message(metadata) {
        // The issuer posts to the origin of the redirect URI: this one leads to the app.
        true => {
            let request = request(config, flow, &config.redirect_uri);
            let request = AuthorizationRequest { response_mode: Some(ResponseMode::WebMessage), ..request };
            (request, metadata.authorization_endpoint.origin())
        }
        // The silent page answers its opener as it answers its parent.
        false => (request(config, flow, &config.silent_redirect_uri), config.silent_origin()),
    }
}

fn request<'a>(config: &'a Config, flow: Flow, redirect_uri: &'a Address) -> AuthorizationRequest<'a> {
    AuthorizationRequest {
        client_id: &config.client_id,
        redirect_uri: redirect_uri.as_str(),
        flow,
        response_mode: None,
        scope: &config.scope,
        audience: config.audience.as_deref(),
        prompt: config.prompt,
        parameters: &config.authorization_parameters,
        id_token_hint: None,
    }
}

/// Judges the response that came back to the redirect URI, and returns the tokens it leads to.
pub(crate) async fn complete(
    config: &Config,
    provider: &Provider,
    params: &Params,
    transaction: Option<&Transaction>,
) -> Result<Tokens, Failure> {
    let transaction = transaction.ok_or(CallbackError::State)?;
    // RFC 9700 §4.4: what one issuer gave is not shown to another, to which the page may have turned meanwhile.
    if transaction.issuer != config.issuer {
        return Err(CallbackError::Issuer.into());
    }
    let granted = callback::judge(params, transaction, clock::wall())?;
    // Tokens that came in the address were issued before this page was asked for.
    tokens(config, provider, granted, transaction, clock::page_opened(), None, &|| {}).await
}

/// The tokens that a grant leads to, validated in full.
///
/// `requested_at` is when the request for tokens in the response itself left; a code is redeemed by a request of its own.
/// `on_answer` is called when they are there, before they are validated.
pub(crate) async fn tokens(
    config: &Config,
    provider: &Provider,
    granted: Granted,
    transaction: &Transaction,
    requested_at: Now,
    renews: Option<&IdTokenClaims>,
    on_answer: &dyn Fn(),
) -> Result<Tokens, Failure> {
    let metadata = provider.metadata().await?;
    let (response, id_token, requested_at) = match granted {
        Granted::IdToken(id_token) => (None, Some(id_token), requested_at),
        #[cfg(feature = "dpop")]
        // They came in the address, with nothing proved.
        Granted::Tokens(_) if config.dpop => return Err(TokenError::TokenType("Bearer".to_owned()).into()),
        Granted::Tokens(mut response) => {
            let id_token = response.id_token.take();
            (Some(response), id_token, requested_at)
        }
        Granted::Code(code) => {
            let body =
                token::redeem_code(&config.client_id, &code, &transaction.code_verifier, &transaction.redirect_uri);
            let sent = clock::now();
            let mut response = redeem(config, provider, &metadata, &body).await?;
            let id_token = response.id_token.take();
            (Some(response), id_token, sent)
        }
    };
    on_answer();
    let id_token = id_token.ok_or(Failure::NoIdToken)?;
    let algorithms = metadata.signing_algorithms();
    let expected = Expectation {
        issuer: &transaction.issuer,
        client_id: &config.client_id,
        nonce: Some(&transaction.nonce),
        algorithms: &algorithms,
        max_age: transaction.max_age,
        access_token: response.as_ref().map(|response| &response.access_token),
        code: None,
        front_channel: transaction.flow == Flow::Implicit,
        renews,
        now: clock::wall(),
        tolerance: config.clock_tolerance,
    };
    let claims = provider.validate(&id_token, &expected).await?;
    let (access_token, refresh_token, scope, expires_in) = match response {
        Some(response) => (Some(response.access_token), response.refresh_token, response.scope, response.expires_in),
        // The session is as good as the ID token is.
        None => (None, None, None, Some(UnixTime::from_seconds(claims.exp).since(requested_at.wall))),
    };
    Ok(Tokens {
        access_token,
        id_token: Some((id_token, claims)),
        refresh_token,
        scope: scope.unwrap_or_else(|| transaction.scope.clone()),
        expires_in,
        flow: transaction.flow,
        generation: 0,
        requested_at,
    })
}

/// Posts to the token endpoint, the issuer's own or that of the server between, and judges the answer.
pub(crate) async fn redeem(
    config: &Config,
    provider: &Provider,
    metadata: &ProviderMetadata,
    body: &str,
) -> Result<TokenResponse, Failure> {
    let backend = config.backend_endpoint("token");
    let (endpoint, url, cookies) = match &backend {
        Some(url) => (BACKEND, url.as_str(), Cookies::Include),
        None => {
            let url = metadata.token_endpoint.as_ref().ok_or(Failure::NoEndpoint("token endpoint"))?;
            (TOKEN_ENDPOINT, url.as_str(), Cookies::Omit)
        }
    };
    #[cfg(feature = "dpop")]
    if config.dpop {
        return provider.proof_key().redeem(config, endpoint, url, body).await;
    }
    #[cfg(not(feature = "dpop"))]
    let _ = provider;
    let answer = http::post_form(endpoint, url, body, cookies).await?;
    Ok(token::judge(answer.status, &answer.body)?)
}
