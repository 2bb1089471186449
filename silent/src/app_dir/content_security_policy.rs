//! The app's content security policy, computed from the app itself: the scripts in `index.html`,
//! and the servers that `config.json` names.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use axum::http::HeaderValue;
use serde::Deserialize;
use tokio::fs;
use url::Url;

use super::inline::InlineSources;
use crate::Origin;

/// The policy of an app directory. Both files may change while the server runs, so they are looked
/// at for every page, and read again only when they changed.
#[derive(Debug, Clone)]
pub(super) struct ContentSecurityPolicy {
    index: PathBuf,
    config: PathBuf,
    connect_origins: Vec<Origin>,
    any_issuer: bool,
    last: Arc<Mutex<Option<(Stamps, HeaderValue)>>>,
}

/// What tells that a file changed: when it was written, and how long it is.
type Stamp = Option<(SystemTime, u64)>;
type Stamps = [Stamp; 2];

/// What the policy needs of the app's configuration; the app itself judges the rest.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ConfiguredServers {
    issuer: Option<Url>,
    silent_redirect_uri: Option<Url>,
    allowed_api_origins: Option<Vec<Url>>,
    token_backend: Option<Url>,
}

impl ContentSecurityPolicy {
    pub(super) fn new(dir: &Path, connect_origins: &[Origin], any_issuer: bool) -> Self {
        Self {
            index: dir.join("index.html"),
            config: dir.join("config.json"),
            connect_origins: connect_origins.to_vec(),
            any_issuer,
            last: Arc::default(),
        }
    }

    /// The policy for the files as they are now. A `config.json` that is missing or no JSON adds
    /// nothing: the app can then start and say what is wrong with it.
    pub(super) async fn now(&self) -> HeaderValue {
        let stamps = [stamp(&self.index).await, stamp(&self.config).await];
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((of, policy)) = last
            && of == stamps
        {
            return policy;
        }
        let policy = self.read().await;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((stamps, policy.clone()));
        policy
    }

    async fn read(&self) -> HeaderValue {
        let html = fs::read_to_string(&self.index).await.unwrap_or_default();
        let config = fs::read(&self.config).await;
        let further = Further { connect: &self.connect_origins, any_issuer: self.any_issuer };
        let policy = policy(&InlineSources::of(&html), &configured_servers(config), &further);
        // Hashes and origins are ASCII; should that ever fail, the app gets nothing, not everything.
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

fn configured_servers(config: io::Result<Vec<u8>>) -> ConfiguredServers {
    let parsed = config.map(|json| serde_json::from_slice(&json));
    match parsed {
        Ok(Ok(servers)) => servers,
        Ok(Err(error)) => {
            tracing::warn!("config.json adds nothing to the content security policy: {error}");
            ConfiguredServers::default()
        }
        Err(error) => {
            tracing::debug!("no config.json: {error}");
            ConfiguredServers::default()
        }
    }
}

/// What the command line allows beyond the configuration.
struct Further<'a> {
    connect: &'a [Origin],
    any_issuer: bool,
}

/// Wherever an issuer can be that the app accepts: `https`, or this machine (RFC 8252 §8.3).
const ANY_ISSUER: [&str; 3] = ["https:", "http://localhost:*", "http://127.0.0.1:*"];

fn policy(inline: &InlineSources, servers: &ConfiguredServers, further: &Further<'_>) -> String {
    let issuer = servers.issuer.as_ref().and_then(Origin::of);
    let silent = servers.silent_redirect_uri.as_ref().and_then(Origin::of);
    let apis: Vec<Origin> = servers.allowed_api_origins.iter().flatten().filter_map(Origin::of).collect();

    let script_src = sources(&["'self'", "'wasm-unsafe-eval'"], &inline.scripts);
    let style_src = sources(&["'self'"], &inline.styles);
    let backend = servers.token_backend.as_ref().and_then(Origin::of);
    let any: &[&str] = if further.any_issuer { &ANY_ISSUER } else { &[] };
    let connect = [&["'self'"], any].concat();
    let connect_src = sources(&connect, issuer.iter().chain(&apis).chain(&backend).chain(further.connect));
    // The hidden iframe begins at the issuer and ends at the silent page, which is here when no other place is named.
    let at_home: &[&str] = if issuer.is_some() && silent.is_none() { &["'self'"] } else { &[] };
    let frames = sources(&[at_home, any].concat(), issuer.iter().chain(&silent));
    let frame_src = if frames.is_empty() { "'none'" } else { &frames };
    format!(
        "default-src 'none'; script-src {script_src}; style-src {style_src}; \
         img-src 'self' data: https:; font-src 'self'; manifest-src 'self'; \
         connect-src {connect_src}; frame-src {frame_src}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// A source list without repetitions.
fn sources<T: ToString>(keywords: &[&str], more: impl IntoIterator<Item = T>) -> String {
    let mut list: Vec<String> = keywords.iter().map(ToString::to_string).collect();
    for source in more {
        let source = source.to_string();
        if !list.contains(&source) {
            list.push(source);
        }
    }
    list.join(" ")
}

async fn stamp(file: &Path) -> Stamp {
    let metadata = fs::metadata(file).await.ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn with_config(json: &str) -> String {
        let servers = configured_servers(Ok(json.as_bytes().to_vec()));
        let further = Further { connect: &["https://token.example".parse().unwrap()], any_issuer: false };
        policy(&InlineSources::default(), &servers, &further)
    }

    #[test]
    fn the_servers_of_the_configuration_are_named_each_once() {
        let policy = with_config(
            r#"{"issuer": "http://localhost:3000/", "client_id": "app",
                "silent_redirect_uri": "http://localhost:3001/silent",
                "allowed_api_origins": ["http://localhost:3002", "http://localhost:3000"],
                "token_backend": "http://localhost:3003/oauth"}"#,
        );
        assert!(
            policy.contains(
                "connect-src 'self' http://localhost:3000 http://localhost:3002 http://localhost:3003 https://token.example;"
            ),
            "{policy}"
        );
        assert!(policy.contains("frame-src http://localhost:3000 http://localhost:3001;"), "{policy}");
    }

    #[test]
    fn the_silent_page_may_be_framed_where_it_is() {
        let policy = with_config(r#"{"issuer": "https://id.example/"}"#);
        assert!(policy.contains("frame-src 'self' https://id.example;"), "{policy}");
    }

    #[test]
    fn a_null_says_no_more_than_a_missing_key_as_in_the_app() {
        let policy = with_config(
            r#"{"issuer": "https://id.example/", "silent_redirect_uri": null, "allowed_api_origins": null, "token_backend": null}"#,
        );
        assert!(policy.contains("connect-src 'self' https://id.example https://token.example;"), "{policy}");
    }

    #[test]
    fn a_configuration_that_cannot_be_read_adds_nothing() {
        for json in ["", "{", "[]", "null", r#"{"issuer": "not a URL"}"#, r#"{"issuer": 1}"#] {
            let policy = with_config(json);
            assert!(policy.contains("connect-src 'self' https://token.example;"), "{policy}");
            assert!(policy.contains("frame-src 'none';"), "{policy}");
        }
    }

    #[test]
    fn a_configuration_cannot_add_directives_or_wildcards() {
        for url in ["http://a;script-src *", "http://*", "data:text/html,x", "http://a' 'b"] {
            let policy = with_config(&serde_json::json!({ "issuer": url }).to_string());
            assert!(policy.contains("connect-src 'self' https://token.example;"), "{url}: {policy}");
        }
    }
}
