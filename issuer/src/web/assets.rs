//! The stylesheet and the mark: embedded, and served under names that change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use super::PageError;

struct Asset {
    path: String,
    media_type: &'static str,
    content: &'static str,
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    Asset::embedded("issuer", "css", "text/css; charset=utf-8", include_str!("../../assets/issuer.css"))
});

static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::embedded("mark", "svg", "image/svg+xml", include_str!("../../assets/mark.svg")));

/// Where the stylesheet is.
pub(crate) fn stylesheet() -> &'static str {
    &STYLESHEET.path
}

/// Where the mark is.
pub(crate) fn mark() -> &'static str {
    &MARK.path
}

/// Serves an asset by its name.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let assets = [&*STYLESHEET, &*MARK];
    let Some(asset) = assets.into_iter().find(|asset| asset.path.ends_with(&format!("/{name}"))) else {
        return PageError::not_found().into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.content).into_response()
}

impl Asset {
    fn embedded(name: &str, extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let hash = Sha256::digest(content.as_bytes());
        let hash: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/{name}-{hash}.{extension}"), media_type, content }
    }
}
