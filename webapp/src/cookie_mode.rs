//! The cookie mode of single-page apps: a token endpoint of their own, which keeps the refresh token in a cookie.
//!
//! A token-mediating backend (OAuth 2.0 for Browser-Based Apps §6.2). The page goes to the issuer with code and PKCE as
//! ever and redeems the code here. It gets what the issuer gave but for the refresh token; that goes into a cookie
//! `HttpOnly; Secure; SameSite=Strict` for this path alone. A refresh takes it from there. This server keeps nothing but
//! who succeeded whom among refresh tokens that were just replaced, so that a lost answer costs nobody the session.

mod guard;
mod refresh_cookie;
mod refusal;
mod revoke;
mod rotations;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::post;

use crate::web_app::WebApp;

pub(crate) use rotations::Rotations;

/// Below which everything here is; the cookie goes nowhere else.
const PATH: &str = "/oauth";

/// The two endpoints, if there is an app they are for.
pub(crate) fn router(app: &Arc<WebApp>) -> Router<Arc<WebApp>> {
    let Some(mode) = &app.config.cookie_mode else { return Router::new() };
    let mode = Arc::new(mode.clone());
    Router::new()
        .route(&format!("{PATH}/token"), post(token::token))
        .route(&format!("{PATH}/revoke"), post(revoke::revoke))
        .layer(from_fn_with_state(Arc::clone(&mode), guard::check))
        .layer(guard::cors(&mode))
}
