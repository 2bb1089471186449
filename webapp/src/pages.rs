//! The pages, as templates with what they show, and the headers all of them have. None has a script.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use evergrant_server::Origin;
use tracing::error;

use crate::expenses::Expense;

/// Says who is signed in, and what can be done.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    /// Name and form token of the person who is signed in.
    pub(crate) signed_in: Option<(&'a str, &'a str)>,
}

/// Lists the expenses.
#[derive(Template)]
#[template(path = "expenses.html")]
pub(crate) struct ExpensesPage<'a> {
    pub(crate) person: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) expenses: &'a [Expense],
    pub(crate) total: String,
    /// When the access token that the API saw was issued: for people, and in seconds since the epoch.
    pub(crate) token_issued_at: (String, i64),
}

/// Says something, and where to go from there.
#[derive(Template)]
#[template(path = "message.html")]
pub(crate) struct MessagePage<'a> {
    pub(crate) heading: &'a str,
    pub(crate) sentence: &'a str,
    pub(crate) href: &'a str,
    pub(crate) label: &'a str,
}

/// Renders a page. Its forms lead here, and on to `issuer` where that is given: browsers apply `form-action` to the
/// redirects that follow a post, too.
pub(crate) fn respond(status: StatusCode, page: &impl Template, issuer: Option<&Origin>) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(failure) => {
            error!("a page cannot be rendered: {failure}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let form_action = issuer.map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'{form_action}; \
         frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    // Not `no-referrer`: browsers would then send `Origin: null` with the page's own posts.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
