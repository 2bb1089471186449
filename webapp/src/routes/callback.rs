//! `POST /callback`: the issuer's response, as the form that the browser carries over.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use evergrant_core::protocol::callback::{self, CallbackError};
use evergrant_core::protocol::params::Params;
use evergrant_core::session::Failure;

use crate::error::PageError;
use crate::pending::PendingSignIn;
use crate::web_app::WebApp;
use crate::{cookies, crypto, sign_in, sign_out};

/// It comes from another site by its nature: what ties it to this browser is the cookie of the sign-in it answers.
pub(crate) async fn callback(State(app): State<Arc<WebApp>>, jar: CookieJar, body: String) -> Response {
    let params = match Params::parse(&body) {
        Ok(params) => params,
        Err(error) => return PageError::from(Failure::from(CallbackError::from(error))).into_response(),
    };
    let state = callback::state_of(&params);
    let state = state.as_ref().map_or("", |state| state.secret());
    let pending = cookies::pending(&jar, state, &app.config).and_then(|text| PendingSignIn::parse(&text));
    // Spent whatever comes of it.
    let jar = jar.add(cookies::no_pending(state, &app.config));
    match begin_session(&app, &jar, &params, pending).await {
        Ok(id) => (jar.add(cookies::new_session(id, &app.config)), Redirect::to("/expenses")).into_response(),
        Err(error) => (jar, error).into_response(),
    }
}

/// The response never comes by a link: somebody reloaded, or typed the address.
pub(crate) async fn opened_by_hand() -> Redirect {
    Redirect::to("/")
}

async fn begin_session(
    app: &Arc<WebApp>,
    jar: &CookieJar,
    params: &Params,
    pending: Option<PendingSignIn>,
) -> Result<String, PageError> {
    let session = sign_in::complete(app, params, pending, crypto::secret_text()?).await?;
    // A new name for every sign-in: one that was planted before opens nothing.
    let id = crypto::secret_text()?;
    if let Some(before) = cookies::session(jar, &app.config) {
        // Its refresh token would live on, and nobody could use it.
        sign_out::take_back_by_and_by(app, app.sessions.end(&before).into_iter().collect());
    }
    app.sessions.begin(&id, session);
    Ok(id)
}
