//! Two ways to keep tokens out of a browser's scripts, in one small server.
//!
//! - **A server-side web app** (a confidential client): people sign in by `response_type=code id_token`, every token stays
//!   on the server, and the browser holds the name of a session. Its pages need no JavaScript.
//! - **The cookie mode** of a single-page app: the page gets access tokens, and its refresh token is in a cookie that no
//!   script can read (a token-mediating backend, OAuth 2.0 for Browser-Based Apps §6.2).
//!
//! Where things are:
//! - `router` lists every route; each page is a file in `routes/`.
//! - `sign_in` is the way to the issuer and back, `session` what is kept of it, `renewal` how it is renewed.
//! - `back_channel` is how the issuer ends a session here.
//! - `cookie_mode` is the other half, on its own: it shares the issuer with the first one, and nothing else.
//! - `provider` talks to the issuer, `expenses` to the API.

mod back_channel;
pub mod config;
mod cookie_mode;
mod cookies;
mod crypto;
mod error;
mod expenses;
mod http;
mod pages;
mod pending;
mod provider;
mod renewal;
mod router;
mod routes;
mod session;
mod sessions;
mod sign_in;
mod sign_out;
mod web_app;

pub use config::Config;
pub use router::router;
pub use web_app::WebApp;
