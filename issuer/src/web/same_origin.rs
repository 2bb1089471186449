//! The first guard of every form post: it must come from a page of the issuer's own. The second is the form's token.

use axum::extract::Request;
use axum::http::{HeaderMap, header};

use crate::config::{Config, Origin};
use crate::web::PageError;

/// Checks what browsers say about where a post comes from.
///
/// # Errors
/// A page for the person, when it comes from elsewhere.
pub(crate) fn check(headers: &HeaderMap, config: &Config) -> Result<(), PageError> {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let ours = match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => Origin::of(config.issuer.url()).is_some_and(|own| own.as_str() == origin),
        // Not a browser of this decade: the form's token decides.
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(PageError::foreign_post()) }
}

/// The same for every request that is not a GET.
///
/// # Errors
/// A page for the person, when it comes from elsewhere.
pub(crate) fn check_unsafe(request: &Request, config: &Config) -> Result<(), PageError> {
    if request.method().is_safe() { Ok(()) } else { check(request.headers(), config) }
}
