//! What every route shares: forms, cookies, pages, headers, and the guard against forged posts.

pub(crate) mod assets;
pub(crate) mod bearer;
pub(crate) mod conditional;
pub(crate) mod cookies;
pub(crate) mod delivery;
pub(crate) mod device;
pub(crate) mod escort;
pub(crate) mod form;
mod framing;
pub(crate) mod headers;
pub(crate) mod oauth_refusal;
mod page_error;
pub(crate) mod page_params;
pub(crate) mod pages;
pub(crate) mod peer;
pub(crate) mod reason;
pub(crate) mod same_origin;

pub(crate) use page_error::PageError;
