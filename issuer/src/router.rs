//! The one list of routes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header, request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use tower_http::cors::{AllowCredentials, AllowHeaders, AllowOrigin, Any, CorsLayer};

use crate::dev::{failures, requests};
use crate::dpop;
use crate::provider::Provider;
use crate::routes::{
    account, authorize, consent, dev, device, device_authorization, discovery, health, home, introspect, logout,
    metrics, revoke, revoked, secret, sign_in, token, userinfo,
};
use crate::web::assets;
use crate::web::escort::escort;

/// A path, and what is served there.
type Route = (String, MethodRouter<Arc<Provider>>);

fn for_anyone() -> Vec<Route> {
    // Our identifier ends in a slash, and some clients put another before the path of a document.
    let documents = ["", "/"].into_iter().flat_map(|slash| {
        let at = move |name: &str| format!("{slash}/.well-known/{name}");
        [
            (at("openid-configuration"), get(discovery::metadata)),
            (at("oauth-authorization-server"), get(discovery::metadata)),
            (at("jwks.json"), get(discovery::jwks)),
        ]
    });
    documents.chain(named([("/oauth/revoked", get(revoked::revoked))])).collect()
}

fn for_registered_origins() -> Vec<Route> {
    named([
        ("/oauth/token", post(token::token)),
        ("/oauth/device_authorization", post(device_authorization::device_authorization)),
        ("/oauth/revoke", to_its_end(post(revoke::revoke))),
        ("/userinfo", get(userinfo::userinfo).post(userinfo::userinfo)),
    ])
}

fn others() -> Vec<Route> {
    named([
        ("/oauth/introspect", post(introspect::introspect)),
        ("/", get(home::home)),
        ("/account", get(account::page)),
        ("/account/sign-out", to_its_end(post(account::sign_out))),
        ("/account/withdraw", to_its_end(post(account::withdraw))),
        ("/authorize", get(authorize::authorize).post(authorize::authorize).head(|| no_head("GET, POST"))),
        ("/sign-in", get(sign_in::page).post(sign_in::submit)),
        ("/consent", get(consent::page).post(consent::submit)),
        (device::PATH, get(device::page).post(device::submit)),
        (device::confirm::PATH, get(device::confirm::page).post(device::confirm::submit)),
        ("/oidc/logout", to_its_end(get(logout::oidc).post(logout::oidc).head(|| no_head("GET, POST")))),
        ("/v2/logout", to_its_end(get(logout::v2).head(|| no_head("GET")))),
        ("/sign-out", to_its_end(post(logout::confirmed))),
        ("/secret", get(secret::secret)),
        ("/assets/{name}", get(assets::serve)),
        ("/healthz", get(health::health)),
        ("/livez", get(health::live)),
        ("/metrics", get(metrics::metrics)),
    ])
}

/// What ends something is done though the page that asked for it was closed at once: in a task of its own.
fn to_its_end(served: MethodRouter<Arc<Provider>>) -> MethodRouter<Arc<Provider>> {
    served.layer(from_fn(async |request: Request, next: Next| {
        let answered = tokio::spawn(next.run(request)).await;
        answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }))
}

fn named<const NUMBER: usize>(routes: [(&str, MethodRouter<Arc<Provider>>); NUMBER]) -> Vec<Route> {
    routes.into_iter().map(|(path, served)| (path.to_owned(), served)).collect()
}

/// The paths of all endpoints but those of `--dev`.
pub(crate) fn endpoints() -> Vec<String> {
    [for_anyone(), for_registered_origins(), others()].into_iter().flatten().map(|(path, _)| path).collect()
}

/// The issuer as a service. Serve it with connect info ([`std::net::SocketAddr`]): sign-ins are limited by address.
pub fn router(provider: Arc<Provider>) -> Router {
    let groups = [for_anyone(), for_registered_origins(), others()];
    let groups = groups
        .map(|routes| routes.into_iter().fold(Router::new(), |router, (path, served)| router.route(&path, served)));
    let [for_anyone, for_registered_origins, others] = groups.map(|group| match provider.dev {
        true => group.layer(from_fn_with_state(Arc::clone(&provider), failures::fail)),
        false => group,
    });
    let any_origin = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET])
        .allow_headers(AllowHeaders::mirror_request())
        .vary([header::ORIGIN, header::ACCESS_CONTROL_REQUEST_HEADERS]);
    let mut all = for_anyone
        .layer(any_origin)
        .layer(from_fn_with_state(Arc::clone(&provider), name_registered))
        .merge(for_registered_origins.layer(registered_origins(Arc::clone(&provider))))
        .merge(others);
    if provider.dev {
        let log = from_fn_with_state(Arc::clone(&provider), requests::log);
        all = all.merge(for_developers(Arc::clone(&provider))).layer(log);
    }
    all.fallback(home::nothing_here).layer(from_fn_with_state(Arc::clone(&provider), escort)).with_state(provider)
}

/// There is no HEAD where a GET does something: issues a code, ends a session. It would have to say what a GET does (RFC 9110
/// §9.3.2) without doing it (§9.2.1), for link checkers and previews send it.
async fn no_head(allowed: &'static str) -> (StatusCode, [(HeaderName, &'static str); 1]) {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, allowed)])
}

/// What there is with `--dev` alone.
fn for_developers(provider: Arc<Provider>) -> Router<Arc<Provider>> {
    let controls = Router::new()
        .route("/dev/clock", get(dev::clock).post(dev::move_clock))
        .route("/dev/failure", post(dev::order_failure))
        .route("/dev/sessions/drop", post(dev::drop_sessions))
        .layer(from_fn_with_state(Arc::clone(&provider), dev::guard_controls))
        .layer(registered_origins(Arc::clone(&provider)));
    Router::new()
        .route("/dev", get(dev::page))
        .route("/dev/sign-in", post(sign_in::submit_one_click))
        .route("/dev/requests", get(dev::requests))
        .layer(from_fn_with_state(provider, dev::guard))
        .merge(controls)
}

/// A page that sends its cookies along (Asgardeo's library does, though none is looked at) may not read what anybody may: `*` is
/// not enough for it (Fetch §3.3.5). Registered ones are named; all others have one answer, which caches can keep for them.
async fn name_registered(State(provider): State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin.filter(|origin| is_registered(&provider, origin)).cloned();
    let mut response = next.run(request).await;
    if let Some(origin) = origin {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    response
}

fn is_registered(provider: &Provider, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| provider.config.is_registered_origin(origin))
}

/// Pages of registered clients may read the answers, with whatever headers their libraries add (`Auth0-Client`, those of
/// tracing), and with cookies along: no endpoint here looks at one, and some libraries send them always (`keycloak-js`).
fn registered_origins(provider: Arc<Provider>) -> CorsLayer {
    let registered = move |origin: &HeaderValue, _: &request::Parts| is_registered(&provider, origin);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(registered.clone()))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .allow_credentials(AllowCredentials::predicate(registered))
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER, dpop::NONCE])
        .max_age(Duration::from_secs(600))
}
