//! Who may show an answer in a frame: nobody, except that a silent answer may be framed by its client's origins.

use axum::http::HeaderValue;

use crate::config::Client;

/// The `Content-Security-Policy` of an answer to `prompt=none`, which is a redirect and shows nothing.
pub(crate) fn silent_policy(client: &Client) -> Option<HeaderValue> {
    let origins: Vec<&str> = client.origins.iter().map(|origin| origin.as_str()).collect();
    let ancestors = if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
    HeaderValue::from_str(&format!("default-src 'none'; frame-ancestors {ancestors}")).ok()
}
