//! The look of the pages that servers show: a stylesheet and the mark, embedded, under names that change with their content.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

/// Where the stylesheet is.
pub fn stylesheet() -> &'static str {
    &STYLESHEET.path
}

/// Where the mark is.
pub fn mark() -> &'static str {
    &MARK.path
}

/// What to serve at `/assets/{name}`; `None` when nothing is there.
pub fn asset(name: &str) -> Option<Response> {
    let asset = [&*STYLESHEET, &*MARK].into_iter().find(|asset| asset.path.ends_with(&format!("/{name}")))?;
    let headers =
        [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Some((headers, asset.content).into_response())
}

struct Asset {
    path: String,
    media_type: &'static str,
    content: &'static str,
}

static STYLESHEET: LazyLock<Asset> =
    LazyLock::new(|| Asset::embedded("pages", "css", "text/css; charset=utf-8", PAGES));

/// The first part is the app's as well.
const PAGES: &str = concat!(include_str!("../assets/look.css"), include_str!("../assets/pages.css"));

static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::embedded("mark", "svg", "image/svg+xml", include_str!("../assets/mark.svg")));

impl Asset {
    fn embedded(name: &str, extension: &str, media_type: &'static str, content: &'static str) -> Self {
        let hash = Sha256::digest(content.as_bytes());
        let hash: String = hash[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/{name}-{hash}.{extension}"), media_type, content }
    }
}
