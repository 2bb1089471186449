//! `GET /secret`: a protected resource, which looks nothing up: a valid token is accepted even while the store is away.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{AccessToken, ErrorCode};
use tracing::warn;

use crate::access_tokens::{self, ResourceRequest};
use crate::provider::Provider;
use crate::web::bearer::Presented;
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;
use crate::web::{PageError, bearer};

pub(crate) async fn secret(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    query: Result<FormText, FormRejection>,
) -> Response {
    let Some(area) = &provider.config.secret_area else {
        return PageError::not_found().into_response();
    };
    let in_query = match query {
        Ok(FormText(query)) if area.allow_query_token => in_query(&query),
        _ => Ok(None),
    };
    let mut response = match (bearer::in_header(&headers), in_query) {
        (Err(refusal), _) | (_, Err(refusal)) => refusal.into_response(),
        (Ok(Some(_)), Ok(Some(_))) => bearer::two_tokens().into_response(),
        (Ok(None), Ok(None)) => bearer::nothing_presented(),
        (Ok(Some(presented)), Ok(None)) | (Ok(None), Ok(Some(presented))) => {
            match judge(&provider, &headers, &presented).await {
                Ok(()) => "Secret area\n".into_response(),
                Err(refusal) => refusal.into_response(),
            }
        }
    };
    forbid_storing(response.headers_mut());
    response
}

fn in_query(query: &str) -> Result<Option<Presented>, OAuthRefusal> {
    let params = Params::parse(query)?;
    let token = params.filled("access_token").map(|token| Presented::Bearer(AccessToken::new(token)));
    if token.is_some() {
        warn!("an access token came in a query, where it ends up in logs: [secret_area] allow_query_token lets it");
    }
    Ok(token)
}

/// Tokens that name an API are for that API, not for this.
async fn judge(provider: &Provider, headers: &HeaderMap, presented: &Presented) -> Result<(), OAuthRefusal> {
    let request = ResourceRequest { method: "GET", path: "secret", headers };
    let claims = access_tokens::judge_alone(provider, request, presented, provider.clock.now()).await?;
    if claims.aud.contains(&provider.config.endpoint("userinfo")) {
        return Ok(());
    }
    Err(OAuthRefusal::bearer(ErrorCode::InvalidToken, "The access token provided is for another API."))
}
