//! An application: it asks, redeems, and checks tokens against the published keys, with the rules the browser uses.

use std::time::Duration;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::id_token::{Expectation, IdTokenClaims, IdTokenError, validate};
use evergrant_core::protocol::jwk::{Jwk, JwkSet};
use evergrant_core::protocol::jwt::{Algorithm, CryptoUnavailable, Hash, SignatureVerifier, Unverified};
use evergrant_core::protocol::params::encode;
use evergrant_core::protocol::{AccessToken, AuthorizationCode, ClientId, CodeVerifier, IdToken, Issuer, Nonce, pkce};
use serde_json::Value;

use super::browser::{Answer, Browser};
use super::server::Server;

pub(crate) const CALLBACK: &str = "http://localhost:8080/callback";
pub(crate) const STATE: &str = "st/&ate=";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PERSON: &str = "openid profile email";
const NONCE: &str = "n-0S6_WzA2Mj";

/// The parameters of an authorization request, to be changed before they are sent.
#[derive(Clone)]
pub(crate) struct App(Vec<(String, String)>);

impl App {
    /// A code request of `client_id` with everything a good one has.
    pub(crate) fn code(client_id: &str) -> Self {
        let challenge = pkce::challenge(&CodeVerifier::new(VERIFIER));
        Self::request(client_id, "code")
            .with("code_challenge", challenge.as_str())
            .with("code_challenge_method", "S256")
    }

    /// The same for tokens in the fragment.
    pub(crate) fn implicit(response_type: &str) -> Self {
        Self::request("app", response_type)
    }

    fn request(client_id: &str, response_type: &str) -> Self {
        Self(Vec::new())
            .with("client_id", client_id)
            .with("redirect_uri", CALLBACK)
            .with("response_type", response_type)
            .with("scope", PERSON)
            .with("state", STATE)
            .with("nonce", NONCE)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.0.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn query(&self) -> String {
        encode(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Signs `ann` in, agrees, and returns the code.
    pub(crate) async fn fresh_code(&self, browser: &Browser) -> String {
        let answer = browser.authorize_as("ann", &self.query()).await;
        let sent = answer.sent(CALLBACK, '?');
        sent.first("code").unwrap_or_else(|| panic!("no code in {:?}", answer.location())).to_owned()
    }

    /// Redeems a code as a public client does.
    pub(crate) async fn redeem(browser: &Browser, client_id: &str, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", CALLBACK),
        ];
        browser.post_with("/oauth/token", &fields, &[]).await
    }

    /// A code request of `client_id` for the API, with offline access.
    pub(crate) fn offline(client_id: &str) -> Self {
        Self::code(client_id)
            .with("audience", "https://api.example/")
            .with("scope", "openid email offline_access read:reports")
    }

    /// Refreshes as the public client `app` does.
    pub(crate) async fn refresh(browser: &Browser, refresh_token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh_token)];
        browser.post_with("/oauth/token", &fields, &[]).await
    }

    /// From nothing to the token response.
    pub(crate) async fn tokens(&self, browser: &Browser) -> Value {
        let client_id = self.0.iter().find(|(name, _)| name == "client_id").unwrap().1.clone();
        let code = self.fresh_code(browser).await;
        let answer = Self::redeem(browser, &client_id, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Judges an ID token by the rules of the browser and the keys the issuer publishes.
    pub(crate) async fn validate(
        server: &Server,
        client_id: &str,
        id_token: &str,
        access_token: Option<&str>,
        code: Option<&str>,
    ) -> Result<IdTokenClaims, IdTokenError> {
        let keys = Browser::of(server).get("/.well-known/jwks.json").await;
        let keys = JwkSet::parse(keys.body.as_bytes()).unwrap();
        let (access_token, code) = (access_token.map(AccessToken::new), code.map(AuthorizationCode::new));
        let expected = Expectation {
            issuer: &Issuer::new(server.issuer()),
            client_id: &ClientId::new(client_id),
            nonce: Some(&Nonce::new(NONCE)),
            algorithms: &Algorithm::ALL,
            max_age: None,
            access_token: access_token.as_ref(),
            code: code.as_ref(),
            front_channel: code.is_some(),
            renews: None,
            now: server.clock.now(),
            tolerance: Duration::from_secs(1),
        };
        validate(&IdToken::new(id_token), &keys, &NativeCrypto, &expected).await
    }
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    Unverified::parse(token).unwrap().claims().unwrap()
}

/// Checks signatures from nothing but the published key.
struct NativeCrypto;

impl SignatureVerifier for NativeCrypto {
    async fn verify(
        &self,
        algorithm: Algorithm,
        key: &Jwk,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, CryptoUnavailable> {
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref().unwrap()).unwrap();
        Ok(match algorithm {
            Algorithm::Es256 => {
                let point = [vec![4], bytes(&key.x), bytes(&key.y)].concat();
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                key.verify(message, signature).is_ok()
            }
            Algorithm::Rs256 => {
                let key = PublicKeyComponents { n: bytes(&key.n), e: bytes(&key.e) };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
            _ => false,
        })
    }

    async fn digest(&self, hash: Hash, _: &[u8]) -> Result<Vec<u8>, CryptoUnavailable> {
        panic!("nothing is signed with {hash:?} here")
    }
}
