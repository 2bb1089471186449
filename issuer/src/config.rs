//! The configuration: one TOML file, read strictly, then changed by the command line.

mod api;
mod backchannel_logout;
mod client;
mod database_url;
mod demo_secrets;
mod error;
mod issuer_url;
mod keys;
mod limits;
mod overrides;
mod own_claims;
mod redirect_uri;
mod refresh_tokens;
mod seconds;
mod secret_area;
mod user;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evergrant_core::protocol::jwt::Algorithm;
use evergrant_core::protocol::{ClientId, Issuer};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

pub use api::Api;
pub use client::{Client, ClientSecretHash, ClientType, GrantType};
pub use database_url::DatabaseUrl;
pub(crate) use database_url::{Roots, Transport};
pub use error::ConfigError;
pub use evergrant_server::Origin;
pub use issuer_url::IssuerUrl;
pub use keys::Keys;
pub use limits::Limits;
pub use overrides::{OriginReplacement, Overrides};
pub use own_claims::OwnClaims;
pub use refresh_tokens::RefreshTokens;
pub use secret_area::SecretArea;
pub use user::{PasswordHash, User};

/// What tokens can be signed with.
pub(crate) const SIGNING_ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::Rs256];

/// RFC 6749 §4.1.2.
const LONGEST_CODE: Duration = Duration::from_secs(600);

/// Everything the issuer is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The issuer identifier: the root of a host, with a final slash or without, as clients are to be told.
    pub issuer: IssuerUrl,
    /// How tokens are signed unless an API or a client says otherwise.
    #[serde(default = "default_signing_alg")]
    pub signing_alg: Algorithm,
    /// The SQLite file, or `:memory:`. A relative path counts from where the issuer is started.
    #[serde(default = "default_database")]
    pub database: PathBuf,
    /// A PostgreSQL database in place of the file; issuers that are to be one share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_url: Option<DatabaseUrl>,
    /// How long things last.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// When signing keys change by themselves.
    #[serde(default)]
    pub keys: Keys,
    /// How often something may be tried.
    #[serde(default)]
    pub limits: Limits,
    /// Whether anybody who reaches the issuer may read its counters at `/metrics`.
    #[serde(default)]
    pub metrics: bool,
    /// Whether DPoP proofs at the token endpoint need a nonce of the issuer's (RFC 9449 §8), which says when they were made: a clock
    /// that is wrong where they are made then does not matter, and none can be made for later.
    #[serde(default)]
    pub dpop_nonce: bool,
    /// The protected resource of the issuer's own, for trying tokens out; none unless it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_area: Option<SecretArea>,
    /// The APIs that access tokens are for.
    #[serde(default, rename = "api")]
    pub apis: Vec<Api>,
    /// The applications that may ask.
    #[serde(default, rename = "client")]
    pub clients: Vec<Client>,
    /// The people who can sign in.
    #[serde(default, rename = "user")]
    pub users: Vec<User>,
}

/// Lifetimes, in whole seconds on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// Authorization codes. RFC 6749 §4.1.2 allows ten minutes at most; a browser needs a second.
    #[serde(with = "seconds")]
    pub authorization_code: Duration,
    /// Device codes and user codes: how long a person may take to enter one and to allow it (RFC 8628 §3.2, `expires_in`).
    #[serde(with = "seconds")]
    pub device_code: Duration,
    /// How long a device waits between two polls, until it is told to slow down (RFC 8628 §3.2, `interval`).
    #[serde(with = "seconds")]
    pub device_poll_interval: Duration,
    /// Access tokens for no particular API, for clients that are not browsers.
    #[serde(with = "seconds")]
    pub access_token: Duration,
    /// The same for browsers, where tokens are easier to steal.
    #[serde(with = "seconds")]
    pub access_token_for_browser_flows: Duration,
    /// ID tokens of clients that do not set their own.
    #[serde(with = "seconds")]
    pub id_token: Duration,
    /// How long a person may take between being asked and answering.
    #[serde(with = "seconds")]
    pub interaction: Duration,
    /// A session ends after this time without any use.
    #[serde(with = "seconds")]
    pub session_idle: Duration,
    /// A session ends this long after the sign-in, used or not.
    #[serde(with = "seconds")]
    pub session_absolute: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: u64 = 24 * 60 * 60;
        Self {
            authorization_code: Duration::from_secs(60),
            device_code: Duration::from_secs(600),
            device_poll_interval: Duration::from_secs(5),
            access_token: Duration::from_secs(DAY),
            access_token_for_browser_flows: Duration::from_secs(7200),
            id_token: Duration::from_secs(36_000),
            interaction: Duration::from_secs(3600),
            session_idle: Duration::from_secs(3 * DAY),
            session_absolute: Duration::from_secs(7 * DAY),
        }
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the file, and the key and line where there is one.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
        Self::parse(&text)
    }

    /// Parses and checks the text of a file.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the key, and the line where there is one.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::syntax(text, &error))?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as TOML, secrets and their hashes left out.
    ///
    /// # Errors
    /// When a value has no TOML form; none that [`Config::parse`] accepts is like that.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }

    /// The rules that span several keys.
    ///
    /// # Errors
    /// [`ConfigError::Rule`] in words a person can act on.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_issuer()?;
        self.database_url.as_ref().map_or(Ok(()), DatabaseUrl::check)?;
        let mut others = Algorithm::ALL.into_iter().filter(|algorithm| !SIGNING_ALGORITHMS.contains(algorithm));
        if let Some(other) = others.find(|other| self.uses_algorithm(*other)) {
            return Err(ConfigError::rule(format!("tokens can be signed with ES256 or RS256, not with {other}")));
        }
        unique("[[api]] identifier", self.apis.iter().map(|api| api.identifier.as_str()))?;
        unique("[[client]] client_id", self.clients.iter().map(|client| client.client_id.as_str()))?;
        unique("[[user]] username", self.users.iter().map(|user| user.username.as_str()))?;
        unique("[[user]] sub", self.users.iter().map(|user| user.sub.as_str()))?;
        self.check_subjects()?;
        self.check_audiences()?;
        self.keys.check()?;
        self.apis.iter().try_for_each(Api::check)?;
        self.users.iter().try_for_each(User::check)?;
        self.clients.iter().try_for_each(Client::check)
    }

    /// The issuer identifier as tokens and answers carry it.
    pub fn issuer(&self) -> Issuer {
        Issuer::new(self.issuer.as_str())
    }

    /// The address of an endpoint, given without its leading slash.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.url())
    }

    /// Whether the issuer is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.issuer.url().scheme() == "https"
    }

    /// Whether the issuer's own host is this machine.
    pub fn issuer_is_loopback(&self) -> bool {
        is_loopback(self.issuer.url())
    }

    /// The client with this identifier.
    pub fn client(&self, id: &ClientId) -> Option<&Client> {
        self.clients.iter().find(|client| client.client_id == *id)
    }

    /// The API with this identifier, compared to the letter.
    pub fn api(&self, identifier: &str) -> Option<&Api> {
        self.apis.iter().find(|api| api.identifier == identifier)
    }

    /// The person who signs in with this name.
    pub fn user_named(&self, username: &str) -> Option<&User> {
        self.users.iter().find(|user| user.username == username)
    }

    /// The person whom tokens call `sub`.
    pub fn user(&self, sub: &str) -> Option<&User> {
        self.users.iter().find(|user| user.sub.as_str() == sub)
    }

    /// What is allowed, and does less than one may think: a sentence for each.
    pub fn cautions(&self) -> impl Iterator<Item = String> {
        let unframed = self.clients.iter().flat_map(Client::unframed_origins).map(|origin| {
            format!(
                "pages of {origin} may call the endpoints, and no browser lets them frame a silent answer: a policy cannot \
                 name an IPv6 address, so reach the app by a name, such as localhost, and register that"
            )
        });
        let exposed = self.clients.iter().flat_map(Client::exposed_redirect_uris).map(|uri| {
            format!(
                "answers to {uri} travel in clear, and whoever is on their way can sign in with them: have it be https"
            )
        });
        let lasting = self.clients.iter().filter(|client| client.has_lasting_refresh_tokens()).map(|client| {
            format!(
                "refresh tokens of {:?} are good for many uses, so a stolen one works unnoticed: an application that keeps no \
                 secret needs rotation (RFC 9700 §2.2.2)",
                client.client_id.as_str()
            )
        });
        let claimable = self.clients.iter().flat_map(Client::claimable_redirect_uris).map(|uri| {
            format!(
                "any app on a device may have the scheme of {uri}, and get the answers: begin it with a domain of your own, \
                 reversed, as com.example.app:/callback does (RFC 8252 §7.1)"
            )
        });
        let late = (self.lifetimes.authorization_code > LONGEST_CODE).then(|| {
            "authorization_code: codes are good for more than ten minutes, the most that RFC 6749 §4.1.2 recommends, and a \
             stolen one as long"
                .to_owned()
        });
        unframed.chain(exposed).chain(lasting).chain(claimable).chain(late)
    }

    /// Whether a page of this origin belongs to a registered client.
    pub fn is_registered_origin(&self, origin: &str) -> bool {
        self.clients.iter().flat_map(|client| &client.origins).any(|known| known.as_str() == origin)
    }

    /// Whether some client may use `grant`.
    pub fn uses_grant(&self, grant: GrantType) -> bool {
        self.clients.iter().any(|client| client.grants.contains(&grant))
    }

    /// Whether a token of `client` may be signed with `algorithm`.
    pub fn signs_for(&self, client: &Client, algorithm: Algorithm) -> bool {
        self.signing_alg == algorithm
            || self.apis.iter().any(|api| api.signing_alg == Some(algorithm))
            || client.id_token_signing_alg == Some(algorithm)
    }

    /// Whether anything is to be signed with `algorithm`.
    pub fn uses_algorithm(&self, algorithm: Algorithm) -> bool {
        self.signing_alg == algorithm
            || self.apis.iter().any(|api| api.signing_alg == Some(algorithm))
            || self.clients.iter().any(|client| client.id_token_signing_alg == Some(algorithm))
    }

    /// How long the longest-lived access token lasts that `client` may have.
    pub fn longest_access_token_lifetime(&self, client: &Client) -> Duration {
        let Lifetimes { access_token, access_token_for_browser_flows, .. } = self.lifetimes;
        let of_apis = self.apis.iter().map(|api| (api.token_lifetime, api.token_lifetime_for_browser_flows));
        let lifetimes = of_apis.chain([(access_token, access_token_for_browser_flows)]);
        // A client outside the browser may still be sent a token through one.
        lifetimes
            .map(|(general, browser)| if client.is_browser_app() { browser } else { general.max(browser) })
            .max()
            .unwrap_or_default()
    }

    /// How long the longest-lived token that is signed here lasts.
    pub fn longest_token_lifetime(&self) -> Duration {
        let Lifetimes { access_token, access_token_for_browser_flows, id_token, .. } = self.lifetimes;
        let of_apis = self.apis.iter().flat_map(|api| [api.token_lifetime, api.token_lifetime_for_browser_flows]);
        let of_clients = self.clients.iter().filter_map(|client| client.id_token_lifetime);
        let own = [access_token, access_token_for_browser_flows, id_token];
        own.into_iter().chain(of_apis).chain(of_clients).max().unwrap_or_default()
    }

    /// A client that acts in its own name is the subject of its tokens (RFC 9068 §2.2): nobody else may be called so (RFC 9700
    /// §4.15).
    fn check_subjects(&self) -> Result<(), ConfigError> {
        let acts_by_itself = |client: &&Client| client.grants.contains(&GrantType::ClientCredentials);
        match self.clients.iter().filter(acts_by_itself).find(|client| self.user(client.client_id.as_str()).is_some()) {
            Some(client) => Err(ConfigError::rule(format!(
                "[[user]] sub: {:?} is a client that has client_credentials: nobody could tell its tokens from the person's",
                client.client_id.as_str()
            ))),
            None => Ok(()),
        }
    }

    /// Tokens that are for no API are for the UserInfo endpoint (RFC 9068 §3): an API that is called like it would take those of
    /// every client, whatever people allowed.
    fn check_audiences(&self) -> Result<(), ConfigError> {
        match self.api(&self.endpoint("userinfo")) {
            Some(api) => Err(ConfigError::rule(format!(
                "[[api]] identifier: {:?} is the audience of tokens that are for no API: give this one another",
                api.identifier
            ))),
            None => Ok(()),
        }
    }

    fn check_issuer(&self) -> Result<(), ConfigError> {
        let (issuer, url) = (self.issuer.as_str(), self.issuer.url());
        // Not repeated: there may be a password in it.
        if Origin::of(url).is_none() || !url.username().is_empty() || url.password().is_some() {
            return Err(ConfigError::rule(
                "issuer: it must be http or https and the name of a host, such as https://issuer.example/",
            ));
        }
        // The routes and the pages' links begin at the root of the host.
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(ConfigError::rule(format!(
                "issuer: {issuer:?} must be the root of a host, with no path, no query and no fragment"
            )));
        }
        if !self.is_https() && !self.issuer_is_loopback() {
            return Err(ConfigError::rule(format!(
                "issuer: {issuer:?} must be https: only an issuer on this machine may do without TLS"
            )));
        }
        Ok(())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn unique<'a>(what: &str, values: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for value in values {
        if !seen.insert(value) {
            return Err(ConfigError::rule(format!("{what}: {value:?} is given twice")));
        }
    }
    Ok(())
}

fn default_signing_alg() -> Algorithm {
    Algorithm::Es256
}

fn default_database() -> PathBuf {
    PathBuf::from("evergrant-issuer.sqlite3")
}
