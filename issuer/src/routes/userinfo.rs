//! `GET|POST /userinfo`: the claims an access token opens (OIDC Core §5.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{AccessToken, ErrorCode};
use serde_json::{Map, Value};

use crate::access_tokens;
use crate::provider::Provider;
use crate::web::form::FormText;
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;

pub(crate) async fn userinfo(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let answer = match presented(request).await {
        Ok(Some(token)) => claims(&provider, &token).await,
        Ok(None) => return nothing_presented(),
        Err(refusal) => Err(refusal),
    };
    let mut response = match answer {
        Ok(claims) => Json(claims).into_response(),
        Err(refusal) => refusal.into_response(),
    };
    forbid_storing(response.headers_mut());
    response
}

async fn claims(provider: &Provider, token: &AccessToken) -> Result<Map<String, Value>, OAuthRefusal> {
    let judged = access_tokens::judge(provider, token, provider.clock.now()).await?;
    // `openid` in the scope is what opens this endpoint, whichever API the token is for.
    if !judged.scope.contains("openid") {
        return Err(OAuthRefusal::bearer(ErrorCode::InsufficientScope, "The scope openid is needed."));
    }
    let person = provider.config.user(judged.sub.as_str());
    let person = person
        .ok_or_else(|| OAuthRefusal::bearer(ErrorCode::InvalidToken, "The person has no account here any more."))?;
    let mut claims = person.claims(&judged.scope);
    claims.insert("sub".into(), judged.sub.as_str().into());
    Ok(claims)
}

/// From the header or the body, never from the query, which servers log (RFC 6750 §2.3, RFC 9700 §4.3.2).
async fn presented(request: Request) -> Result<Option<AccessToken>, OAuthRefusal> {
    let in_header = bearer(request.headers());
    let has_form = request.method() == Method::POST && request.headers().contains_key(header::CONTENT_TYPE);
    let in_body = if has_form {
        let FormText(text) = FormText::from_request(request, &()).await?;
        let params = Params::parse(&text).map_err(|_| two_tokens())?;
        params.filled("access_token").map(AccessToken::new)
    } else {
        None
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(two_tokens()),
        (in_header, in_body) => Ok(in_header.or(in_body)),
    }
}

fn bearer(headers: &HeaderMap) -> Option<AccessToken> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| AccessToken::new(token.trim()))
}

/// Without a token there is no error to name (RFC 6750 §3.1).
fn nothing_presented() -> Response {
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    let challenge = HeaderValue::from_static(r#"Bearer realm="evergrant""#);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    forbid_storing(response.headers_mut());
    response
}

fn two_tokens() -> OAuthRefusal {
    OAuthRefusal::bearer(ErrorCode::InvalidRequest, "Present one access token, in one way.")
}
