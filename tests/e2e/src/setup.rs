//! What a journey needs to be different from the demo.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::driver::Engine;

/// The demo as it is shipped, with the changes a journey asks for.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub(crate) access_token_lifetime: Option<u32>,
    pub(crate) id_token_lifetime: Option<u32>,
    pub(crate) config: Map<String, Value>,
    pub(crate) engine: Engine,
    pub(crate) blocks_site_data: bool,
    pub(crate) issuer_is_another_site: bool,
    pub(crate) has_web_app: bool,
    pub(crate) issuer_settings: String,
    pub(crate) clients: String,
    pub(crate) any_issuer: bool,
    pub(crate) silent_page_at_home: bool,
    pub(crate) app: Option<PathBuf>,
}

impl Setup {
    /// Nothing is different.
    pub fn demo() -> Self {
        Self::default()
    }

    /// Another browser than Chromium. What only that one tells is not to be had then: requests, the console, the developer tools.
    pub fn in_engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Access tokens that live this many seconds.
    pub fn with_access_token_lifetime(mut self, seconds: u32) -> Self {
        self.access_token_lifetime = Some(seconds);
        self
    }

    /// ID tokens that live this many seconds.
    pub fn with_id_token_lifetime(mut self, seconds: u32) -> Self {
        self.id_token_lifetime = Some(seconds);
        self
    }

    /// One key of `config.json`.
    pub fn with_config(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// The app asks for `offline_access`, and so gets refresh tokens.
    pub fn with_refresh_tokens(self) -> Self {
        self.with_config("scope", "openid profile email read:reports offline_access")
    }

    /// The issuer is at `127.0.0.1` and the app at `localhost`: two sites, so that in a frame the issuer's cookies are a third
    /// party's, and stay away.
    pub fn with_issuer_at_another_site(mut self) -> Self {
        self.issuer_is_another_site = true;
        self
    }

    /// The app's server lets it talk to any issuer, as the demo's does.
    pub fn with_any_issuer(mut self) -> Self {
        self.any_issuer = true;
        self
    }

    /// The silent page is at the app's own origin, as it is where the configuration names no other.
    pub fn with_silent_page_at_home(mut self) -> Self {
        self.silent_page_at_home = true;
        self
    }

    /// The server-side web app is there, too.
    pub fn with_web_app(mut self) -> Self {
        self.has_web_app = true;
        self
    }

    /// The app's refresh token is in a cookie that the web app keeps.
    pub fn with_cookie_mode(self) -> Self {
        self.with_web_app().with_config("storage", "cookie")
    }

    /// One line at the top of the issuer's configuration.
    pub fn with_issuer_setting(mut self, line: &str) -> Self {
        self.issuer_settings.push_str(line);
        self.issuer_settings.push('\n');
        self
    }

    /// One more client at the issuer: its `[[client]]`, as the configuration has it.
    pub fn with_client(mut self, registration: &str) -> Self {
        self.clients.push_str(registration);
        self
    }

    /// Another built app in place of the demo's.
    pub fn with_app(mut self, directory: impl Into<PathBuf>) -> Self {
        self.app = Some(directory.into());
        self
    }

    /// A browser that lets no site store anything, cookies included.
    pub fn with_site_data_blocked(mut self) -> Self {
        self.blocks_site_data = true;
        self
    }
}
