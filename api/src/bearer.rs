//! The extractor: a handler that asks for [`Bearer`] runs only for requests with a good token.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use evergrant_core::protocol::{AccessToken, AccessTokenClaims, Scope};
use evergrant_core::time::UnixTime;
use tracing::info;

use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::verifier::Verifier;

/// What a token must allow.
pub trait RequiredScope {
    /// Words separated by spaces; all of them are needed.
    const SCOPE: &'static str;

    /// How long ago the person may have signed in, in whole seconds (`auth_time`, RFC 9068 §2.2.1): for what matters more than the
    /// rest, such as a payment. Who signed in earlier is asked to do so again (RFC 9470), and so is whoever's token does not say
    /// when that was. Default: however long.
    const MAX_AGE: Option<Duration> = None;
}

/// Any good token will do.
#[derive(Clone, Copy, Debug)]
pub struct AnyScope;

impl RequiredScope for AnyScope {
    const SCOPE: &'static str = "";
}

/// A good token that allows what `R` asks for. Anything else is answered with a [`Refusal`].
///
/// The token is taken from the `Authorization` header alone: queries end up in logs (RFC 6750 §2.3, RFC 9700 §4.3.2). When
/// each token was issued is logged; the token never is.
pub struct Bearer<R> {
    /// What the token says.
    pub claims: Arc<AccessTokenClaims>,
    required: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Bearer<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Bearer").field("claims", &self.claims).finish()
    }
}

impl<S, R> FromRequestParts<S> for Bearer<R>
where
    S: Send + Sync,
    Arc<Verifier>: FromRef<S>,
    R: RequiredScope,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let verifier = Arc::<Verifier>::from_ref(state);
        let judged = judge(&verifier, &parts.headers, R::SCOPE, R::MAX_AGE).await;
        match &judged {
            Ok(claims) => info!(
                issued_at = %UnixTime::from_seconds(claims.iat),
                expires_at = %UnixTime::from_seconds(claims.exp),
                client_id = ?claims.client_id.as_str(),
                "access token accepted"
            ),
            Err(refusal) => info!("refused: {}", refusal.for_the_log()),
        }
        judged.map(|claims| Self { claims, required: PhantomData })
    }
}

async fn judge(
    verifier: &Verifier,
    headers: &HeaderMap,
    scope: &str,
    max_age: Option<Duration>,
) -> Result<Arc<AccessTokenClaims>, Refusal> {
    let Settings { audience: realm, clock_tolerance, .. } = verifier.settings();
    let token = presented(headers, realm)?;
    let now = evergrant_native::now();
    let judged = verifier.verify(&token, now).await;
    let claims = judged.map_err(|reason| Refusal::not_accepted(realm, reason))?;
    let needed = Scope::parse(scope);
    if !claims.scope.covers(&needed) {
        return Err(Refusal::insufficient_scope(realm, needed));
    }
    match max_age {
        Some(max_age) if !signed_in_within(max_age, &claims, now - *clock_tolerance) => {
            Err(Refusal::signed_in_too_long_ago(realm, max_age))
        }
        _ => Ok(claims),
    }
}

fn signed_in_within(max_age: Duration, claims: &AccessTokenClaims, now: UnixTime) -> bool {
    claims.auth_time.is_some_and(|auth_time| now <= UnixTime::from_seconds(auth_time) + max_age)
}

/// RFC 6750 §2.1.
fn presented(headers: &HeaderMap, realm: &str) -> Result<AccessToken, Refusal> {
    let mut bearers = headers.get_all(header::AUTHORIZATION).iter().filter_map(bearer_credentials);
    match (bearers.next(), bearers.next()) {
        (None, _) => Err(Refusal::nothing_presented(realm)),
        (Some(Some(token)), None) => Ok(AccessToken::new(token)),
        _ => Err(Refusal::unclear(realm)),
    }
}

/// What follows the scheme `Bearer`, if that is the scheme; `Some(None)` when it is nothing that a token could be.
fn bearer_credentials(value: &HeaderValue) -> Option<Option<&str>> {
    let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return None;
    }
    let token = value.to_str().ok().map(|text| text[scheme.len()..].trim_matches(' '));
    // RFC 6750 §2.1, `b64token`.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    Some(token.filter(|token| !token.is_empty() && token.bytes().all(allowed)))
}
