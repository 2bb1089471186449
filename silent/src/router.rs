//! The one list of routes, and what holds for all of them.

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    trace::TraceLayer,
};

use crate::{AppDirError, Options, Origin, app_dir::AppDir, silent_page::SilentPage};

/// What every answer says: that its type is what it is said to be, and that nobody is told where a person comes from.
pub(crate) const COMMON_HEADERS: [(HeaderName, &str); 2] =
    [(header::X_CONTENT_TYPE_OPTIONS, "nosniff"), (header::REFERRER_POLICY, "no-referrer")];

/// Every route of the server.
///
/// # Errors
/// When `--app-dir` is given and holds no app.
pub(crate) fn router(options: &Options) -> Result<Router, AppDirError> {
    for origin in options.app_origins.iter().filter(|origin| origin.is_ipv6()) {
        tracing::warn!(
            "no browser lets {origin} frame the silent page: a policy cannot name an IPv6 address. Reach the app by a name, such \
             as localhost"
        );
    }
    let page = SilentPage::new(&options.app_origins);
    let silent = get(move || async move { page.into_response() });
    let router =
        Router::new().route("/silent", silent.clone()).route("/silent.html", silent).route("/healthz", get("ok"));
    let router = match &options.app_dir {
        Some(dir) => {
            let app = AppDir::open(dir, &options.connect_origins, options.any_issuer)?;
            router.fallback(move |request: Request| async move { app.serve(request).await })
        }
        None => router.fallback(nothing_here),
    };
    Ok(router
        .layer(cors(&options.app_origins))
        .layer(map_response(with_common_headers))
        .layer(TraceLayer::new_for_http().make_span_with(span_without_query)))
}

/// The named origins may read what is served here; nobody else may.
fn cors(origins: &[Origin]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new().allow_origin(AllowOrigin::list(origins)).allow_methods([Method::GET])
}

async fn with_common_headers(mut response: Response) -> Response {
    for (name, value) in COMMON_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The query of `/silent` is an authorization response: it holds the code.
fn span_without_query<B>(request: &axum::http::Request<B>) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}

async fn nothing_here() -> Response {
    let sentence = "There is nothing here: this server has the silent callback at /silent.\n";
    (StatusCode::NOT_FOUND, sentence).into_response()
}
