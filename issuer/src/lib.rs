//! A small, complete OpenID provider: sign-in, consent, sessions and tokens for one machine or a few.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use evergrant_issuer::{Clock, Config, Provider, router, store};
//!
//! let config = Config::read(Path::new("issuer.toml"))?;
//! let store = store::open(&config).await?;
//! let provider = Arc::new(Provider::open(config, store, Clock::system(), false).await?);
//! let service = router(provider);
//! # Ok(())
//! # }
//! ```
//!
//! [`LocalIssuer`] is one for the tests of something else, in their own process.
//!
//! Where things are:
//! - [`router`] lists every route; each handler is a file in `routes/`.
//! - [`authorize`] holds the rules of the authorization endpoint as plain functions.
//! - [`tokens`] says what tokens carry, [`keys`] signs them.
//! - [`store`] is what is remembered: a trait, and its forms in SQLite and PostgreSQL.
//! - [`config`] is everything it can be told; [`options`] and [`server`] are the process around it.

mod access_tokens;
mod accounts;
pub mod authorize;
mod backchannel_logout;
mod client_authentication;
pub mod clock;
pub mod config;
mod dev;
mod dpop;
pub mod error;
mod interactions;
pub mod keys;
mod known_browsers;
mod limits;
mod local;
mod metrics;
pub mod options;
pub mod passwords;
pub mod provider;
mod refresh_tokens;
mod revocations;
mod router;
mod routes;
mod scopes;
pub mod secret;
pub mod server;
mod sessions;
pub mod store;
pub mod tokens;
mod user_code;
mod web;

pub use clock::Clock;
pub use config::Config;
pub use dev::failures::{OrderError, OrderedFailure};
pub use dev::requests::LoggedRequest;
pub use local::{LocalError, LocalIssuer};
pub use provider::Provider;
pub use router::router;
pub use store::{PostgresStore, SqliteStore, Store};
