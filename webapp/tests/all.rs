//! The web app over real HTTP, with a real issuer behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backchannel_logout;
mod binary;
mod cookie_mode;
mod refresh;
mod sign_in;
mod sign_out;
mod support;
