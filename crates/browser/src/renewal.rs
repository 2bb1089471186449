//! Renewing a session: by a hidden iframe, or by its refresh token.

use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::authorize::{self, AuthorizationRequest, Flow, Prompt, Transaction};
use evergrant_core::protocol::callback::{self, Granted};
use evergrant_core::protocol::id_token::Expectation;
use evergrant_core::protocol::metadata::ProviderMetadata;
use evergrant_core::protocol::{RefreshToken, Scope, token};
use evergrant_core::session::failure::Silence;
use evergrant_core::session::{Failure, Method, Session, Tokens};
use evergrant_core::time::Now;

use crate::network::is_offline;
use crate::provider::Provider;
use crate::sign_in::{redeem, request_by_message, tokens};
use crate::{clock, crypto, iframe};

/// A renewal that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Why.
    pub(crate) failure: Failure,
    /// R8: the answer was dropped, but the refresh token in it has replaced the one that was sent.
    pub(crate) rotated: Option<RefreshToken>,
    /// R7: the refresh token is good for sure still: it never left, or nobody looked at it.
    pub(crate) unused: bool,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { failure, rotated: None, unused: false }
    }
}

/// Renews `session` by `method`. Dropping the future stops it: the iframe goes, the request is aborted. `on_answer` is called
/// when new tokens are there, before they are validated.
pub(crate) async fn renew(
    config: &Config,
    provider: &Provider,
    session: &Session,
    method: Method,
    on_answer: &dyn Fn(),
) -> Result<Tokens, Failed> {
    match (method, &session.refresh_token) {
        (Method::RefreshToken, Some(refresh_token)) => {
            let body = token::redeem_refresh_token(&config.client_id, refresh_token);
            by_refresh_token(config, provider, Some(session), &body, on_answer).await
        }
        (Method::RefreshToken, None) if session.refresh_cookie => {
            let body = token::redeem_refresh_cookie(&config.client_id);
            by_refresh_token(config, provider, Some(session), &body, on_answer).await
        }
        _ => Ok(by_iframe(config, provider, session.flow, Some(session), on_answer).await?),
    }
}

/// Asks who is signed in, when this page knows no session: by the refresh token in the cookie where there is one (R5),
/// else in a hidden iframe.
pub(crate) async fn ask(config: &Config, provider: &Provider, flow: Flow) -> Result<Tokens, Failure> {
    if config.storage == StorageKind::Cookie && flow == Flow::Code {
        let body = token::redeem_refresh_cookie(&config.client_id);
        match by_refresh_token(config, provider, None, &body, &|| {}).await {
            Ok(tokens) if tokens.id_token.is_some() => return Ok(tokens),
            // OIDC Core §12.2: a refresh may bring no ID token, and then only the issuer can tell who it is.
            Ok(_) => {}
            Err(Failed { failure, .. }) if failure.refuses_the_grant() => {}
            Err(Failed { failure, .. }) => return Err(failure),
        }
    }
    by_iframe(config, provider, flow, None, &|| {}).await
}

/// Gets tokens by asking the issuer in a hidden iframe. `renews` is the session that is renewed; without one, whoever is
/// signed in at the issuer is taken.
async fn by_iframe(
    config: &Config,
    provider: &Provider,
    flow: Flow,
    renews: Option<&Session>,
    on_answer: &dyn Fn(),
) -> Result<Tokens, Failure> {
    let (granted, transaction, requested_at) = ask_in_iframe(config, provider, flow, renews).await?;
    let claims = renews.map(|session| &session.claims);
    tokens(config, provider, granted, &transaction, requested_at, claims, on_answer).await
}

/// Asks the issuer in a hidden iframe with `prompt=none`, and remembers whether that works here. Returns what it granted, to
/// which transaction, and when the request left.
pub(crate) async fn ask_in_iframe(
    config: &Config,
    provider: &Provider,
    flow: Flow,
    renews: Option<&Session>,
) -> Result<(Granted, Transaction, Now), Failure> {
    let metadata = provider.metadata().await?;
    // What was granted beyond the configuration is not given back.
    let scope = renews.map_or_else(|| config.scope.clone(), |session| config.scope.union(&session.scope));
    let answer = silent_answer(config, &metadata, flow, &scope).await;
    let seen = provider.iframe().after(answer.as_ref().map(drop), renews, config, clock::wall());
    let answer = answer.map_err(|failure| seen.explain(failure));
    provider.remember_iframe(seen);
    answer
}

async fn silent_answer(
    config: &Config,
    metadata: &ProviderMetadata,
    flow: Flow,
    scope: &Scope,
) -> Result<(Granted, Transaction, Now), Failure> {
    let (request, origin) = request_by_message(config, metadata, flow);
    // No hint: it would put the ID token into an address. That the person is the same is checked in the answer.
    let request = AuthorizationRequest { scope, prompt: Some(Prompt::None), ..request };
    let requested_at = clock::now();
    let (url, transaction) = authorize::begin(metadata, &request, None, crypto::entropy()?, requested_at.wall);
    let answer = iframe::authorize(url.as_str(), &origin, &transaction.state, config.iframe_timeout).await;
    let params = answer.map_err(|failure| match failure {
        Failure::Silence(Silence::ForeignPage | Silence::OwnPage) if request.response_mode.is_some() => {
            Failure::Silence(Silence::NoMessage)
        }
        failure => failure,
    })?;
    let granted = callback::judge(&params, &transaction, clock::wall())?;
    Ok((granted, transaction, requested_at))
}

/// `session` is the one that is renewed; without it whoever the refresh token stands for is taken.
async fn by_refresh_token(
    config: &Config,
    provider: &Provider,
    session: Option<&Session>,
    body: &str,
    on_answer: &dyn Fn(),
) -> Result<Tokens, Failed> {
    let unused = |failure| Failed { failure, rotated: None, unused: true };
    let metadata = provider.metadata().await.map_err(unused)?;
    let left_offline = is_offline();
    let requested_at = clock::now();
    let response = redeem(config, provider, &metadata, body).await.map_err(|failure| {
        let unused = failure.proves_unused(left_offline && is_offline());
        Failed { failure, rotated: None, unused }
    })?;
    on_answer();
    let algorithms = metadata.signing_algorithms();
    let expected = Expectation {
        issuer: &config.issuer,
        client_id: &config.client_id,
        nonce: None,
        algorithms: &algorithms,
        max_age: None,
        access_token: Some(&response.access_token),
        code: None,
        front_channel: false,
        renews: session.map(|session| &session.claims),
        now: clock::wall(),
        tolerance: config.clock_tolerance,
    };
    let id_token = match response.id_token {
        Some(id_token) => match provider.validate(&id_token, &expected).await {
            Ok(claims) => Some((id_token, claims)),
            Err(failure) => return Err(Failed { failure, rotated: response.refresh_token, unused: false }),
        },
        // OIDC Core §12.2: a refresh may bring none. But a cookie may be somebody else's by now.
        None if session.is_some_and(|session| session.refresh_cookie) => return Err(Failure::NoIdToken.into()),
        None => None,
    };
    Ok(Tokens {
        access_token: Some(response.access_token),
        id_token,
        refresh_token: response.refresh_token,
        scope: response.scope.unwrap_or_else(|| session.map_or(&config.scope, |session| &session.scope).clone()),
        expires_in: response.expires_in,
        flow: session.map_or(Flow::Code, |session| session.flow),
        generation: session.map_or(0, |session| session.generation),
        requested_at,
    })
}
