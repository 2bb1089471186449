//! The rules of OAuth 2.0 and OpenID Connect for browser apps, and the session that lives by them.
//!
//! This crate decides; it performs nothing. It opens no socket, reads no clock and rolls no dice: the time and
//! randomness it needs are arguments. So every rule runs in a plain test, a year of renewals takes milliseconds,
//! and the same types serve the browser, the issuer and the API.
//!
//! - [`protocol`]: pairs of functions, one that builds a request and one that judges the response.
//! - [`session`]: the state machine that says when a session is renewed, and when it ends.
//! - [`address`]: absolute addresses, read by the platform's parser.
//! - [`config`]: what an app says about itself (`config.json`).
//! - [`time`]: how time is passed in.

// The finished app has no `Debug`: see `finish::silent`.
#![cfg_attr(not(test), warn(clippy::use_debug))]

pub mod address;
pub mod config;
pub mod protocol;
pub mod session;
pub mod time;
