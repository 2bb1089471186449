//! A built app, as `trunk build` leaves it: its files, its pages, and the headers it needs.

mod caching;
mod content_security_policy;
mod inline;

use std::path::Path;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{AppendHeaders, IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

use crate::Origin;
pub(crate) use caching::{FOREVER, REVALIDATE, is_named_by_content};
use content_security_policy::ContentSecurityPolicy;
pub(crate) use inline::hash_source;

/// Why a directory cannot be served as an app.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} (--app-dir) holds no index.html: build the app there first.")]
pub struct AppDirError(String);

/// The directory of a built app.
#[derive(Debug, Clone)]
pub(crate) struct AppDir {
    files: ServeDir,
    index: ServeFile,
    policy: ContentSecurityPolicy,
}

impl AppDir {
    pub(crate) fn open(dir: &Path, connect_origins: &[Origin], any_issuer: bool) -> Result<Self, AppDirError> {
        let index = dir.join("index.html");
        if !index.is_file() {
            return Err(AppDirError(dir.display().to_string()));
        }
        let files = ServeDir::new(dir).append_index_html_on_directories(false);
        Ok(Self {
            files: files.precompressed_br().precompressed_gzip(),
            index: ServeFile::new(index).precompressed_br().precompressed_gzip(),
            policy: ContentSecurityPolicy::new(dir, connect_origins, any_issuer),
        })
    }

    /// A file; or the app's page, where a person navigates to one of the app's own paths.
    pub(crate) async fn serve(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        if path == "/" || path == "/index.html" {
            return self.page(request).await;
        }
        let (mut head, _) = request.into_parts();
        if !is_for_a_part(&head) {
            head.headers.remove(header::RANGE);
        }
        let request = || Request::from_parts(head.clone(), Body::empty());
        let Ok(file) = self.files.clone().oneshot(request()).await;
        let status = match file.status() {
            // What is too long for a name is no file's.
            StatusCode::INTERNAL_SERVER_ERROR if path.len() > LONGEST_NAME => StatusCode::NOT_FOUND,
            status => status,
        };
        match status {
            StatusCode::NOT_FOUND if is_navigation(&head) => self.page(request()).await,
            StatusCode::NOT_FOUND => no_such_file(),
            StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => {
                ([(header::CACHE_CONTROL, caching::cache_control(&path))], file).into_response()
            }
            _ => file.into_response(),
        }
    }

    /// `index.html`, always whole: a policy that changed with `config.json` must not depend on how
    /// a browser merges the headers of a `304 Not Modified` into those it stored.
    async fn page(&self, mut request: Request) -> Response {
        for conditional in [header::IF_MODIFIED_SINCE, header::IF_NONE_MATCH, header::RANGE] {
            request.headers_mut().remove(conditional);
        }
        let has_no_opener = request.headers().get(SEC_FETCH_SITE).is_some_and(|site| site == "none");
        let Ok(page) = self.index.clone().oneshot(request).await;
        if page.status() != StatusCode::OK {
            return if page.status() == StatusCode::NOT_FOUND { no_such_file() } else { page.into_response() };
        }
        let vary = AppendHeaders([(header::VARY, SEC_FETCH_SITE)]);
        let mut page = (self.page_headers().await, vary, page).into_response();
        if has_no_opener {
            page.headers_mut().remove(CROSS_ORIGIN_OPENER_POLICY);
        }
        page
    }

    /// The headers of the app's page, for the files as they are now, whoever asks for it.
    pub(crate) async fn page_headers(&self) -> [(HeaderName, HeaderValue); 3] {
        [
            (header::CACHE_CONTROL, HeaderValue::from_static(caching::REVALIDATE)),
            (header::CONTENT_SECURITY_POLICY, self.policy.now().await),
            (CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin-allow-popups")),
        ]
    }
}

/// Keeps other windows' hands off the app, but lets a sign-in by popup answer its opener
/// (HTML §7.1.3). A browser that learns of it puts the page into another process than it had begun: the app is there a quarter later
/// then, which is for next to nothing where no page led to it.
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Where a request comes from (Fetch Metadata §2.3): `none` when a person typed the address, chose a bookmark, or came from another
/// program. Another page has its hands on it then only if it opened the window before the person typed into it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What file systems take for the name of a file, in bytes.
const LONGEST_NAME: usize = 255;

/// Whether a part of a file may be sent: of which unit it is has to be known (RFC 9110 §14.2), and that it is a part of the same
/// file as another, which is not looked at here (§13.1.5).
fn is_for_a_part(head: &Parts) -> bool {
    let unit = head.headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.split('=').next());
    unit == Some("bytes") && !head.headers.contains_key(header::IF_RANGE)
}

/// Whether a browser asks for a page, and not for a script, an image or data.
fn is_navigation(head: &Parts) -> bool {
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    let accept = head.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let page = head.uri.path().rsplit('/').next().is_some_and(|name| !name.contains('.'));
    reads && page && accept.is_some_and(|accept| accept.contains("text/html"))
}

fn no_such_file() -> Response {
    (StatusCode::NOT_FOUND, "There is no such file in the app.\n").into_response()
}
