//! The harness of the tests with software by others: their servers and pages beside those of
//! [`evergrant_e2e`], each started anew for every journey.

pub mod oidc_client_ts;
pub mod oidc_provider;
pub mod openid_client;
pub mod peer;

pub use oidc_client_ts::OidcClientTs;
pub use oidc_provider::OidcProvider;
pub use openid_client::OpenidClient;
