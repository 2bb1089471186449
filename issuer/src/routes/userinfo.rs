//! `GET|POST /userinfo`: the claims an access token opens (OIDC Core §5.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::ErrorCode;
use serde_json::{Map, Value};

use crate::access_tokens::{self, ResourceRequest};
use crate::provider::Provider;
use crate::web::bearer::{self, Presented};
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;

pub(crate) async fn userinfo(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let answer = match bearer::presented(request).await {
        Ok(Some(presented)) => {
            let request = ResourceRequest { method: method.as_str(), path: "userinfo", headers: &headers };
            claims(&provider, request, &presented).await
        }
        Ok(None) => return bearer::nothing_presented(),
        Err(refusal) => Err(refusal),
    };
    let mut response = match answer {
        Ok(claims) => Json(claims).into_response(),
        Err(refusal) => refusal.into_response(),
    };
    forbid_storing(response.headers_mut());
    response
}

async fn claims(
    provider: &Provider,
    request: ResourceRequest<'_>,
    presented: &Presented,
) -> Result<Map<String, Value>, OAuthRefusal> {
    let judged = access_tokens::judge(provider, request, presented, provider.clock.now()).await?;
    // `openid` in the scope is what opens this endpoint, whichever API the token is for.
    if !judged.scope.contains("openid") {
        return Err(OAuthRefusal::bearer(ErrorCode::InsufficientScope, "The scope openid is needed."));
    }
    let person = provider.config.user(judged.sub.as_str());
    let person =
        person.ok_or_else(|| OAuthRefusal::bearer(ErrorCode::InvalidToken, "The access token is about no person."))?;
    let mut claims = person.claims(&judged.scope);
    claims.insert("sub".into(), judged.sub.as_str().into());
    Ok(claims)
}
