//! `/.well-known/openid-configuration`, `/.well-known/oauth-authorization-server` and `/.well-known/jwks.json`: exactly
//! what is on, and nothing that is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use evergrant_core::protocol::authorize::Prompt;
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::metadata::ProviderMetadata;
use evergrant_core::protocol::{dpop, pkce};
use serde::Serialize;

use crate::authorize::{IDENTITY_SCOPES, OFFLINE_ACCESS, ResponseMode, ResponseType};
use crate::client_authentication;
use crate::config::{Config, GrantType};
use crate::provider::Provider;

/// Short enough that a change is seen soon, long enough to spare a request at each start of an app.
const CACHED: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"))];

/// Shorter: a withdrawn key must be gone within seconds, from caches on the way as well.
const JWKS_CACHED: &str = "public, max-age=5";

type Cached<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

pub(crate) async fn metadata(State(provider): State<Arc<Provider>>) -> Cached<Metadata> {
    let secrets = client_authentication::METHODS.into_iter().filter(|method| *method != "none");
    let has_devices = provider.config.uses_grant(GrantType::DeviceCode);
    let metadata = Metadata {
        provider: describe(&provider),
        device_authorization_endpoint: has_devices.then(|| provider.config.endpoint("oauth/device_authorization")),
        revocation_endpoint_auth_methods_supported: client_authentication::METHODS.to_vec(),
        introspection_endpoint_auth_methods_supported: secrets.collect(),
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        dpop_signing_alg_values_supported: dpop::ALGORITHMS.map(Algorithm::name).to_vec(),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
    };
    (CACHED, Json(metadata))
}

/// What the issuer says about itself: what our own clients read of it, and what others ask for besides.
#[derive(Serialize)]
pub(crate) struct Metadata {
    #[serde(flatten)]
    provider: ProviderMetadata,
    /// RFC 8628 §4.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_authorization_endpoint: Option<String>,
    /// RFC 8414 §2: without it, `client_secret_basic` alone.
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    /// Discovery §3: without it, `true`.
    request_uri_parameter_supported: bool,
    /// RFC 9449 §5.1.
    dpop_signing_alg_values_supported: Vec<&'static str>,
    /// Back-Channel Logout 1.0 §2.1.
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
}

pub(crate) async fn jwks(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    provider.keys.published().answer(&headers, JWKS_CACHED)
}

fn describe(provider: &Provider) -> ProviderMetadata {
    let config = &provider.config;
    let endpoint = |path: &str| {
        let mut url = config.issuer.url().clone();
        url.set_path(path);
        url.into()
    };
    ProviderMetadata {
        issuer: config.issuer(),
        authorization_endpoint: endpoint("authorize"),
        token_endpoint: Some(endpoint("oauth/token")),
        jwks_uri: endpoint(".well-known/jwks.json"),
        userinfo_endpoint: Some(endpoint("userinfo")),
        end_session_endpoint: Some(endpoint("oidc/logout")),
        revocation_endpoint: Some(endpoint("oauth/revoke")),
        introspection_endpoint: Some(endpoint("oauth/introspect")),
        revoked_tokens_endpoint: Some(endpoint("oauth/revoked")),
        dev_endpoint: provider.dev.then(|| endpoint("dev")),
        response_types_supported: texts(response_types(config)),
        response_modes_supported: texts(ResponseMode::ALL.map(ResponseMode::as_str)),
        grant_types_supported: texts(grant_types(config)),
        subject_types_supported: texts(["public"]),
        id_token_signing_alg_values_supported: texts(id_token_algorithms(config)),
        scopes_supported: texts(scopes(config)),
        claims_supported: texts(CLAIMS),
        token_endpoint_auth_methods_supported: texts(client_authentication::METHODS),
        code_challenge_methods_supported: texts([pkce::METHOD]),
        prompt_values_supported: texts(Prompt::ALL.map(Prompt::as_str)),
        authorization_response_iss_parameter_supported: true,
        require_pushed_authorization_requests: false,
        require_signed_request_object: false,
    }
}

const CLAIMS: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "c_hash",
    "sid",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "preferred_username",
    "picture",
    "zoneinfo",
    "locale",
    "email",
    "email_verified",
];

/// Those that some client may use.
fn response_types(config: &Config) -> impl Iterator<Item = String> {
    ResponseType::ALL
        .into_iter()
        .filter(|kind| config.clients.iter().any(|client| client.may_ask_for(*kind)))
        .map(|kind| kind.to_string())
}

/// `implicit` stands for tokens straight from the authorization endpoint (Dynamic Registration §2).
fn grant_types(config: &Config) -> Vec<&'static str> {
    let used = GrantType::ALL.into_iter().filter(|grant| config.uses_grant(*grant));
    let mut grants: Vec<&str> = used.map(GrantType::as_str).collect();
    let mut types = config.clients.iter().flat_map(|client| &client.response_types);
    if types.any(|kind| kind.is_front_channel()) {
        grants.push("implicit");
    }
    grants
}

fn id_token_algorithms(config: &Config) -> BTreeSet<&'static str> {
    let own = config.clients.iter().filter_map(|client| client.id_token_signing_alg);
    own.chain([config.signing_alg]).map(|algorithm| algorithm.name()).collect()
}

fn scopes(config: &Config) -> impl Iterator<Item = &str> {
    let mut seen = BTreeSet::new();
    let of_apis = config.apis.iter().flat_map(|api| api.scopes.words());
    let stays = config.uses_grant(GrantType::RefreshToken);
    IDENTITY_SCOPES
        .into_iter()
        .chain(stays.then_some(OFFLINE_ACCESS))
        .chain(of_apis)
        .filter(move |word| seen.insert(*word))
}

fn texts<T: Into<String>>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}
