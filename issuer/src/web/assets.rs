//! `GET /assets/…`: the stylesheet and the mark.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use evergrant_server::look;

use super::PageError;

/// Serves an asset by its name.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    look::asset(&name).unwrap_or_else(|| PageError::not_found().into_response())
}
