//! The handlers, one file for each endpoint or page.

pub(crate) mod account;
mod asked;
pub(crate) mod authorize;
pub(crate) mod consent;
pub(crate) mod dev;
pub(crate) mod device;
pub(crate) mod device_authorization;
pub(crate) mod discovery;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod introspect;
pub(crate) mod logout;
pub(crate) mod metrics;
pub(crate) mod revoke;
pub(crate) mod revoked;
pub(crate) mod secret;
pub(crate) mod sign_in;
pub(crate) mod token;
pub(crate) mod userinfo;
