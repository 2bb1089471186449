//! What the command line changes in a configuration that has been read.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use evergrant_server::OriginError;
use url::Url;

use super::{Config, DatabaseUrl, Origin};

/// Changes from the command line; each wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The SQLite file, or `:memory:`.
    pub database: Option<PathBuf>,
    /// A PostgreSQL database, which wins over a file.
    pub database_url: Option<DatabaseUrl>,
    /// One lifetime for every access token.
    pub access_token_lifetime: Option<Duration>,
    /// One lifetime for every ID token.
    pub id_token_lifetime: Option<Duration>,
    /// Origins to be replaced wherever a client's registration names them.
    pub replaced_origins: Vec<OriginReplacement>,
}

/// `FROM=TO`: an origin of the file, and what stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginReplacement {
    /// What the file says.
    pub from: Origin,
    /// What counts instead.
    pub to: Origin,
}

impl FromStr for OriginReplacement {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = text
            .split_once('=')
            .ok_or("write it as FROM=TO, for example http://localhost:8080=http://localhost:9080")?;
        let origin = |text: &str| text.parse().map_err(|error: OriginError| format!("{text:?}: {error}"));
        Ok(Self { from: origin(from)?, to: origin(to)? })
    }
}

impl Overrides {
    /// Changes `config`.
    pub fn apply(&self, config: &mut Config) {
        if let Some(database) = &self.database {
            config.database.clone_from(database);
            config.database_url = None;
        }
        if let Some(url) = &self.database_url {
            config.database_url = Some(url.clone());
        }
        if let Some(lifetime) = self.access_token_lifetime {
            config.lifetimes.access_token = lifetime;
            config.lifetimes.access_token_for_browser_flows = lifetime;
            for api in &mut config.apis {
                api.token_lifetime = lifetime;
                api.token_lifetime_for_browser_flows = lifetime;
            }
        }
        if let Some(lifetime) = self.id_token_lifetime {
            config.lifetimes.id_token = lifetime;
            for client in &mut config.clients {
                client.id_token_lifetime = None;
            }
        }
        for client in &mut config.clients {
            let redirect_uris = client.redirect_uris.iter_mut().chain(&mut client.post_logout_redirect_uris);
            for uri in redirect_uris.chain(&mut client.backchannel_logout_uri) {
                *uri = self.replaced_uri(uri);
            }
            for origin in &mut client.origins {
                *origin = self.replaced(origin).unwrap_or_else(|| origin.clone());
            }
        }
    }

    /// All replacements look at what the file says, so that two may swap origins.
    fn replaced(&self, origin: &Origin) -> Option<Origin> {
        let found = self.replaced_origins.iter().find(|replacement| replacement.from == *origin)?;
        Some(found.to.clone())
    }

    fn replaced_uri(&self, uri: &str) -> String {
        let origin = Url::parse(uri).ok().and_then(|url| Origin::of(&url));
        match origin.and_then(|origin| Some((self.replaced(&origin)?, uri.strip_prefix(origin.as_str())?))) {
            Some((replacement, rest)) => format!("{}{rest}", replacement.as_str()),
            None => uri.to_owned(),
        }
    }
}
