//! What is known of the issuer: its metadata and its keys, fetched once and kept while they do, and whether it answers
//! in a hidden iframe.

use std::cell::RefCell;
use std::rc::Rc;

use evergrant_core::protocol::id_token::{self, Expectation, IdTokenClaims, IdTokenError};
use evergrant_core::protocol::jwk::JwkSet;
use evergrant_core::protocol::metadata::{self, ProviderMetadata};
use evergrant_core::protocol::{IdToken, Issuer};
use evergrant_core::session::{Failure, HiddenIframe};
use futures_util::future::LocalBoxFuture;

use crate::crypto::WebCrypto;
#[cfg(feature = "dpop")]
use crate::dpop::ProofKey;
use crate::http;
use crate::network::is_offline;

/// One issuer.
#[derive(Debug)]
pub struct Provider {
    issuer: Issuer,
    metadata: RefCell<Option<Rc<ProviderMetadata>>>,
    keys: RefCell<Option<Rc<JwkSet>>>,
    iframe: RefCell<HiddenIframe>,
    #[cfg(feature = "dpop")]
    proof_key: ProofKey,
}

impl Provider {
    /// The issuer with this identifier; nothing is fetched yet.
    pub fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            metadata: RefCell::default(),
            keys: RefCell::default(),
            iframe: RefCell::default(),
            #[cfg(feature = "dpop")]
            proof_key: ProofKey::default(),
        }
    }

    /// What its tokens are bound to, where [`Config::dpop`](evergrant_core::config::Config::dpop) says so.
    #[cfg(feature = "dpop")]
    pub(crate) fn proof_key(&self) -> &ProofKey {
        &self.proof_key
    }

    /// The issuer's metadata, if it was needed already.
    pub fn known_metadata(&self) -> Option<Rc<ProviderMetadata>> {
        self.metadata.borrow().clone()
    }

    /// The next who needs the metadata asks for it anew.
    pub fn forget_metadata(&self) {
        self.metadata.take();
    }

    /// What was seen of it in a hidden iframe.
    pub fn iframe(&self) -> HiddenIframe {
        self.iframe.borrow().clone()
    }

    /// Remembers what was seen of it in a hidden iframe.
    pub fn remember_iframe(&self, seen: HiddenIframe) {
        self.iframe.replace(seen);
    }

    /// The issuer's metadata (OIDC Discovery §4), asked for once in the life of a page, unless it is forgotten. Where the browser
    /// says that there is no network it is asked for each time: whoever was to leave for a page of the issuer's finds out here.
    ///
    /// # Errors
    /// [`Failure::Unreachable`], [`Failure::Busy`] (429, or 500 and above) or [`Failure::Metadata`]; the next call asks again.
    // Boxed, so that there is one of it: what is `async` is compiled anew into each crate that reaches it.
    pub fn metadata(&self) -> LocalBoxFuture<'_, Result<Rc<ProviderMetadata>, Failure>> {
        Box::pin(self.look_up())
    }

    async fn look_up(&self) -> Result<Rc<ProviderMetadata>, Failure> {
        if let Some(metadata) = self.known_metadata().filter(|_| !is_offline()) {
            return Ok(metadata);
        }
        let endpoint = "the issuer's metadata";
        let answer = http::get(endpoint, &metadata::discovery_url(&self.issuer)).await?;
        let metadata = Rc::new(metadata::judge(&self.issuer, answer.status, &answer.body)?);
        *self.metadata.borrow_mut() = Some(Rc::clone(&metadata));
        Ok(metadata)
    }

    /// Validates an ID token. A key that is unknown, or does not fit the signature, refetches the key set, once: another may have
    /// taken its place, also under its name.
    ///
    /// # Errors
    /// [`Failure::IdToken`], or why the keys could not be had.
    pub async fn validate(&self, token: &IdToken, expected: &Expectation<'_>) -> Result<IdTokenClaims, Failure> {
        let known = self.keys.borrow().clone();
        let was_known = known.is_some();
        let keys = match known {
            Some(keys) => keys,
            None => self.fetch_keys().await?,
        };
        match id_token::validate(token, &keys, &WebCrypto, expected).await {
            Err(IdTokenError::Key(_) | IdTokenError::Signature) if was_known => {
                let keys = self.fetch_keys().await?;
                Ok(id_token::validate(token, &keys, &WebCrypto, expected).await?)
            }
            judged => Ok(judged?),
        }
    }

    async fn fetch_keys(&self) -> Result<Rc<JwkSet>, Failure> {
        let endpoint = "the issuer's keys";
        let metadata = self.metadata().await?;
        let answer = http::get(endpoint, metadata.jwks_uri.as_str()).await?;
        let keys = Rc::new(JwkSet::parse(&answer.body)?);
        *self.keys.borrow_mut() = Some(Rc::clone(&keys));
        Ok(keys)
    }
}
