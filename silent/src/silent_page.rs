//! The silent callback page: `silent.html` with `silent.js` in it, and the headers around it.
//!
//! The page boots nothing. Its script posts the authorization response to the window that framed
//! it (or, for a sign-in by popup, opened it), and takes it out of its own address:
//!
//! ```text
//! { type: "evergrant:authorization-response", response: "<fragment, or else query, as received>" }
//! ```
//!
//! A fragment without `state` is none of an answer whose code is in the query: some servers leave one there (`#_=_`).
//!
//! Never to `*`. With one app there is one target origin. With several, the script asks the browser
//! who the parent is: Chromium and Safari tell (`location.ancestorOrigins`); Firefox does not, and
//! the referrer answers where the app sends one. Where neither names an allowed origin the message
//! goes out once for each, and the browser drops all but the one whose origin is the parent's
//! (HTML §9.3.3, `targetOrigin`).
//!
//! The script stands in the page so that a renewal costs no further request; the policy admits it
//! by its hash, which is constant because the origins are an attribute and not part of the script.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName},
    response::{IntoResponse, Response},
};

use crate::{Origin, app_dir::hash_source};

/// The `type` of the message the page posts to the app.
pub const MESSAGE_TYPE: &str = "evergrant:authorization-response";

const PAGE: &str = include_str!("../silent.html");
const SCRIPT: &str = include_str!("../silent.js");

/// The page for a fixed list of apps.
#[derive(Debug, Clone)]
pub(crate) struct SilentPage {
    html: String,
    content_security_policy: String,
}

impl SilentPage {
    pub(crate) fn new(app_origins: &[Origin]) -> Self {
        let origins = app_origins.iter().map(Origin::as_str).collect::<Vec<_>>().join(" ");
        Self {
            html: PAGE.replace("{origins}", &origins).replace("{script}", SCRIPT),
            content_security_policy: format!(
                "default-src 'none'; script-src {}; base-uri 'none'; form-action 'none'; frame-ancestors {origins}",
                hash_source(SCRIPT),
            ),
        }
    }

    /// The page as a file.
    pub(crate) fn html(&self) -> &str {
        &self.html
    }

    /// The headers it is served with, beside its type.
    pub(crate) fn headers(&self) -> [(HeaderName, String); 2] {
        [(CACHE_CONTROL, "no-store".to_owned()), (CONTENT_SECURITY_POLICY, self.content_security_policy.clone())]
    }
}

impl IntoResponse for SilentPage {
    fn into_response(self) -> Response {
        let content_type = [(CONTENT_TYPE, "text/html; charset=utf-8")];
        (content_type, self.headers(), self.html).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_and_script_fit_in_one_kilobyte() {
        let bytes = PAGE.len() + SCRIPT.len();
        assert!(bytes <= 1024, "silent.html and silent.js are {bytes} bytes together");
    }

    #[test]
    fn the_script_posts_what_the_contract_says_and_to_nobody_at_large() {
        assert!(SCRIPT.contains(MESSAGE_TYPE));
        assert!(!SCRIPT.contains('*'));
        assert!(!SCRIPT.contains("</"), "the script would end early");
    }
}
