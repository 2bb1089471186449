//! Every test that speaks HTTP to the issuer, one file for each route; `process` starts the program itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod article;
mod authorize;
mod bad_input;
mod client_credentials;
mod config;
mod consent;
mod dev;
mod discovery;
mod implicit;
mod introspect;
mod keys;
mod kill;
mod lifetimes;
mod limits;
mod logout;
mod metrics;
mod password;
mod postgres;
mod process;
mod refresh;
mod refresh_family;
mod response_modes;
mod restart;
mod revoke;
mod revoked;
mod secrecy;
mod secret;
mod sign_in;
mod silent;
mod slow;
mod store_conformance;
mod support;
mod token;
mod userinfo;
