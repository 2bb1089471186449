//! What a journey needs to be different from the demo.

use serde_json::{Map, Value};

/// The demo as it is shipped, with the changes a journey asks for.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub(crate) access_token_lifetime: Option<u32>,
    pub(crate) config: Map<String, Value>,
    pub(crate) blocks_site_data: bool,
}

impl Setup {
    /// Nothing is different.
    pub fn demo() -> Self {
        Self::default()
    }

    /// Access tokens that live this many seconds.
    pub fn with_access_token_lifetime(mut self, seconds: u32) -> Self {
        self.access_token_lifetime = Some(seconds);
        self
    }

    /// One key of `config.json`.
    pub fn with_config(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// A browser that lets no site store anything, cookies included.
    pub fn with_site_data_blocked(mut self) -> Self {
        self.blocks_site_data = true;
        self
    }
}
