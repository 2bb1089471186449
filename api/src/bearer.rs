//! The extractor: a handler that asks for [`Bearer`] runs only for requests with a good token.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use evergrant_core::protocol::jwt::{JwtError, Unverified};
use evergrant_core::protocol::{AccessToken, AccessTokenClaims, Scope, dpop};
use evergrant_core::time::UnixTime;
use serde::de::DeserializeOwned;
use tracing::info;

use crate::proof;
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::verifier::{NotAccepted, Verifier};

/// What a token must allow.
pub trait RequiredScope {
    /// Words separated by spaces; all of them are needed.
    const SCOPE: &'static str;

    /// How long ago the person may have signed in, in whole seconds (`auth_time`, RFC 9068 §2.2.1): for what matters more than the
    /// rest, such as a payment. Who signed in earlier is asked to do so again (RFC 9470), and so is whoever's token does not say
    /// when that was. [`Settings::clock_tolerance`] is granted on top, a minute unless it is set. Default: however long.
    const MAX_AGE: Option<Duration> = None;
}

/// Any good token will do.
#[derive(Clone, Copy, Debug)]
pub struct AnyScope;

impl RequiredScope for AnyScope {
    const SCOPE: &'static str = "";
}

/// A good token that allows what `R` asks for. Anything else is answered with a [`Refusal`]. One that is bound to a key counts
/// with a proof of it, as `Authorization: DPoP` (RFC 9449 §7.1), and any other by itself.
///
/// The token is taken from the `Authorization` header alone: queries end up in logs (RFC 6750 §2.3, RFC 9700 §4.3.2). When
/// each token was issued is logged; the token never is.
pub struct Bearer<R> {
    /// What the token says.
    pub claims: Arc<AccessTokenClaims>,
    token: AccessToken,
    required: PhantomData<fn() -> R>,
}

impl<R> Bearer<R> {
    /// What the token says as `T`, which takes from it what it knows: the issuer's own claims as well, such as `roles`, `groups` and
    /// `entitlements` (RFC 9068 §2.2.3.1).
    ///
    /// ```
    /// # use evergrant_api::{AnyScope, Bearer, Refusal};
    /// #[derive(serde::Deserialize)]
    /// struct Rights {
    ///     #[serde(default)]
    ///     roles: Vec<String>,
    /// }
    ///
    /// fn may_approve(token: &Bearer<AnyScope>) -> bool {
    ///     token.all_claims::<Rights>().is_ok_and(|rights| rights.roles.iter().any(|role| role == "approver"))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Claims`] when a claim that `T` needs is not there, or is of another kind.
    pub fn all_claims<T: DeserializeOwned>(&self) -> Result<T, JwtError> {
        Unverified::parse(self.token.secret())?.claims()
    }
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
        let judged = judge(&verifier, parts, R::SCOPE, R::MAX_AGE).await;
        match &judged {
            Ok((claims, _)) => info!(
                issued_at = %UnixTime::from_seconds(claims.iat),
                expires_at = %UnixTime::from_seconds(claims.exp),
                client_id = ?claims.client_id.as_str(),
                "access token accepted"
            ),
            Err(refusal) => info!("refused: {}", refusal.for_the_log()),
        }
        judged.map(|(claims, token)| Self { claims, token, required: PhantomData })
    }
}

async fn judge(
    verifier: &Verifier,
    parts: &Parts,
    scope: &str,
    max_age: Option<Duration>,
) -> Result<(Arc<AccessTokenClaims>, AccessToken), Refusal> {
    let realm = &verifier.settings().audience;
    let (scheme, token) = presented(&parts.headers, realm)?;
    let now = evergrant_native::now();
    let judged = match scheme {
        Scheme::Bearer => verifier.verify(&token, now).await,
        Scheme::Dpop => verify_dpop(verifier, parts, &token, now).await,
    };
    let allowed = judged.map_err(|reason| Refusal::not_accepted(realm, reason));
    let allowed = allowed.and_then(|claims| allow(verifier.settings(), claims, scope, max_age, now));
    let allowed = allowed.map_err(|refusal| if scheme == Scheme::Dpop { refusal.to_dpop() } else { refusal })?;
    Ok((allowed, token))
}

async fn verify_dpop(
    verifier: &Verifier,
    parts: &Parts,
    token: &AccessToken,
    now: UnixTime,
) -> Result<Arc<AccessTokenClaims>, NotAccepted> {
    let proof = proof::presented(&parts.headers)?;
    let addresses = proof::addresses(parts, &verifier.settings().public_origins);
    verifier.verify_dpop(token, proof, (parts.method.as_str(), &addresses), now).await
}

/// Whether a good token is enough.
fn allow(
    settings: &Settings,
    claims: Arc<AccessTokenClaims>,
    scope: &str,
    max_age: Option<Duration>,
    now: UnixTime,
) -> Result<Arc<AccessTokenClaims>, Refusal> {
    let Settings { audience: realm, clock_tolerance, .. } = settings;
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

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

/// RFC 6750 §2.1, RFC 9449 §7.1.
fn presented(headers: &HeaderMap, realm: &str) -> Result<(Scheme, AccessToken), Refusal> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter().filter_map(credentials);
    match (given.next(), given.next()) {
        (None, _) => Err(Refusal::nothing_presented(realm)),
        (Some((scheme, Some(token))), None) => Ok((scheme, AccessToken::new(token))),
        _ => Err(Refusal::unclear(realm)),
    }
}

/// What follows the scheme, if it is one for access tokens; `None` there when it is nothing that a token could be.
fn credentials(value: &HeaderValue) -> Option<(Scheme, Option<&str>)> {
    let name = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    let scheme = match name {
        _ if name.eq_ignore_ascii_case(b"Bearer") => Scheme::Bearer,
        _ if name.eq_ignore_ascii_case(dpop::TOKEN_TYPE.as_bytes()) => Scheme::Dpop,
        _ => return None,
    };
    let token = value.to_str().ok().map(|text| text[name.len()..].trim_matches(' '));
    // RFC 6750 §2.1, `b64token`; RFC 9449 §7.1, `token68`.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    Some((scheme, token.filter(|token| !token.is_empty() && token.bytes().all(allowed))))
}
