//! The authorization endpoint's rules: reading a request, deciding what it needs, and building the answer.
//!
//! [`request`] and [`decision`] are plain functions of what they are given; [`response`] mints what was decided.

pub mod decision;
pub mod request;
pub mod response;
mod response_type;

pub use evergrant_core::protocol::ResponseMode;
pub(crate) use request::{
    IDENTITY_SCOPES, OFFLINE_ACCESS, api, api_or_that_of, grantable, no_scope, several_resources,
};
pub use response_type::ResponseType;
