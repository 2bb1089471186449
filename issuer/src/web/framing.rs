//! Who may show an answer in a frame: nobody, except that a client's origins may frame answers to itself that show nothing.

use axum::http::HeaderValue;

use crate::config::Client;

/// The `Content-Security-Policy` of an answer that shows nothing, `directives` beside the two all have.
pub(crate) fn policy(client: &Client, directives: &str) -> Option<HeaderValue> {
    let origins: Vec<&str> = client.origins.iter().map(|origin| origin.as_str()).collect();
    let ancestors = if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
    HeaderValue::from_str(&format!("default-src 'none'; {directives}frame-ancestors {ancestors}")).ok()
}
