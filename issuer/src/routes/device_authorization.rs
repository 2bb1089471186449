//! `POST /oauth/device_authorization`: a device asks for a code to show to a person (RFC 8628 §3.1, §3.2).

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::params::{self, Params};
use evergrant_core::protocol::{ErrorCode, Scope};
use serde::Serialize;

use super::device;
use crate::authorize;
use crate::client_authentication;
use crate::config::GrantType;
use crate::error::Failure;
use crate::provider::Provider;
use crate::secret::{Secret, SecretHash};
use crate::store::{DeviceAuthorization, DeviceRoom};
use crate::user_code::UserCode;
use crate::web::form::{FormRejection, FormText};
use crate::web::headers::forbid_storing;
use crate::web::oauth_refusal::OAuthRefusal;
use crate::web::peer::Peer;

/// What a device is told (§3.2).
#[derive(Serialize)]
struct DeviceAuthorizationResponse {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    /// Seconds.
    expires_in: u64,
    /// Seconds.
    interval: u64,
}

pub(crate) async fn device_authorization(
    State(provider): State<Arc<Provider>>,
    Peer(address): Peer,
    headers: HeaderMap,
    form: Result<FormText, FormRejection>,
) -> Result<Response, OAuthRefusal> {
    let FormText(text) = form?;
    let params = Params::parse(&text)?;
    let client = client_authentication::authenticate(&provider, address, &headers, &params)?;
    if !client.grants.contains(&GrantType::DeviceCode) {
        return Err(OAuthRefusal::new(
            ErrorCode::UnauthorizedClient,
            "this client is not registered for the grant_type of devices",
        ));
    }
    let asked = params.filled("scope").map_or_else(|| client.default_scope.clone(), Scope::parse);
    let api = authorize::api_or_that_of(&provider.config, &params, &asked)?;
    let scope = authorize::grantable(&asked, api, client.may_stay(api));
    if scope.is_empty() {
        return Err(authorize::no_scope().into());
    }
    let now = provider.clock.now();
    let lifetimes = &provider.config.lifetimes;
    let device_code = Secret::invent_dated(now).map_err(Failure::from)?;
    let wanted = |user_code: &UserCode| DeviceAuthorization {
        device_code: SecretHash::of_dated(device_code.expose()),
        user_code: user_code.hash(),
        client_id: client.client_id.clone(),
        scope: scope.clone(),
        audience: api.map(|api| api.identifier.clone()),
        interval: lifetimes.device_poll_interval,
        created_at: now,
        expires_at: now + lifetimes.device_code,
        answered_at: None,
    };
    let user_code = open(&provider, address, wanted).await?.to_string();
    let verification_uri = provider.config.endpoint(device::PATH.trim_start_matches('/'));
    let mut response = Json(DeviceAuthorizationResponse {
        verification_uri_complete: format!(
            "{verification_uri}?{}",
            params::encode([("user_code", user_code.as_str())])
        ),
        device_code: device_code.expose().to_owned(),
        user_code,
        verification_uri,
        expires_in: lifetimes.device_code.as_secs(),
        interval: lifetimes.device_poll_interval.as_secs(),
    })
    .into_response();
    forbid_storing(response.headers_mut());
    Ok(response)
}

/// Keeps what a device asks for, under a user code that is nobody else's. Anybody can ask, so there is room for so many: at an
/// address, and in all.
async fn open(
    provider: &Provider,
    address: IpAddr,
    wanted: impl Fn(&UserCode) -> DeviceAuthorization,
) -> Result<UserCode, Failure> {
    let limits = &provider.config.limits;
    let room = DeviceRoom {
        address: SecretHash::of(&address.to_string()),
        per_address: limits.open_interactions_per_address.get(),
    };
    let mut user_code = UserCode::invent()?;
    // With the most that may be open, one invention in a million meets a code that is there.
    while !provider.store.open_device_authorization(wanted(&user_code), room).await? {
        user_code = UserCode::invent()?;
    }
    if provider.opened_devices.count() {
        provider.store.trim_device_authorizations(limits.open_interactions.get()).await?;
    }
    Ok(user_code)
}
