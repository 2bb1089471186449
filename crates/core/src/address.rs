//! Absolute addresses, as the URL standard reads them. In a browser its own parser does that, which is there already and
//! would cost every visitor 16 KB more; everywhere else the crate `url`.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::protocol::json::Member;
use crate::protocol::params;

/// An absolute address in the one form in which the URL standard writes it (§4.5): lower-case scheme and host, IPv4 and
/// IPv6 addresses spelt out, Unicode hosts in Punycode, no default port, no dots in the path, whitespace encoded.
///
/// Every part is delimited in that form, whoever parsed the text: none can hold the delimiter that ends it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Address(String);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`NotAnAddress`] when the URL standard refuses the text, or would need another address to read it against.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        platform::serialized(text).map(Self).ok_or(NotAnAddress)
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first colon: `https`.
    pub fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    /// The host; an IPv6 address has its brackets. `None` where there is none, as in `mailto:`.
    pub fn host(&self) -> Option<&str> {
        let (authority, _) = self.authority_and_rest()?;
        let port = authority.rfind(':').filter(|&colon| !authority[colon..].contains(']'));
        Some(&authority[..port.unwrap_or(authority.len())]).filter(|host| !host.is_empty())
    }

    /// The host, where it is a name. Meant for `http` and `https`: other schemes leave IPv4 addresses as they are.
    pub fn domain(&self) -> Option<&str> {
        self.host().filter(|host| !host.starts_with('[') && !is_ipv4(host))
    }

    /// Whether the host is this machine, by its address or as `localhost` (RFC 6761 §6.3).
    pub fn is_loopback(&self) -> bool {
        self.host().is_some_and(|host| match self.domain() {
            Some(name) => name == "localhost" || name.ends_with(".localhost"),
            None => host == "[::1]" || host.starts_with("127."),
        })
    }

    /// Scheme, host and port, as `location.origin` has them, be it in a browser or in an app's own webview (`tauri://localhost`);
    /// `null` where there is no host.
    pub fn origin(&self) -> String {
        match self.authority_and_rest() {
            Some((authority, _)) if !authority.is_empty() => format!("{}://{authority}", self.scheme()),
            _ => "null".to_owned(),
        }
    }

    /// Whether host and port are followed by a slash alone: no path, no query, no fragment.
    pub fn ends_with_host(&self) -> bool {
        self.authority_and_rest().is_some_and(|(_, rest)| rest == "/")
    }

    /// Whether there is a fragment, be it empty.
    pub fn has_fragment(&self) -> bool {
        self.0.contains('#')
    }

    /// The address with `more` parameters behind those that its query has already.
    #[must_use]
    pub fn with_params<'a>(&self, more: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.with_query(&params::encode(more))
    }

    /// The same, with parameters that are encoded already.
    pub(crate) fn with_query(&self, more: &str) -> Self {
        let (before, fragment) = self.0.split_at(self.0.find('#').unwrap_or(self.0.len()));
        let joint = match before.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        Self(format!("{before}{joint}{more}{fragment}"))
    }

    /// Host and port, without the user that may be named before them; and what follows.
    fn authority_and_rest(&self) -> Option<(&str, &str)> {
        let (_, rest) = self.0.split_once(':')?;
        let rest = rest.strip_prefix("//")?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        Some((authority.rsplit_once('@').map_or(authority, |(_, host_and_port)| host_and_port), rest))
    }
}

/// Whether a host is an IPv4 address: of names made of numbers between dots the standard leaves none but these (§3.5). One with
/// two dots at its end, `127.0.0..`, is a name.
fn is_ipv4(host: &str) -> bool {
    host.split('.').all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Member for Address {
    fn read(value: &Value) -> Option<Self> {
        Self::parse(value.as_str()?).ok()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl From<url::Url> for Address {
    fn from(url: url::Url) -> Self {
        Self(url.into())
    }
}

/// The text is no absolute address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a whole address, as https://example.com/ is")]
pub struct NotAnAddress;

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    pub(super) fn serialized(text: &str) -> Option<String> {
        url::Url::parse(text).ok().map(String::from)
    }
}

#[cfg(target_arch = "wasm32")]
mod platform {
    pub(super) fn serialized(text: &str) -> Option<String> {
        web_sys::Url::new(text).ok().map(|url| url.href())
    }
}
