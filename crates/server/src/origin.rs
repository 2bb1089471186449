//! An exact web origin, safe to stand in a header or in the page as it is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

/// A scheme, a host and a port, written as browsers write them: `http://localhost:8080`; or the scheme and the host that an app in
/// a webview of its own, or an extension of a browser, sends as its `Origin`: `tauri://localhost`.
///
/// The text holds no quote, semicolon, comma or space, so it can go into a
/// `Content-Security-Policy` (CSP Level 3 §2.3.1) or an HTML attribute without escaping.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// Why a text is not an exact origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// `*` names every origin at once, which is what this server never does.
    #[error("`*` is not an origin: name each app exactly, for example http://localhost:8080")]
    Wildcard,
    /// The text is no absolute URL with a host, or has a scheme that no page is from.
    #[error("not an origin: write the scheme, the host and the port, for example http://localhost:8080")]
    NotAnOrigin,
    /// The text is longer, or written otherwise, than the origin in it.
    #[error("more or other than an exact origin: write it as {0}")]
    NotExact(Origin),
}

impl Origin {
    /// The origin of a URL; `None` where it has no ordinary host, or no page can be from there.
    pub fn of(url: &Url) -> Option<Self> {
        let text = match url.scheme() {
            "http" | "https" => url.origin().ascii_serialization(),
            "javascript" | "data" | "blob" | "about" | "file" | "ftp" | "ws" | "wss" => return None,
            // Opaque to the URL standard (§4.7), and not to whoever shows pages from there.
            scheme => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                format!("{scheme}://{}{port}", url.host_str()?)
            }
        };
        // The URL standard lets quotes and semicolons pass in a host name, where a header would read them as its own.
        let (_, host_and_port) = text.split_once("://")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        (!host_and_port.is_empty() && host_and_port.chars().all(plain)).then_some(Self(text))
    }

    /// Whether its host is an IPv6 address, which no `Content-Security-Policy` can name (CSP Level 3 §2.3.1, `host-part`).
    pub fn is_ipv6(&self) -> bool {
        self.0.contains('[')
    }

    /// The origin as text, as it appears in an `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text.contains('*') {
            return Err(OriginError::Wildcard);
        }
        let url = Url::parse(text).map_err(|_| OriginError::NotAnOrigin)?;
        let origin = Self::of(&url).ok_or(OriginError::NotAnOrigin)?;
        if origin.as_str() == text { Ok(origin) } else { Err(OriginError::NotExact(origin)) }
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn exact_origins_are_taken_as_they_stand() {
        for text in [
            "http://localhost:8080",
            "https://app.example",
            "http://127.0.0.1:1",
            "http://[::1]:8080",
            "tauri://localhost",
            "capacitor://localhost:1",
            "chrome-extension://abcdefghijklmnop",
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn anything_longer_is_refused_with_the_origin_that_was_meant() {
        for (text, meant) in [
            ("http://localhost:8080/", "http://localhost:8080"),
            ("http://localhost:8080/app", "http://localhost:8080"),
            ("http://localhost:8080?x", "http://localhost:8080"),
            ("http://localhost:8080#x", "http://localhost:8080"),
            ("http://user:pass@localhost:8080", "http://localhost:8080"),
            ("https://app.example:443", "https://app.example"),
            ("https://App.Example", "https://app.example"),
            (" https://app.example", "https://app.example"),
            ("tauri://localhost/", "tauri://localhost"),
            ("tauri://user@localhost", "tauri://localhost"),
        ] {
            let error = text.parse::<Origin>().unwrap_err();
            assert_eq!(error, OriginError::NotExact(Origin(meant.into())), "{text}");
            assert!(!error.to_string().contains("pass"), "{error}");
        }
    }

    #[test]
    fn wildcards_are_refused() {
        for text in ["*", "http://*", "https://*.example"] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError::Wildcard), "{text}");
        }
    }

    #[test]
    fn other_schemes_and_hosts_that_would_break_a_header_are_refused() {
        for text in [
            "",
            "null",
            "localhost:8080",
            "app.example",
            "data:text/html,x",
            "file:///etc",
            "ftp://app.example",
            "javascript://app.example",
            "com.example.app:/callback",
            "tauri://",
            "tauri:///callback",
            "tauri://a;b",
            "http://a\"b",
            "http://a;b",
            "http://a,b",
            "http://a'b",
            "http://a&b",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError::NotAnOrigin), "{text}");
        }
    }
}
