//! The signature check by itself, without which nothing can be done: what a token costs at least.

use anyhow::Context as _;
use evergrant_core::protocol::jwt::Unverified;

use crate::api::token_signer::Tokens;
use crate::usage;

/// Checks every token's signature, and returns the microseconds that one took.
pub(crate) fn check_all(tokens: &Tokens) -> anyhow::Result<f64> {
    let taken_apart: Vec<_> =
        tokens.all.iter().map(|token| Unverified::parse(token.secret())).collect::<Result<_, _>>()?;
    usage::micros_each(taken_apart.len(), || {
        for jwt in &taken_apart {
            let judged = tokens.public_key.verify_sig(jwt.signing_input, &jwt.signature);
            judged.ok().context("a good signature is refused")?;
        }
        Ok(())
    })
}
