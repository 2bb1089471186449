//! The issuer as this server sees it: its metadata and keys, fetched when they are needed and kept for a while, and its token
//! endpoint.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use evergrant_core::protocol::id_token::{self, Expectation, IdTokenClaims, IdTokenError};
use evergrant_core::protocol::jwk::{JwkSet, KeyChoiceError};
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::logout_token::{self, LogoutTokenClaims, LogoutTokenError};
use evergrant_core::protocol::metadata::{self, ProviderMetadata};
use evergrant_core::protocol::token::{self, TokenResponse};
use evergrant_core::protocol::{ClientId, IdToken, Issuer, RefreshToken};
use evergrant_core::session::Failure;
use evergrant_native::AwsLc;

use crate::http::{Answer, Http};

/// How far the issuer's clock and this one may differ.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// How long metadata is kept: endpoints move, and algorithms change, while this server runs.
const METADATA_LASTS: Duration = Duration::from_secs(10 * 60);

/// Anybody can make up logout tokens whose key is unknown; keys that are newer than this are not fetched again for one.
const KEYS_ARE_NEW: Duration = Duration::from_secs(5);

/// How long the first answer to a refresh token may take. One that was lost has used the token up, and issuers forgive that for
/// a few seconds: it has to be asked for again within them.
const FIRST_REFRESH: Duration = Duration::from_secs(2);

const TOKEN_ENDPOINT: &str = "the issuer's token endpoint";

/// One issuer.
#[derive(Debug)]
pub(crate) struct Provider {
    http: Http,
    issuer: Issuer,
    /// And since when.
    metadata: Kept<(Instant, Arc<ProviderMetadata>)>,
    keys: Kept<(Instant, Arc<JwkSet>)>,
}

type Kept<T> = Mutex<Option<T>>;

/// Since when keys are known.
enum Since {
    Before(Instant),
    Now,
}

impl Provider {
    /// The issuer with this identifier; nothing is fetched yet.
    pub(crate) fn new(http: Http, issuer: Issuer) -> Self {
        Self { http, issuer, metadata: Mutex::default(), keys: Mutex::default() }
    }

    pub(crate) async fn metadata(&self) -> Result<Arc<ProviderMetadata>, Failure> {
        self.metadata_at(Instant::now()).await
    }

    async fn metadata_at(&self, now: Instant) -> Result<Arc<ProviderMetadata>, Failure> {
        let metadata = match kept(&self.metadata) {
            Some((since, metadata)) if now.saturating_duration_since(since) < METADATA_LASTS => return Ok(metadata),
            Some((_, before)) => self.fetch_metadata().await.unwrap_or_else(|failure| {
                tracing::warn!("metadata of a while ago are used: {failure}");
                before
            }),
            None => self.fetch_metadata().await?,
        };
        keep(&self.metadata, (now, Arc::clone(&metadata)));
        Ok(metadata)
    }

    async fn fetch_metadata(&self) -> Result<Arc<ProviderMetadata>, Failure> {
        let endpoint = "the issuer's metadata";
        let answer = self.http.get(endpoint, &metadata::discovery_url(&self.issuer)).await?.unless_busy(endpoint)?;
        Ok(Arc::new(metadata::judge(&self.issuer, answer.status, &answer.body)?))
    }

    /// What every ID token for `client_id` must agree with; the rest depends on how it came.
    pub(crate) fn expectation<'a>(&'a self, client_id: &'a ClientId, algorithms: &'a [Algorithm]) -> Expectation<'a> {
        Expectation {
            issuer: &self.issuer,
            client_id,
            nonce: None,
            algorithms,
            max_age: None,
            access_token: None,
            code: None,
            front_channel: false,
            renews: None,
            now: evergrant_native::now(),
            tolerance: CLOCK_TOLERANCE,
        }
    }

    /// Validates an ID token. A key that is unknown, or does not fit the signature, refetches the key set, once: another may have
    /// taken its place, also under its name.
    pub(crate) async fn validate(&self, token: &IdToken, expected: &Expectation<'_>) -> Result<IdTokenClaims, Failure> {
        let validate = async |keys: &JwkSet| id_token::validate(token, keys, &AwsLc, expected).await;
        match self.known_keys().await? {
            (Since::Before(_), keys) => match validate(&keys).await {
                Err(IdTokenError::Key(KeyChoiceError::Unknown(_)) | IdTokenError::Signature) => {
                    Ok(validate(&*self.fetch_keys().await?).await?)
                }
                judged => Ok(judged?),
            },
            (Since::Now, keys) => Ok(validate(&keys).await?),
        }
    }

    /// Validates a logout token, which may be a stranger's: keys are fetched again for it as well, but not more often than every
    /// few seconds.
    ///
    /// # Errors
    /// When there are no keys to judge it by.
    pub(crate) async fn validate_logout_token(
        &self,
        token: &str,
        client_id: &ClientId,
    ) -> Result<Result<LogoutTokenClaims, LogoutTokenError>, Failure> {
        let algorithms = self.metadata().await?.signing_algorithms();
        let expected = self.expectation(client_id, &algorithms);
        let validate = async |keys: &JwkSet| logout_token::validate(token, keys, &AwsLc, &expected).await;
        let (since, keys) = self.known_keys().await?;
        match (validate(&keys).await, since) {
            (
                Err(LogoutTokenError::Key(KeyChoiceError::Unknown(_)) | LogoutTokenError::Signature),
                Since::Before(then),
            ) if then.elapsed() >= KEYS_ARE_NEW => Ok(validate(&*self.fetch_keys().await?).await),
            (judged, _) => Ok(judged),
        }
    }

    async fn known_keys(&self) -> Result<(Since, Arc<JwkSet>), Failure> {
        match kept(&self.keys) {
            Some((then, keys)) => Ok((Since::Before(then), keys)),
            None => Ok((Since::Now, self.fetch_keys().await?)),
        }
    }

    /// Redeems a code at the token endpoint.
    pub(crate) async fn redeem_code(
        &self,
        body: String,
        authorization: Option<&str>,
    ) -> Result<TokenResponse, Failure> {
        let metadata = self.metadata().await?;
        judged(self.http.post_form(TOKEN_ENDPOINT, token_endpoint(&metadata)?, body, authorization).await?)
    }

    /// Redeems a refresh token at the token endpoint. Where no answer comes, it is asked for once more at once: an issuer that
    /// rotates gives the same again within its reuse interval, and takes the token for stolen later.
    pub(crate) async fn refresh(
        &self,
        client_id: &ClientId,
        refresh_token: &RefreshToken,
        authorization: Option<&str>,
    ) -> Result<TokenResponse, Failure> {
        let metadata = self.metadata().await?;
        let (url, http) = (token_endpoint(&metadata)?, &self.http);
        let body = || token::redeem_refresh_token(client_id, refresh_token);
        let first = http.post_form_within(FIRST_REFRESH, TOKEN_ENDPOINT, url, body(), authorization).await;
        judged(match first {
            Err(Failure::Unreachable { .. }) => http.post_form(TOKEN_ENDPOINT, url, body(), authorization).await?,
            answered => answered?,
        })
    }

    /// Revokes a token where the issuer takes revocations (RFC 7009).
    pub(crate) async fn revoke(&self, body: String, authorization: Option<&str>) -> Result<(), Failure> {
        let metadata = self.metadata().await?;
        if let Some(url) = &metadata.revocation_endpoint {
            let endpoint = "the issuer's revocation";
            self.http.post_form(endpoint, url.as_str(), body, authorization).await?.unless_busy(endpoint)?;
        }
        Ok(())
    }

    async fn fetch_keys(&self) -> Result<Arc<JwkSet>, Failure> {
        let endpoint = "the issuer's keys";
        let metadata = self.metadata().await?;
        let answer = self.http.get(endpoint, metadata.jwks_uri.as_str()).await?.unless_busy(endpoint)?;
        let keys = Arc::new(JwkSet::parse(&answer.body)?);
        keep(&self.keys, (Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }
}

fn token_endpoint(metadata: &ProviderMetadata) -> Result<&str, Failure> {
    metadata.token_endpoint.as_ref().map(|url| url.as_str()).ok_or(Failure::NoEndpoint("token endpoint"))
}

fn judged(answer: Answer) -> Result<TokenResponse, Failure> {
    let answer = answer.unless_busy(TOKEN_ENDPOINT)?;
    Ok(token::judge(answer.status, &answer.body)?)
}

fn kept<T: Clone>(place: &Kept<T>) -> Option<T> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn keep<T>(place: &Kept<T>, value: T) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::http::StatusCode;
    use axum::routing::get;
    use axum::{Json, Router};
    use tokio::net::TcpListener;

    use super::*;

    /// An issuer whose token endpoint is elsewhere each time it is asked; the third time it does not say where.
    async fn moving_issuer() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/", listener.local_addr().unwrap());
        let (asked, at) = (Arc::new(AtomicU32::default()), issuer.clone());
        let metadata = async move || match asked.fetch_add(1, Ordering::Relaxed) {
            2 => Err(StatusCode::SERVICE_UNAVAILABLE),
            times => Ok(Json(serde_json::json!({
                "issuer": at, "authorization_endpoint": format!("{at}authorize"), "jwks_uri": format!("{at}jwks"),
                "token_endpoint": format!("{at}token-{times}"),
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }))),
        };
        let router = Router::new().route("/.well-known/openid-configuration", get(metadata));
        tokio::spawn(async { axum::serve(listener, router).await });
        Provider::new(Http::new().unwrap(), Issuer::new(issuer))
    }

    #[tokio::test]
    async fn an_issuer_whose_endpoints_had_moved_was_not_found_until_this_server_began_anew() {
        let (provider, begun) = (moving_issuer().await, Instant::now());
        for (minutes, expected) in [(0, 0), (9, 0), (10, 1), (19, 1), (20, 1), (29, 1), (30, 3)] {
            let metadata = provider.metadata_at(begun + Duration::from_secs(60 * minutes)).await.unwrap();
            let endpoint = metadata.token_endpoint.as_ref().unwrap().as_str();
            assert!(endpoint.ends_with(&format!("/token-{expected}")), "after {minutes} minutes: {endpoint}");
        }
    }
}
