//! The API over real HTTP, with tokens of the real issuer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod binary;
mod claims;
mod clocks;
mod dpop;
mod forged;
mod outage;
mod revoked;
mod support;
