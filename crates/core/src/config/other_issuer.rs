//! Another issuer in place of the configured one, for an app that lets people choose: what they say about it, as one text
//! that can be kept, or shared as the fragment of a link. No secret is in it.

use super::{Config, ConfigError, SilentResponse, StorageKind, client_id, issuer, openid_scope};
use crate::protocol::authorize::{AuthorizationParameters, Flow};
use crate::protocol::params::{self, Params};

/// What a person says about an issuer of their choice, as they typed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherIssuer {
    /// The issuer identifier.
    pub issuer: String,
    /// The client that is registered there for this app.
    pub client_id: String,
    /// What is asked for.
    pub scope: String,
    /// The API that access tokens are for; empty for none.
    pub audience: String,
}

impl OtherIssuer {
    /// What `config` says about its issuer.
    pub fn of(config: &Config) -> Self {
        Self {
            issuer: config.issuer.to_string(),
            client_id: config.client_id.to_string(),
            scope: config.scope.to_string(),
            audience: config.audience.clone().unwrap_or_default(),
        }
    }

    /// Whether `config` is one that [`OtherIssuer::in_place_of`] made.
    pub fn is_used_by(config: &Config) -> bool {
        config.kept_as != config.client_id.as_str()
    }

    /// Reads what [`OtherIssuer::to_text`] wrote; `None` when it is something else. It may be anybody's, so it is to be shown
    /// before it is used.
    pub fn from_text(text: &str) -> Option<Self> {
        let params = Params::parse(text).ok()?;
        let value = |name| params.first(name).unwrap_or_default().to_owned();
        let issuer = params.filled("issuer")?.to_owned();
        Some(Self { issuer, client_id: value("client_id"), scope: value("scope"), audience: value("audience") })
    }

    /// All of it in one line, form-encoded.
    pub fn to_text(&self) -> String {
        let Self { issuer, client_id, scope, audience } = self;
        params::encode([("issuer", &**issuer), ("client_id", client_id), ("scope", scope), ("audience", audience)])
    }

    /// The configuration of this app at that issuer: where it comes back to is the same, but nothing that `own` trusts is
    /// told anything of the other issuer's, and no `prompt` or other parameter that is meant for `own`'s issuer is sent to the
    /// other. Tokens go to no API, codes to no token backend, and sessions are kept apart, also where the two clients have one id.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what cannot be used.
    pub fn in_place_of(&self, own: &Config) -> Result<Config, ConfigError> {
        let issuer = issuer(self.issuer.trim().to_owned())?;
        let client_id = client_id(self.client_id.trim().to_owned())?;
        Ok(Config {
            kept_as: format!("{client_id} at {issuer}"),
            issuer,
            client_id,
            scope: openid_scope(&self.scope)?,
            audience: Some(self.audience.trim().to_owned()).filter(|audience| !audience.is_empty()),
            flow: Flow::Code,
            prompt: None,
            authorization_parameters: AuthorizationParameters::default(),
            logout_parameters: AuthorizationParameters::default(),
            silent_response: match own.silent_response {
                // Of the other issuer nobody has said so.
                SilentResponse::WebMessageUnlisted => SilentResponse::WebMessage,
                other => other,
            },
            storage: match own.storage {
                StorageKind::Cookie => StorageKind::Session,
                other => other,
            },
            allowed_api_origins: Vec::new(),
            token_backend: None,
            // Nobody has said that it binds tokens.
            #[cfg(feature = "dpop")]
            dpop: false,
            ..own.clone()
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn own() -> Config {
        let json = r#"{"issuer":"http://localhost:3000/","client_id":"app","storage":"cookie","flow":"implicit","prompt":"consent",
            "silent_redirect_uri":"http://localhost:3001/silent","token_backend":"http://localhost:3003/oauth",
            "allowed_api_origins":["http://localhost:3002"]}"#;
        Config::parse(json, "http://localhost:8080").unwrap()
    }

    fn other() -> OtherIssuer {
        OtherIssuer {
            issuer: " https://tenant.example/a?b&c=d ".to_owned(),
            client_id: "app".to_owned(),
            scope: "openid offline_access".to_owned(),
            audience: String::new(),
        }
    }

    #[test]
    fn what_was_said_survives_being_kept_and_shared() {
        assert_eq!(OtherIssuer::from_text(&other().to_text()), Some(other()));
        assert_eq!(OtherIssuer::from_text("issuer=https://i.example/").unwrap().client_id, "");
        for text in ["", "issuer=", "client_id=a", "issuer=a&issuer=b"] {
            assert_eq!(OtherIssuer::from_text(text), None, "{text}");
        }
    }

    #[test]
    fn the_app_comes_back_to_the_same_places_and_trusts_nobody_of_before() {
        let (own, config) = (own(), other().in_place_of(&own()).unwrap());
        assert_eq!(config.issuer.as_str(), "https://tenant.example/a?b&c=d");
        assert_eq!(
            (&config.redirect_uri, &config.silent_redirect_uri, &config.post_logout_redirect_uri),
            (&own.redirect_uri, &own.silent_redirect_uri, &own.post_logout_redirect_uri)
        );
        assert_eq!((config.allowed_api_origins.len(), config.token_backend, config.audience), (0, None, None));
        assert_eq!((config.storage, config.flow, config.prompt), (StorageKind::Session, Flow::Code, None));
    }

    #[test]
    fn what_one_issuer_alone_knows_was_said_to_the_other() {
        let json = r#"{"issuer":"http://localhost:3000/","client_id":"app","silent_response":"web_message_unlisted",
            "authorization_parameters":{"organization":"one"},"logout_parameters":{"federated":"yes"}}"#;
        let own = Config::parse(json, "http://localhost:8080").unwrap();
        let config = other().in_place_of(&own).unwrap();
        assert_eq!(config.authorization_parameters, AuthorizationParameters::default());
        assert_eq!(config.logout_parameters, AuthorizationParameters::default());
        assert_eq!(config.silent_response, SilentResponse::WebMessage);
    }

    #[test]
    fn two_clients_of_one_id_are_kept_apart() {
        assert_eq!(own().kept_as, "app");
        assert!(!OtherIssuer::is_used_by(&own()) && OtherIssuer::is_used_by(&other().in_place_of(&own()).unwrap()));
        let elsewhere = OtherIssuer { issuer: "https://other.example/".to_owned(), ..other() };
        let names = [other(), elsewhere].map(|issuer| issuer.in_place_of(&own()).unwrap().kept_as);
        assert!(names[0] != names[1] && !names.contains(&"app".to_owned()), "{names:?}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (key, wrong) in [
            ("issuer", OtherIssuer { issuer: "http://tenant.example/".to_owned(), ..other() }),
            ("client_id", OtherIssuer { client_id: " ".to_owned(), ..other() }),
            ("scope", OtherIssuer { scope: "profile".to_owned(), ..other() }),
        ] {
            let error = wrong.in_place_of(&own()).unwrap_err();
            assert!(matches!(error, ConfigError::Wrong { key: named, .. } if named == key), "{key}: {error}");
        }
    }
}
