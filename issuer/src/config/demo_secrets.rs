//! The secrets of the demo's configuration are public: whether some are in use here.

use std::collections::HashSet;

use super::Config;

/// The configuration of the demo, as it is published.
const DEMO: &str = include_str!("../../demo.toml");

impl Config {
    /// Whether a password or a client's secret of the demo opens something here.
    pub fn uses_demo_secrets(&self) -> bool {
        let Ok(demo) = Self::parse(DEMO) else { return false };
        let published = demo.opening_hashes();
        self.opening_hashes().iter().any(|hash| published.contains(hash))
    }

    fn opening_hashes(&self) -> HashSet<String> {
        let passwords = self.users.iter().map(|user| user.password_hash.as_phc().to_owned());
        let secrets = self.clients.iter().flat_map(|client| &client.secret_hashes).map(|hash| hash.to_text());
        passwords.chain(secrets).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_demos_secrets_is_enough() {
        let mut config = Config::parse(DEMO).unwrap();
        assert!(config.uses_demo_secrets());
        config.users.clear();
        assert!(config.uses_demo_secrets());
        config.clients.retain(|client| client.secret_hashes.is_empty());
        assert!(!config.uses_demo_secrets());
    }
}
