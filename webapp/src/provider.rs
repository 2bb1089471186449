//! The issuer as this server sees it: its metadata and keys, fetched when they are needed and kept, and its token endpoint.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evergrant_core::protocol::id_token::{self, Expectation, IdTokenClaims, IdTokenError};
use evergrant_core::protocol::jwk::{JwkSet, KeyChoiceError};
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::metadata::{self, ProviderMetadata};
use evergrant_core::protocol::token::{self, TokenResponse};
use evergrant_core::protocol::{ClientId, IdToken, Issuer};
use evergrant_core::session::Failure;
use evergrant_native::AwsLc;

use crate::http::Http;

/// How far the issuer's clock and this one may differ.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

const TOKEN_ENDPOINT: &str = "the issuer's token endpoint";

/// One issuer.
#[derive(Debug)]
pub(crate) struct Provider {
    http: Http,
    issuer: Issuer,
    metadata: Kept<ProviderMetadata>,
    keys: Kept<JwkSet>,
}

type Kept<T> = Mutex<Option<Arc<T>>>;

impl Provider {
    /// The issuer with this identifier; nothing is fetched yet.
    pub(crate) fn new(http: Http, issuer: Issuer) -> Self {
        Self { http, issuer, metadata: Mutex::default(), keys: Mutex::default() }
    }

    pub(crate) async fn metadata(&self) -> Result<Arc<ProviderMetadata>, Failure> {
        if let Some(metadata) = kept(&self.metadata) {
            return Ok(metadata);
        }
        let endpoint = "the issuer's metadata";
        let answer = self.http.get(endpoint, &metadata::discovery_url(&self.issuer)).await?.unless_busy(endpoint)?;
        Ok(keep(&self.metadata, metadata::judge(&self.issuer, answer.status, &answer.body)?))
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

    /// Validates an ID token; an unknown key refetches the key set, once.
    pub(crate) async fn validate(&self, token: &IdToken, expected: &Expectation<'_>) -> Result<IdTokenClaims, Failure> {
        let known = kept(&self.keys);
        let was_known = known.is_some();
        let keys = match known {
            Some(keys) => keys,
            None => self.fetch_keys().await?,
        };
        match id_token::validate(token, &keys, &AwsLc, expected).await {
            Err(IdTokenError::Key(KeyChoiceError::Unknown(_))) if was_known => {
                let keys = self.fetch_keys().await?;
                Ok(id_token::validate(token, &keys, &AwsLc, expected).await?)
            }
            judged => Ok(judged?),
        }
    }

    /// Posts to the token endpoint and judges the answer.
    pub(crate) async fn redeem(&self, body: String, authorization: Option<&str>) -> Result<TokenResponse, Failure> {
        let metadata = self.metadata().await?;
        let url = metadata.token_endpoint.as_ref().ok_or(Failure::NoEndpoint("token endpoint"))?;
        let answer = self.http.post_form(TOKEN_ENDPOINT, url.as_str(), body, authorization).await?;
        let answer = answer.unless_busy(TOKEN_ENDPOINT)?;
        Ok(token::judge(answer.status, &answer.body)?)
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
        Ok(keep(&self.keys, JwkSet::parse(&answer.body)?))
    }
}

fn kept<T>(place: &Kept<T>) -> Option<Arc<T>> {
    place.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn keep<T>(place: &Kept<T>, value: T) -> Arc<T> {
    let value = Arc::new(value);
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&value));
    value
}
