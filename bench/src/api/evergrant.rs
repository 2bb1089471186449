//! The checks of `evergrant-api`.

use evergrant_api::{Settings, Verifier};
use tokio::runtime::{Builder, Runtime};

use crate::api::token_signer::{AUDIENCE, ISSUER, Tokens};
use crate::usage;

/// A verifier that has seen no token yet.
#[derive(Debug)]
pub(crate) struct Evergrant {
    verifier: Verifier,
    runtime: Runtime,
}

impl Evergrant {
    pub(crate) fn new(tokens: &Tokens) -> anyhow::Result<Self> {
        let verifier = Verifier::with_keys(Settings::new(ISSUER, AUDIENCE), tokens.keys.clone());
        Ok(Self { verifier, runtime: Builder::new_current_thread().build()? })
    }

    /// Checks every token once, and returns the microseconds that one took.
    pub(crate) fn check_all(&mut self, tokens: &Tokens) -> anyhow::Result<f64> {
        let now = evergrant_native::now();
        usage::micros_each(tokens.all.len(), || {
            self.runtime.block_on(async {
                for token in &tokens.all {
                    self.verifier.verify(token, now).await?;
                }
                Ok(())
            })
        })
    }
}
