//! The pages, as templates with what they show, and the headers all of them have. None has a script.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use tracing::error;

use crate::expenses::Expense;

/// Says who is signed in, and what can be done.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    /// Name and form token of the person who is signed in.
    pub(crate) signed_in: Option<(&'a str, &'a str)>,
    /// That the issuer has ended this browser's session: a heading, and why.
    pub(crate) signed_out: Option<(&'a str, &'a str)>,
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

/// Renders a page. Its policy has no `form-action`: browsers apply that to every redirect that follows a post (CSP3 §6.4.1), and
/// a sign-out leads to wherever the provider ends sessions, and sends people on to.
pub(crate) fn respond(status: StatusCode, page: &impl Template) -> Response {
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
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    );
    // Not `no-referrer`: browsers would then send `Origin: null` with the page's own posts.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
