//! The pages of people who sign in here, and what the issuer posts; a file each.

pub(crate) mod assets;
pub(crate) mod backchannel_logout;
pub(crate) mod callback;
pub(crate) mod expenses;
pub(crate) mod home;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
