//! What an app says about itself: the `config.json` it is deployed with. Every default stands here, with its reason.

mod other_issuer;

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use crate::address::Address;
use crate::protocol::authorize::{AuthorizationParameters, Flow, Prompt};
use crate::protocol::json::{self, MemberError, Members};
use crate::protocol::metadata::{ProviderMetadata, is_safe_to_use};
use crate::protocol::{ClientId, Issuer, ResponseMode, Scope, logout};
pub use other_issuer::OtherIssuer;

/// The configuration of one app at one issuer: what [`Config::parse`] reads. An app that finds it out at run time, from what a
/// person picked, writes that as JSON and has it read; what is changed in it afterwards is not checked any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The issuer identifier, to the letter.
    pub issuer: Issuer,
    /// This client.
    pub client_id: ClientId,
    /// What is asked for. Default `openid profile email`: enough to greet the person.
    pub scope: Scope,
    /// The API that access tokens are for; none by default.
    pub audience: Option<String>,
    /// Where a sign-in comes back to. Default `/callback` at the app's origin.
    pub redirect_uri: Address,
    /// Where a silent renewal comes back to. Default `/silent` at the app's origin; an origin of its own works as well.
    pub silent_redirect_uri: Address,
    /// How the answer to a silent renewal, or to a sign-in in a popup, comes back. Default: by the silent page, which works with
    /// every issuer.
    pub silent_response: SilentResponse,
    /// Where a sign-out comes back to. Default `/` at the app's origin.
    pub post_logout_redirect_uri: Address,
    /// The flow used when the app does not say: it is for the app to pass it on where a sign-in asks for a flow. Default code + PKCE.
    pub flow: Flow,
    /// What the issuer is to ask the person at every sign-in, whatever it remembers. Default: what it sees fit. Never sent
    /// with silent renewals. Issuers that follow OIDC Core §11 to the letter give refresh tokens only with `consent`.
    pub prompt: Option<Prompt>,
    /// What else every authorization request says, silent ones included: the `organization` of Auth0, for example. Default:
    /// nothing. What is for one sign-in alone is in [`SignIn::parameters`](crate::session::SignIn::parameters): `prompt` and
    /// `max_age` are, and `audience` has a key of its own.
    pub authorization_parameters: AuthorizationParameters,
    /// What else is said to the issuer's end-session endpoint (RP-Initiated Logout §2): the `logout_uri` that Amazon Cognito wants, for
    /// example. Default: nothing.
    pub logout_parameters: AuthorizationParameters,
    /// Where the session is kept. Default `session`: it survives a reload and ends with the tab.
    pub storage: StorageKind,
    /// How far the issuer's clock and this one may differ. Default 60 s, at most 600 s.
    pub clock_tolerance: Duration,
    /// How long before expiry a renewal begins. Default: a tenth of the lifetime, see [`crate::session::schedule`].
    pub lead: Option<Duration>,
    /// How long a hidden iframe may take to answer. Default 10 s: people on slow networks need five, nobody needs sixty.
    pub iframe_timeout: Duration,
    /// The origins of APIs that may be sent the access token. Default: none.
    pub allowed_api_origins: Vec<String>,
    /// The server that redeems codes in the page's stead and keeps the refresh token in a cookie; used with
    /// [`StorageKind::Cookie`] alone. `/token` and `/revoke` are below it. It must be of the same site as the app.
    pub token_backend: Option<Address>,
    /// R11: how long a person may do nothing before they are signed out. Default: for ever; the issuer has limits as well.
    pub idle: Option<IdleLimit>,
    /// Whether tokens are bound to a key that cannot leave this browser (DPoP, RFC 9449). Default: they are not; an issuer that
    /// does not do so gives no tokens then. Not with [`StorageKind::Cookie`], where another server asks for them, and not with
    /// the implicit flow, which has no request to prove anything in.
    #[cfg(feature = "dpop")]
    pub dpop: bool,
    /// What this client's part of the browser's stores is named after: tabs with the same name share what is shared. The
    /// client id, and no key of `config.json`. An app that knows several issuers, at two of which its client has the same id, gives
    /// each a name of its own here, and the same at every start; [`OtherIssuer`] does so by itself.
    pub kept_as: String,
}

/// When a session ends because the person has done nothing in any tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleLimit {
    /// How long they may do nothing. From 5 seconds to 30 days.
    pub timeout: Duration,
    /// How long before the end the app is told to warn; zero for never. Default 60 s, at most half of the timeout: time to
    /// look up from a desk, and to press a button.
    pub warning: Duration,
}

/// Every key. One that is misspelt is told as such, rather than as a missing one.
const KEYS: &[&str] = &[
    "issuer",
    "client_id",
    "scope",
    "redirect_uri",
    "silent_redirect_uri",
    "silent_response",
    "post_logout_redirect_uri",
    "audience",
    "flow",
    "prompt",
    "authorization_parameters",
    "logout_parameters",
    "storage",
    "clock_tolerance_seconds",
    "renewal_lead_seconds",
    "iframe_timeout_seconds",
    "allowed_api_origins",
    "token_backend",
    #[cfg(feature = "dpop")]
    "dpop",
    "idle_timeout_seconds",
    "idle_warning_seconds",
];

impl IdleLimit {
    /// How often activity is worth telling: a sixtieth of the timeout, from 1 s to 15 s. The person is signed out so much
    /// earlier at most.
    pub fn grain(&self) -> Duration {
        (self.timeout / 60).clamp(Duration::from_secs(1), Duration::from_secs(15))
    }

    fn of(members: &Members<'_>) -> Result<Option<Self>, ConfigError> {
        let timeout = seconds(members, "idle_timeout_seconds", 5..=2_592_000)?;
        let key = "idle_warning_seconds";
        let warning = members.optional(key)?;
        let Some(timeout) = timeout else {
            return match warning {
                Some(_) => Err(ConfigError::wrong(key, "there is no idle_timeout_seconds to warn of")),
                None => Ok(None),
            };
        };
        let warning = warning.map_or(Duration::from_secs(60).min(timeout / 2), Duration::from_secs);
        if warning >= timeout {
            return Err(ConfigError::wrong(key, "it must be less than idle_timeout_seconds"));
        }
        Ok(Some(Self { timeout, warning }))
    }
}

/// Where the session is kept between two page loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StorageKind {
    /// `sessionStorage`: per tab, survives a reload, gone with the tab.
    #[default]
    Session,
    /// `localStorage`: shared by all tabs, survives the browser's end.
    Local,
    /// The page's memory alone: a script that reads the stores finds nothing. After a reload the issuer is asked silently.
    Memory,
    /// The page's memory too, but the refresh token is in a cookie that no script can read, kept by
    /// [`Config::token_backend`]: the session survives a reload and is every tab's. `offline_access` is asked for.
    Cookie,
}

json::words!(StorageKind { "session" => Session, "local" => Local, "memory" => Memory, "cookie" => Cookie });

/// How an answer reaches the app from a hidden iframe or a popup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SilentResponse {
    /// The issuer redirects to the silent page at `silent_redirect_uri`, which posts it.
    #[default]
    SilentPage,
    /// The issuer's own page posts it (`response_mode=web_message`): one request less. Issuers whose metadata does not
    /// name that mode are asked by the silent page.
    WebMessage,
    /// The same, whatever the issuer's metadata names: some answer so and do not say it, as Auth0.
    WebMessageUnlisted,
}

json::words!(SilentResponse {
    "silent_page" => SilentPage,
    "web_message" => WebMessage,
    "web_message_unlisted" => WebMessageUnlisted,
});

impl Config {
    /// Reads `config.json`, for an app served at `app_origin` (as `location.origin` gives it).
    ///
    /// # Errors
    /// A [`ConfigError`] that names the key at fault.
    pub fn parse(json: &str, app_origin: &str) -> Result<Self, ConfigError> {
        let value: Value = json::read_text(json).map_err(|error| match json.starts_with('<') {
            // As servers send that have index.html for whatever is not there.
            true => ConfigError::Json("there is a page in its place".to_owned()),
            false => ConfigError::Json(error.to_string()),
        })?;
        // In a build for development alone: a delivered app is without it.
        #[cfg(all(debug_assertions, not(feature = "dpop")))]
        if value.get("dpop").is_some() {
            return Err(ConfigError::wrong(
                "dpop",
                "this app was built without the feature `dpop` of evergrant-leptos",
            ));
        }
        let members = Members::of(&value)?.only(KEYS)?;
        let issuer = issuer(members.required("issuer")?)?;
        let client_id = client_id(members.required("client_id")?)?;
        let storage = members.or_default("storage")?;
        let token_backend = members.optional("token_backend")?.map(|text: String| address("token_backend", &text));
        let mut scope = members.optional("scope")?.unwrap_or_else(|| "openid profile email".to_owned());
        if storage == StorageKind::Cookie {
            if token_backend.is_none() {
                return Err(ConfigError::wrong(
                    "token_backend",
                    "storage = cookie needs the server that keeps the cookie",
                ));
            }
            // Without it the issuer gives no refresh token, and there would be nothing to keep.
            scope.push_str(" offline_access");
        }
        let scope = openid_scope(&scope)?;
        let here = |key, path: &str| {
            let text = members.optional(key)?.unwrap_or_else(|| format!("{app_origin}{path}"));
            read_address(key, &text, Some(app_origin))
        };
        let redirect_uri = here("redirect_uri", "/callback")?;
        let silent_redirect_uri = here("silent_redirect_uri", "/silent")?;
        let post_logout_redirect_uri = here("post_logout_redirect_uri", "/")?;
        let silent_response = members.or_default("silent_response")?;
        let is_at_home = redirect_uri.origin() == app_origin;
        if silent_response != SilentResponse::SilentPage && !is_at_home {
            // The issuer posts to the origin of the redirect URI, and nobody would listen there.
            return Err(ConfigError::wrong(
                "silent_response",
                "a web_message needs a redirect_uri at the app's own origin",
            ));
        }
        let flow = members.or_default("flow")?;
        #[cfg(feature = "dpop")]
        let dpop = members.or_default("dpop")?;
        #[cfg(feature = "dpop")]
        if dpop && (storage == StorageKind::Cookie || flow == Flow::Implicit) {
            let reason =
                "with storage = cookie or flow = implicit the page itself makes no request that could be proved";
            return Err(ConfigError::wrong("dpop", reason));
        }
        Ok(Self {
            kept_as: client_id.to_string(),
            issuer,
            client_id,
            scope,
            redirect_uri,
            silent_redirect_uri,
            silent_response,
            post_logout_redirect_uri,
            audience: members.optional("audience")?.filter(|text: &String| !text.is_empty()),
            flow,
            prompt: members.optional("prompt")?,
            // These have keys of their own, or would end sessions when they are renewed.
            authorization_parameters: parameters(&members, "authorization_parameters", |all| {
                all.reserved("audience prompt max_age")
            })?,
            logout_parameters: parameters(&members, "logout_parameters", |all| all.first_of(logout::PARAMETERS))?,
            storage,
            clock_tolerance: seconds(&members, "clock_tolerance_seconds", 0..=600)?.unwrap_or(Duration::from_secs(60)),
            lead: seconds(&members, "renewal_lead_seconds", 0..=86_400)?,
            iframe_timeout: seconds(&members, "iframe_timeout_seconds", 1..=120)?.unwrap_or(Duration::from_secs(10)),
            allowed_api_origins: (members.or_default::<Vec<String>>("allowed_api_origins")?.iter())
                .map(|text| origin(text))
                .collect::<Result<_, _>>()?,
            token_backend: token_backend.transpose()?,
            #[cfg(feature = "dpop")]
            dpop,
            idle: IdleLimit::of(&members)?,
        })
    }

    /// The address of an endpoint of [`Config::token_backend`], in the mode that uses it.
    pub fn backend_endpoint(&self, name: &str) -> Option<String> {
        let backend = self.token_backend.as_ref().filter(|_| self.storage == StorageKind::Cookie)?;
        Some(format!("{}/{name}", backend.as_str().trim_end_matches('/')))
    }

    /// Whether this issuer's own page posts its answers from a hidden iframe or a popup (`response_mode=web_message`); the silent
    /// page does otherwise.
    pub fn is_answered_by_web_message(&self, issuer: &ProviderMetadata) -> bool {
        match self.silent_response {
            SilentResponse::SilentPage => false,
            SilentResponse::WebMessage => issuer.offers_mode(ResponseMode::WebMessage),
            SilentResponse::WebMessageUnlisted => true,
        }
    }

    /// Whether a sign-in goes on outside of the page, in the system's browser, which calls the app by a scheme of its own when it is
    /// over (RFC 8252 §7.1).
    pub fn is_called_back_by_the_system(&self) -> bool {
        is_private_use(&self.redirect_uri)
    }

    /// The origin of the silent page: the only one whose messages count when that page answers.
    pub fn silent_origin(&self) -> String {
        self.silent_redirect_uri.origin()
    }
}

fn issuer(text: String) -> Result<Issuer, ConfigError> {
    address("issuer", &text)?;
    Ok(Issuer::new(text))
}

fn client_id(text: String) -> Result<ClientId, ConfigError> {
    match text.is_empty() {
        true => Err(ConfigError::wrong("client_id", "it is empty")),
        false => Ok(ClientId::new(text)),
    }
}

fn openid_scope(text: &str) -> Result<Scope, ConfigError> {
    let scope = Scope::parse(text);
    match scope.contains("openid") {
        true => Ok(scope),
        false => Err(ConfigError::wrong("scope", "it must contain openid")),
    }
}

/// Those that a request says beyond its own, of which none is `reserved`.
fn parameters(
    members: &Members<'_>,
    key: &'static str,
    reserved: fn(&AuthorizationParameters) -> Option<&str>,
) -> Result<AuthorizationParameters, ConfigError> {
    let Some(object) = members.object(key)? else { return Ok(AuthorizationParameters::default()) };
    let all = AuthorizationParameters::read(object).ok_or(MemberError::Wrong(key))?;
    match reserved(&all) {
        Some(name) => Err(ConfigError::wrong(key, format!("`{name}` is not set here"))),
        None => Ok(all),
    }
}

fn address(key: &'static str, text: &str) -> Result<Address, ConfigError> {
    read_address(key, text, None)
}

/// Whether the app at `app_origin` may be reached at `url`: in a webview of its own it has a scheme of its own as well, and the
/// system calls it by one that is a domain reversed (RFC 8252 §7.1).
fn is_own(url: &Address, app_origin: &str) -> bool {
    is_private_use(url) || url.scheme() != "http" && url.as_str().starts_with(app_origin)
}

/// Whether the scheme is a domain reversed, as `com.example.app`, and so an app's own.
fn is_private_use(url: &Address) -> bool {
    url.scheme().contains('.')
}

/// An address; where the app at `app_origin` itself may be reached, if that is given.
fn read_address(key: &'static str, text: &str, app_origin: Option<&str>) -> Result<Address, ConfigError> {
    let url = Address::parse(text).map_err(|error| ConfigError::wrong(key, error.to_string()))?;
    if !is_safe_to_use(&url) && !app_origin.is_some_and(|origin| is_own(&url, origin)) {
        return Err(ConfigError::wrong(key, "it must begin with https:// (http:// only on this machine)"));
    }
    if url.has_fragment() {
        // RFC 6749 §3.1.2: "The endpoint URI MUST NOT include a fragment component."
        return Err(ConfigError::wrong(key, "it must not have a # part"));
    }
    if url.host().is_some() && !url.as_str().starts_with(&url.origin()) {
        // Browsers ask nobody at such an address.
        return Err(ConfigError::wrong(key, "it must not have a user or password in it"));
    }
    Ok(url)
}

fn origin(text: &str) -> Result<String, ConfigError> {
    let key = "allowed_api_origins";
    let url = address(key, text)?;
    if !url.ends_with_host() {
        return Err(ConfigError::wrong(key, "an origin has no path, as in https://api.example.com"));
    }
    Ok(url.origin())
}

fn seconds(
    members: &Members<'_>,
    key: &'static str,
    allowed: RangeInclusive<u64>,
) -> Result<Option<Duration>, ConfigError> {
    match members.optional(key)? {
        Some(value) if !allowed.contains(&value) => {
            Err(ConfigError::wrong(key, format!("it must be from {} to {}", allowed.start(), allowed.end())))
        }
        value => Ok(value.map(Duration::from_secs)),
    }
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not JSON, an unknown key, a missing key, or a value of the wrong type; the text names it and its place.
    #[error("{0}")]
    Json(String),
    /// A value that cannot work.
    #[error("`{key}` is wrong: {reason}")]
    Wrong {
        /// Which key.
        key: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
}

impl From<MemberError> for ConfigError {
    fn from(error: MemberError) -> Self {
        Self::Json(error.to_string())
    }
}

impl ConfigError {
    fn wrong(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Wrong { key, reason: reason.into() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const APP: &str = "http://localhost:8080";

    fn parse(json: &str) -> Result<Config, ConfigError> {
        Config::parse(json, APP)
    }

    #[test]
    fn two_keys_are_enough() {
        let config = parse(r#"{"issuer":"http://localhost:3000/","client_id":"app"}"#).unwrap();
        assert_eq!(config.redirect_uri.as_str(), "http://localhost:8080/callback");
        assert_eq!(config.silent_origin(), APP);
        assert_eq!(config.flow, Flow::Code);
        assert_eq!(config.silent_response, SilentResponse::SilentPage);
        assert_eq!(config.clock_tolerance, Duration::from_secs(60));
    }

    /// Some editors put one before everything that they save.
    #[test]
    fn a_byte_order_mark_made_a_configuration_useless() {
        assert!(parse("\u{feff}{\"issuer\":\"http://localhost:3000/\",\"client_id\":\"app\"}").is_ok());
    }

    #[test]
    fn a_page_in_place_of_the_file_was_a_fault_in_its_first_column() {
        let error = parse("<!doctype html><title>App</title>").unwrap_err();
        assert_eq!(error.to_string(), "there is a page in its place");
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = parse(r#"{"issuer":"http://localhost:3000/","client_id":"app","isuer":"x"}"#).unwrap_err();
        assert!(error.to_string().contains("`isuer`"), "{error}");
    }

    #[cfg(not(feature = "dpop"))]
    #[test]
    fn an_app_without_the_feature_for_a_key_did_not_say_that_it_is_for_want_of_it() {
        let error = parse(r#"{"issuer":"http://localhost:3000/","client_id":"app","dpop":true}"#).unwrap_err();
        assert!(error.to_string().contains("without the feature `dpop`"), "{error}");
    }

    #[test]
    fn a_misspelt_key_is_named_and_not_the_one_that_is_missing_for_it() {
        let error = parse(r#"{"isuer":"http://localhost:3000/","client_id":"app"}"#).unwrap_err();
        assert_eq!(error.to_string(), "`isuer` is not known here");
    }

    #[test]
    fn every_key_is_known() {
        let json = r#"{"issuer":"http://localhost:3000/","client_id":"app","scope":"openid","redirect_uri":"http://localhost:8080/back",
            "silent_redirect_uri":"http://localhost:3001/silent","silent_response":"silent_page",
            "post_logout_redirect_uri":"http://localhost:8080/","audience":"api","flow":"code","prompt":"consent","storage":"local",
            "authorization_parameters":{"organization":"one"},"logout_parameters":{"logout_uri":"http://localhost:8080/"},
            "clock_tolerance_seconds":30,"renewal_lead_seconds":20,"iframe_timeout_seconds":5,
            "allowed_api_origins":["http://localhost:3002"],"token_backend":"http://localhost:3003/oauth",
            "idle_timeout_seconds":600,"idle_warning_seconds":60}"#;
        #[cfg(feature = "dpop")]
        let json = &json.replace("\"code\"", "\"code\",\"dpop\":true");
        assert!(parse(json).is_ok(), "{:?}", parse(json));
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(value.as_object().unwrap().len(), KEYS.len());
    }

    #[test]
    fn a_sign_in_that_may_ask_nothing_is_refused() {
        let error = parse(r#"{"issuer":"http://localhost:3000/","client_id":"app","prompt":"none"}"#).unwrap_err();
        assert!(error.to_string().contains("`prompt`"), "{error}");
    }

    #[test]
    fn a_missing_key_is_named() {
        let error = parse(r#"{"issuer":"http://localhost:3000/"}"#).unwrap_err();
        assert!(error.to_string().contains("`client_id`"), "{error}");
    }

    #[test]
    fn a_path_may_have_an_at_sign() {
        assert!(parse(r#"{"issuer":"https://tenant.example/@me","client_id":"app"}"#).is_ok());
    }

    #[test]
    fn values_that_cannot_work_are_named() {
        for (key, value) in [
            ("issuer", r#""localhost""#),
            ("issuer", r#""https://user:password@tenant.example/""#),
            ("redirect_uri", r#""http://app.example/""#),
            ("silent_redirect_uri", r##""http://localhost:3001/silent#x""##),
            ("scope", r#""profile""#),
            ("authorization_parameters", r#"{"state":"mine"}"#),
            ("authorization_parameters", r#"{"prompt":"login"}"#),
            ("logout_parameters", r#"{"id_token_hint":"mine"}"#),
            ("clock_tolerance_seconds", "601"),
            ("iframe_timeout_seconds", "0"),
            ("allowed_api_origins", r#"["https://api.example/path"]"#),
            ("token_backend", r#""http://server.example/oauth""#),
            ("idle_timeout_seconds", "4"),
            ("idle_warning_seconds", "60"),
        ] {
            let base = if key == "issuer" { "" } else { r#""issuer":"http://localhost:3000/","# };
            let error = parse(&format!(r#"{{{base}"client_id":"app","{key}":{value}}}"#)).unwrap_err();
            assert!(matches!(error, ConfigError::Wrong { key: named, .. } if named == key), "{key}: {error}");
        }
    }

    #[test]
    fn a_message_of_the_issuers_own_page_is_waited_for_where_the_issuer_offers_it() {
        let base = r#"{"issuer":"https://issuer.example/","client_id":"app","silent_response":"web_message""#;
        let config = parse(&format!("{base}}}")).unwrap();
        let mut issuer = crate::protocol::authorize::tests::metadata();
        assert!(!config.is_answered_by_web_message(&issuer), "it does not name the mode");
        let unlisted = parse(&format!("{base}}}").replace("web_message", "web_message_unlisted")).unwrap();
        assert!(unlisted.is_answered_by_web_message(&issuer), "it need not");
        issuer.response_modes_supported = vec!["query".into(), "web_message".into()];
        assert!(config.is_answered_by_web_message(&issuer));
        let other = parse(r#"{"issuer":"https://issuer.example/","client_id":"app"}"#).unwrap();
        assert!(!other.is_answered_by_web_message(&issuer), "it was not chosen");
        let elsewhere = parse(&format!(r#"{base},"redirect_uri":"https://other.example/callback"}}"#)).unwrap_err();
        assert!(matches!(elsewhere, ConfigError::Wrong { key: "silent_response", .. }), "{elsewhere}");
    }

    #[test]
    fn an_idle_limit_has_a_warning_that_comes_before_it() {
        let limit = |keys: &str| {
            parse(&format!(r#"{{"issuer":"https://i.example/","client_id":"a"{keys}}}"#)).map(|config| config.idle)
        };
        let seconds = |timeout, warning| {
            Some(IdleLimit { timeout: Duration::from_secs(timeout), warning: Duration::from_secs(warning) })
        };
        assert_eq!(limit(""), Ok(None));
        assert_eq!(limit(r#","idle_timeout_seconds":900"#), Ok(seconds(900, 60)));
        assert_eq!(limit(r#","idle_timeout_seconds":10"#), Ok(seconds(10, 5)));
        assert_eq!(limit(r#","idle_timeout_seconds":10,"idle_warning_seconds":0"#), Ok(seconds(10, 0)));
        for keys in [r#","idle_timeout_seconds":10,"idle_warning_seconds":10"#, r#","idle_warning_seconds":5"#] {
            let error = limit(keys).unwrap_err();
            assert!(matches!(error, ConfigError::Wrong { key: "idle_warning_seconds", .. }), "{keys}: {error}");
        }
    }

    #[test]
    fn an_app_in_a_webview_of_its_own_could_not_start() {
        let json = r#"{"issuer":"https://i.example/","client_id":"a"}"#;
        for origin in ["tauri://localhost", "capacitor://localhost", "chrome-extension://abcdefghijklmnop"] {
            let config = Config::parse(json, origin).unwrap();
            assert_eq!(config.redirect_uri.as_str(), format!("{origin}/callback"));
            assert_eq!((config.silent_origin().as_str(), config.redirect_uri.origin().as_str()), (origin, origin));
            // The system's browser comes back to another.
            let json = json.replace('}', r#","redirect_uri":"com.example.app:/callback"}"#);
            assert!(!config.is_called_back_by_the_system());
            let config = Config::parse(&json, origin).unwrap();
            assert_eq!(config.redirect_uri.as_str(), "com.example.app:/callback");
            assert!(config.is_called_back_by_the_system());
            let error = parse(&json.replace("https://i.example/", "com.example.app:/")).unwrap_err();
            assert!(matches!(error, ConfigError::Wrong { key: "issuer", .. }), "{error}");
        }
        for (origin, redirect_uri) in [
            ("tauri://localhost", "tauri://other/callback"),
            ("tauri://localhost", "other://localhost/callback"),
            ("tauri://localhost", "tauri:/callback"),
            ("tauri://localhost", "com.example.app://user@callback"),
            ("tauri://localhost", "com.example.app:/callback#x"),
            ("http://app.example", "http://app.example/callback"),
            ("null", "file:///callback"),
        ] {
            let json = json.replace('}', &format!(r#","redirect_uri":"{redirect_uri}"}}"#));
            let error = Config::parse(&json, origin).unwrap_err();
            assert!(matches!(error, ConfigError::Wrong { key: "redirect_uri", .. }), "{redirect_uri}: {error}");
        }
    }

    #[test]
    fn api_origins_are_normalised() {
        let json =
            r#"{"issuer":"https://i.example/","client_id":"a","allowed_api_origins":["HTTPS://API.example:443/"]}"#;
        assert_eq!(parse(json).unwrap().allowed_api_origins, ["https://api.example"]);
    }

    #[test]
    fn the_cookie_mode_needs_its_server_and_asks_for_offline_access() {
        let base = r#""issuer":"http://localhost:3000/","client_id":"app""#;
        let error = parse(&format!(r#"{{{base},"storage":"cookie"}}"#)).unwrap_err();
        assert!(matches!(error, ConfigError::Wrong { key: "token_backend", .. }), "{error}");
        for backend in ["http://localhost:3003/oauth", "http://localhost:3003/oauth/"] {
            let config = parse(&format!(r#"{{{base},"storage":"cookie","token_backend":"{backend}"}}"#)).unwrap();
            assert_eq!(config.backend_endpoint("token").as_deref(), Some("http://localhost:3003/oauth/token"));
            assert!(config.scope.contains("offline_access"));
            let other = parse(&format!(r#"{{{base},"token_backend":"{backend}"}}"#)).unwrap();
            assert_eq!(other.backend_endpoint("token"), None, "the word may stand there in every mode");
            assert!(!other.scope.contains("offline_access"));
        }
    }

    #[test]
    #[cfg(feature = "dpop")]
    fn tokens_are_bound_where_the_page_asks_for_them_itself() {
        let parse = |keys: &str| parse(&format!(r#"{{"issuer":"https://i.example/","client_id":"a"{keys}}}"#));
        assert!(!parse("").unwrap().dpop);
        assert!(parse(r#","dpop":true"#).unwrap().dpop);
        let cookie = r#","storage":"cookie","token_backend":"https://i.example/token""#;
        for elsewhere in [cookie, r#","flow":"implicit""#] {
            assert!(parse(elsewhere).is_ok());
            let error = parse(&format!(r#"{elsewhere},"dpop":true"#)).unwrap_err();
            assert!(matches!(error, ConfigError::Wrong { key: "dpop", .. }), "{error}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in "\\PC{0,200}") {
            prop_assert!(parse(&text).is_err());
        }
    }
}
