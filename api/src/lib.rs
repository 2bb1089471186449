//! Checks access tokens for an API written with [axum]: signed JWTs, judged where they arrive (RFC 9068), refused in the
//! words of RFC 6750.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use axum::routing::get;
//! use evergrant_api::{Bearer, RequiredScope, Settings, Verifier};
//!
//! struct ReadReports;
//!
//! impl RequiredScope for ReadReports {
//!     const SCOPE: &'static str = "read:reports";
//! }
//!
//! async fn reports(token: Bearer<ReadReports>) -> String {
//!     format!("The reports of {}\n", token.claims.sub)
//! }
//!
//! let verifier = Verifier::follow(Settings::new("https://issuer.example/", "https://api.example/"))?;
//! let router: Router = Router::new().route("/reports", get(reports)).with_state(Arc::new(verifier));
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is asked for a token: keys and the list of what was revoked are fetched beforehand, again and again, so that a
//! key that was withdrawn and a token that was taken back stop to count within seconds ([`Settings::refresh_every`]). While
//! the issuer is down, its tokens are judged by what it said last.
//!
//! A token that is bound to a key is taken from who shows that key (DPoP, RFC 9449), and from nobody else. [`Bearer`] does that by
//! itself; [`Settings::public_origins`] says when it has to be told at which address the API is reached.
//!
//! Where things are:
//! - [`Verifier`] judges a token; what it has verified it need not verify twice.
//! - `trust` is what is believed of the issuer, `follower` keeps it new.
//! - [`Bearer`] is the extractor, [`Refusal`] the answer without a good token, [`cors`] lets named web apps read both.

mod bearer;
mod cors;
mod follower;
mod keys;
mod proof;
mod refusal;
mod revoked_list;
mod settings;
mod trust;
mod verifier;

pub use bearer::{AnyScope, Bearer, RequiredScope};
pub use cors::cors;
pub use follower::FollowError;
pub use refusal::Refusal;
pub use settings::Settings;
pub use verifier::{NotAccepted, Verifier};

/// The example of the page that registries show is compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
