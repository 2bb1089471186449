//! `POST /oauth/token`: what the issuer's own endpoint does, but that the page never sees the refresh token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use evergrant_core::protocol::params::{self, Params};
use evergrant_core::protocol::token::TokenResponse;
use evergrant_core::protocol::{ErrorCode, RefreshToken, revoke};
use tracing::warn;

use super::refresh_cookie;
use super::refusal::Refusal;
use crate::config::CookieMode;
use crate::web_app::WebApp;

/// What of a code grant is passed on (RFC 6749 §4.1.3, RFC 7636 §4.5).
const CODE_PARAMETERS: [&str; 5] = ["grant_type", "client_id", "code", "code_verifier", "redirect_uri"];

pub(super) async fn token(State(app): State<Arc<WebApp>>, jar: CookieJar, body: String) -> Response {
    let call = Call { app, kept: refresh_cookie::read(&jar) };
    // A task of its own: a page that leaves in the middle must not lose what the issuer is about to answer.
    let answer = tokio::spawn(async move { call.answer(&body).await }).await;
    let failed = |_| Err(Refusal::new(ErrorCode::ServerError, "this server could not do its work").into());
    match answer.unwrap_or_else(failed) {
        Ok(Granted { mut tokens, keeps_cookie }) => {
            let jar = match tokens.refresh_token.take() {
                Some(refresh_token) => jar.add(refresh_cookie::keep(&refresh_token)),
                None if keeps_cookie => jar,
                // Another sign-in, without a refresh token: the one that was kept is not its own.
                None => jar.add(refresh_cookie::forget()),
            };
            let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            (no_store, jar, Json(tokens)).into_response()
        }
        Err(Refused { refusal, cookie_is_spent: true }) => (jar.add(refresh_cookie::forget()), refusal).into_response(),
        Err(Refused { refusal, .. }) => refusal.into_response(),
    }
}

/// The app that calls: the one this server is for.
pub(super) fn client<'a>(app: &'a WebApp, params: &Params) -> Result<&'a CookieMode, Refusal> {
    let known = app.config.cookie_mode.as_ref();
    known
        .filter(|known| params.filled("client_id") == Some(known.client_id.as_str()))
        .ok_or_else(|| Refusal::new(ErrorCode::InvalidClient, "this server keeps no refresh token for that client_id"))
}

struct Call {
    app: Arc<WebApp>,
    /// The refresh token that came in the cookie.
    kept: Option<RefreshToken>,
}

struct Granted {
    tokens: TokenResponse,
    /// Whether an answer without a refresh token leaves the cookie as it is (RFC 6749 §6).
    keeps_cookie: bool,
}

struct Refused {
    refusal: Refusal,
    /// Whether the browser is to forget its cookie: not the one that a new sign-in has put in its place meanwhile.
    cookie_is_spent: bool,
}

impl<Cause: Into<Refusal>> From<Cause> for Refused {
    fn from(cause: Cause) -> Self {
        Self { refusal: cause.into(), cookie_is_spent: false }
    }
}

impl Call {
    async fn answer(self, body: &str) -> Result<Granted, Refused> {
        let refused = |code, description| Err(Refusal::new(code, description).into());
        let params = Params::parse(body)?;
        let client = client(&self.app, &params)?;
        match params.filled("grant_type") {
            Some("authorization_code") => self.redeem_code(client, &params).await,
            Some("refresh_token") => self.refresh(client, &params).await,
            Some(_) => refused(ErrorCode::UnsupportedGrantType, "only codes and refresh tokens become tokens here"),
            None => refused(ErrorCode::InvalidRequest, "grant_type is missing"),
        }
    }

    async fn redeem_code(&self, client: &CookieMode, params: &Params) -> Result<Granted, Refused> {
        let passed_on = CODE_PARAMETERS.iter().filter_map(|name| Some((*name, params.filled(name)?)));
        let authorization = client.authorization();
        let tokens = self.app.provider.redeem_code(params::encode(passed_on), authorization.as_deref()).await?;
        if let Some(before) = self.kept.clone() {
            // A renewal with it that is under way is refused now, and that must not remove the new cookie.
            self.app.rotations.take_over(&before);
            // The new sign-in takes the cookie over. The refresh token in it would live on, and nobody could use it.
            let before = self.app.rotations.newest(before).await;
            let body = revoke::refresh_token(&client.client_id, &before);
            if let Err(failure) = self.app.provider.revoke(body, authorization.as_deref()).await {
                warn!("the refresh token of an earlier sign-in could not be revoked: {failure}");
            }
        }
        Ok(Granted { tokens, keeps_cookie: false })
    }

    async fn refresh(&self, client: &CookieMode, params: &Params) -> Result<Granted, Refused> {
        if params.has("refresh_token") {
            let description = "the refresh token comes in the cookie, and nowhere else";
            return Err(Refusal::new(ErrorCode::InvalidRequest, description).into());
        }
        let Some(kept) = self.kept.clone() else {
            return Err(Refusal::new(ErrorCode::InvalidGrant, "there is no cookie with a refresh token").into());
        };
        let redeem = async |token: RefreshToken| {
            self.app.provider.refresh(&client.client_id, &token, client.authorization().as_deref()).await
        };
        match self.app.rotations.redeem(kept.clone(), redeem).await {
            Ok(tokens) => Ok(Granted { tokens, keeps_cookie: true }),
            Err(failure) => {
                let refusal = Refusal::from(failure);
                let is_refused = refusal.is(&ErrorCode::InvalidGrant);
                let cookie_is_spent = is_refused && !self.app.rotations.was_taken_over(kept).await;
                Err(Refused { refusal, cookie_is_spent })
            }
        }
    }
}
