//! `POST /oauth/revoke`: the session is over here and at the issuer (RFC 7009).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::revoke as revocation;

use super::refresh_cookie;
use super::refusal::Refusal;
use super::token::client;
use crate::web_app::WebApp;

pub(super) async fn revoke(State(app): State<Arc<WebApp>>, jar: CookieJar, body: String) -> Response {
    let kept = refresh_cookie::read(&jar);
    // A task of its own: a page that signs out leaves before the issuer has answered.
    let revoked = tokio::spawn(async move {
        let params = Params::parse(&body)?;
        let client = client(&app, &params)?;
        if let Some(kept) = kept {
            let token = app.rotations.newest(kept).await;
            let body = revocation::refresh_token(&client.client_id, &token);
            app.provider.revoke(body, client.authorization().as_deref()).await?;
        }
        Ok::<_, Refusal>(())
    });
    let revoked = revoked.await;
    // The cookie goes in any case: signing out wins.
    let jar = jar.add(refresh_cookie::forget());
    match revoked {
        Ok(Ok(())) => (jar, StatusCode::OK).into_response(),
        Ok(Err(refusal)) => (jar, refusal).into_response(),
        Err(_) => (jar, StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    }
}
