//! `GET /oauth/revoked`: what was revoked and has not expired by itself, for resource servers that ask every few seconds. It
//! holds identifiers of tokens and grants, which open nothing: anybody may read it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::error::Failure;
use crate::provider::Provider;
use crate::web::oauth_refusal::OAuthRefusal;

pub(crate) async fn revoked(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
) -> Result<Response, OAuthRefusal> {
    let list = provider.revoked.published(provider.clock.now()).await.map_err(Failure::from)?;
    // Nobody in between may hold a revocation back; who asks again keeps the tag by itself.
    Ok(list.answer(&headers, "no-store"))
}
