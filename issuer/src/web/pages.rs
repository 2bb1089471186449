//! The pages, as templates with what they show, and the headers all of them have.

mod device;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use evergrant_core::protocol::ClientId;
use tracing::error;

use super::headers::forbid_storing;
use crate::dev::requests::LoggedRequest;

pub(crate) use device::{DeviceConfirmPage, DevicePage};

/// Asks for user name and password.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) client_name: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) interaction: &'a str,
    pub(crate) username: &'a str,
    pub(crate) error: Option<&'a str>,
    /// People one can become with one click: user name and full name. Empty unless `--dev`.
    pub(crate) people: Vec<(&'a str, &'a str)>,
}

/// Asks whether a client may have what it asks for.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    pub(crate) client_name: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) interaction: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) person: &'a str,
    pub(crate) api_name: Option<&'a str>,
    /// What the person is asked to share, in words.
    pub(crate) identity: Vec<&'static str>,
    /// The API's own scopes, each with what it lets the client do, if somebody has said so.
    pub(crate) api_scopes: Vec<(&'a str, Option<&'a str>)>,
}

/// Asks whether to sign out.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(crate) struct SignOutPage<'a> {
    pub(crate) person: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
}

/// Says what this server is, and who is signed in.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    pub(crate) issuer: &'a str,
    /// Name and form token of the person who is signed in.
    pub(crate) signed_in: Option<(&'a str, &'a str)>,
}

/// Shows a person where they are signed in.
#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    pub(crate) person: &'a str,
    pub(crate) form_token: &'a str,
    pub(crate) browsers: Vec<AccountEntry>,
    pub(crate) applications: Vec<AccountApplication>,
    pub(crate) consents: Vec<AccountConsent<'a>>,
}

/// What a person allowed an application, and is not asked again.
pub(crate) struct AccountConsent<'a> {
    pub(crate) client_id: &'a ClientId,
    pub(crate) name: &'a str,
    pub(crate) identity: Vec<&'static str>,
    /// The name of an API, a scope of it, and what that lets the client do, if somebody has said so.
    pub(crate) api_scopes: Vec<(&'a str, &'a str, Option<&'a str>)>,
    /// Since when, in words.
    pub(crate) since: String,
}

/// An application that stays signed in, and where.
pub(crate) struct AccountApplication {
    pub(crate) client_id: ClientId,
    pub(crate) name: String,
    pub(crate) places: Vec<AccountEntry>,
}

/// One place where a person is signed in.
pub(crate) struct AccountEntry {
    /// What the form sends back.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) details: String,
    /// Whether it is the browser that shows the page.
    pub(crate) is_this: bool,
}

/// Controls for developers.
#[derive(Template)]
#[template(path = "dev.html")]
pub(crate) struct DevPage {
    /// How many seconds the clock is ahead of the machine's.
    pub(crate) ahead: i64,
    /// How many failures are still to come.
    pub(crate) failures: usize,
    /// The newest first.
    pub(crate) requests: Vec<LoggedRequest>,
}

/// Says something, and nothing more.
#[derive(Template, Default)]
#[template(path = "message.html")]
pub(crate) struct MessagePage<'a> {
    pub(crate) heading: &'a str,
    pub(crate) sentence: &'a str,
    /// What to do about it, where there is something.
    pub(crate) advice: Option<&'a str>,
    /// The application from which to start again: its name and a page of it.
    pub(crate) application: Option<(&'a str, &'a str)>,
    /// Whether somebody wanted to sign out, and could not.
    pub(crate) not_signed_out: bool,
    /// Whether the person finds more of it in their account.
    pub(crate) in_account: bool,
}

/// A page with the headers a page has.
pub(crate) trait Page: Template {
    /// Whether a form of this page leads to a client. Browsers apply `form-action` to every redirect that follows a post (CSP3
    /// §6.4.1), and where the client sends its own visitor from there is not known here: such a page has none.
    fn leads_to_client(&self) -> bool {
        false
    }

    /// Renders it.
    fn respond(&self, status: StatusCode) -> Response {
        match self.render() {
            Ok(html) => with_page_headers((status, Html(html)).into_response(), self.leads_to_client()),
            Err(failure) => {
                error!("a page cannot be rendered: {failure}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl Page for SignInPage<'_> {
    fn leads_to_client(&self) -> bool {
        true
    }
}

impl Page for ConsentPage<'_> {
    fn leads_to_client(&self) -> bool {
        true
    }
}

impl Page for SignOutPage<'_> {
    fn leads_to_client(&self) -> bool {
        true
    }
}

impl Page for AccountPage<'_> {}

impl Page for DevPage {}

impl Page for HomePage<'_> {}

impl Page for MessagePage<'_> {}

fn with_page_headers(mut response: Response, leads_to_client: bool) -> Response {
    let headers = response.headers_mut();
    forbid_storing(headers);
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(if leads_to_client {
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        } else {
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'"
        }),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Not `no-referrer`: browsers would then send `Origin: null` with the page's own posts (Fetch, "append a request
    // Origin header"). To others this sends nothing.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
