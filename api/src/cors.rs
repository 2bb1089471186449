//! Which web apps may call this API from a page.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use evergrant_server::Origin;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Lets pages of these origins, and of no other, call with an access token and read the answer: a refusal's
/// `WWW-Authenticate` and `Retry-After` as well, which a browser else keeps to itself.
///
/// Put it around everything, so that refusals can be read too.
pub fn cors(origins: &[Origin]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("dpop")])
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}
