//! An issuer, an API that follows it, and somebody who calls both.

mod api;
mod eventually;
mod issuer;
mod keys;

pub(crate) use api::{Answer, Api};
pub(crate) use eventually::eventually;
pub(crate) use issuer::{API, Issuer, access_token};
pub(crate) use keys::TestKey;
