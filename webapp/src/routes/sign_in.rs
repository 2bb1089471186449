//! `GET /sign-in`: off to the issuer.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;

use crate::error::PageError;
use crate::pending::PendingSignIn;
use crate::web_app::WebApp;
use crate::{cookies, crypto, sign_in};

pub(crate) async fn begin(State(app): State<Arc<WebApp>>, jar: CookieJar) -> Result<(CookieJar, Redirect), PageError> {
    let pending = PendingSignIn::new(crypto::entropy()?, evergrant_native::now());
    let (url, transaction) = sign_in::begin(&app, &pending).await?;
    let cookie = cookies::new_pending(transaction.state.secret(), pending.to_text(), &app.config);
    let oldest = cookies::no_oldest_pending(&jar, &app.config);
    let jar = oldest.into_iter().fold(jar, CookieJar::add).add(cookie);
    Ok((jar, Redirect::to(url.as_str())))
}
