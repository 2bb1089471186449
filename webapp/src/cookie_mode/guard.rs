//! Who may call: pages of the registered origins, of the same site as this server, and nobody else.
//!
//! A browser sends a form to any server without asking, cookies included; that the answer cannot be read elsewhere (CORS)
//! is not enough. `SameSite=Strict` keeps the cookie out of requests of other sites, and this check refuses the requests
//! themselves, also those of another origin of the same site.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use evergrant_core::protocol::ErrorCode;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tracing::warn;

use super::refusal::Refusal;
use crate::config::CookieMode;

/// Lets a request pass that comes from where it may.
pub(super) async fn check(State(mode): State<Arc<CookieMode>>, request: Request, next: Next) -> Response {
    if comes_from_an_app(request.headers(), &mode) {
        return next.run(request).await;
    }
    // The origin is not repeated: whoever calls chooses it.
    warn!("a request for tokens came from an origin that is not registered, and was refused");
    let description = "this endpoint is for the pages of its own apps: is the app's origin in app_origins?";
    Refusal::forbidden(ErrorCode::AccessDenied, description).into_response()
}

/// The named origins may read the answers, cookies and all; nobody else may, and `*` is never said.
pub(super) fn cors(mode: &CookieMode) -> CorsLayer {
    let origins = mode.app_origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER])
        .max_age(Duration::from_secs(600))
}

fn comes_from_an_app(headers: &HeaderMap, mode: &CookieMode) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Browsers send both with every post of a page; some that are still in use send `Origin` alone.
    let near = text("sec-fetch-site").is_none_or(|site| ["same-origin", "same-site"].contains(&site));
    near && text("origin").is_some_and(|from| mode.app_origins.iter().any(|app| app.as_str() == from))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::http::HeaderName;
    use evergrant_core::protocol::ClientId;

    use super::*;

    fn passes(headers: &[(&'static str, &'static str)]) -> bool {
        let app_origins = vec!["http://localhost:8080".parse().unwrap()];
        let mode = CookieMode { client_id: ClientId::new("app"), client_secret: None, app_origins };
        let header = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        comes_from_an_app(&headers.iter().map(header).collect(), &mode)
    }

    #[test]
    fn an_app_of_the_same_site_passes() {
        let app = ("origin", "http://localhost:8080");
        assert!(passes(&[app, ("sec-fetch-site", "same-site")]));
        assert!(passes(&[app, ("sec-fetch-site", "same-origin")]));
        assert!(passes(&[app]), "a browser that does not send Sec-Fetch-Site yet");
    }

    #[test]
    fn everything_else_is_refused() {
        let app = ("origin", "http://localhost:8080");
        assert!(!passes(&[]), "no page sends a post without an origin");
        assert!(!passes(&[app, ("sec-fetch-site", "cross-site")]));
        assert!(!passes(&[app, ("sec-fetch-site", "none")]));
        for origin in ["null", "http://localhost:8081", "https://localhost:8080", "http://127.0.0.1:8080", ""] {
            assert!(!passes(&[("origin", origin), ("sec-fetch-site", "same-site")]), "{origin}");
        }
    }
}
