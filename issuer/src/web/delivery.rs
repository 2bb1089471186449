//! How an authorization response reaches its client: a redirect, a posted form, or a message between windows.

use std::sync::LazyLock;

use askama::Template;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evergrant_core::protocol::OAuthError;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::framing;
use super::headers::{forbid_storing, see_other};
use super::reason::Reason;
use crate::authorize::ResponseMode;
use crate::authorize::request::Target;
use crate::authorize::response::{self, AuthorizationResponse};
use crate::config::{Client, Config, Origin};
use crate::error::Failure;

/// Sends `answer` the way the request asked for. `silent` when no page was to be shown: then it may be framed.
///
/// # Errors
/// When a page cannot be rendered.
pub(crate) fn deliver(
    client: &Client,
    target: &Target,
    answer: &AuthorizationResponse,
    silent: bool,
) -> Result<Response, Failure> {
    match target.mode {
        ResponseMode::Query => Ok(redirect(client, &answer.address(&target.redirect_uri, false), silent)),
        ResponseMode::Fragment => Ok(redirect(client, &answer.address(&target.redirect_uri, true), silent)),
        ResponseMode::FormPost => {
            let page = FormPost {
                redirect_uri: &target.redirect_uri,
                fields: answer.parameters().collect(),
                script: FORM_POST.content,
            };
            Ok(scripted(client, page.render()?, &FORM_POST))
        }
        ResponseMode::WebMessage => {
            let page = WebMessage { data: message(&target.redirect_uri, answer), script: WEB_MESSAGE.content };
            Ok(scripted(client, page.render()?, &WEB_MESSAGE))
        }
    }
}

/// Sends an error, as [`deliver`] does.
///
/// # Errors
/// When a page cannot be rendered.
pub(crate) fn deliver_error(
    config: &Config,
    client: &Client,
    target: &Target,
    error: &OAuthError,
    silent: bool,
) -> Result<Response, Failure> {
    let mut response = deliver(client, target, &response::error(config, target, error), silent)?;
    Reason::add_error(&mut response, error);
    Ok(response)
}

/// A form that sends itself (OAuth 2.0 Form Post Response Mode §2).
#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    redirect_uri: &'a str,
    fields: Vec<(&'a str, &'a str)>,
    script: &'static str,
}

/// A page that tells the window that opened or framed it, and nobody else.
#[derive(Template)]
#[template(path = "web_message.html")]
struct WebMessage {
    data: String,
    script: &'static str,
}

/// A script that stands in a page, with the one source its policy allows: the hash of this very text.
struct Script {
    content: &'static str,
    source: LazyLock<String>,
}

static FORM_POST: Script = Script {
    content: include_str!("../../assets/form_post.js"),
    source: LazyLock::new(|| hash_source(FORM_POST.content)),
};

static WEB_MESSAGE: Script = Script {
    content: include_str!("../../assets/web_message.js"),
    source: LazyLock::new(|| hash_source(WEB_MESSAGE.content)),
};

/// CSP Level 3 §2.3.1, hash-source.
fn hash_source(script: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script.as_bytes())))
}

fn redirect(client: &Client, location: &str, silent: bool) -> Response {
    let mut response = see_other(location);
    if silent && let Some(policy) = framing::policy(client, "") {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The message and the one origin it is for, as JSON that can stand between script tags.
fn message(redirect_uri: &str, answer: &AuthorizationResponse) -> String {
    let origin = Url::parse(redirect_uri).ok().and_then(|url| Origin::of(&url));
    let response: Map<String, Value> =
        answer.parameters().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let message = json!({ "type": "authorization_response", "response": response });
    let data = json!({ "origin": origin.as_ref().map(Origin::as_str), "message": message });
    data.to_string().replace('<', "\\u003c")
}

fn scripted(client: &Client, html: String, script: &Script) -> Response {
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    forbid_storing(headers);
    let (referrer_policy, none): (HeaderName, _) = (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(referrer_policy, none);
    // No `form-action`: browsers apply it to where the client sends its own visitor after the post, too.
    let directives = format!("script-src {}; base-uri 'none'; ", *script.source);
    match framing::policy(client, &directives) {
        Some(policy) => headers.insert(header::CONTENT_SECURITY_POLICY, policy),
        None => headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    };
    response
}
