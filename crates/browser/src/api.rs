//! Calls to APIs: the token goes to the origins that were named and nowhere else, is good when it goes, and one refusal
//! is answered by one renewal (RFC 6750 §3.1).

use evergrant_core::address::Address;
use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::challenge::Challenge;
use evergrant_core::session::{Event, Failure, Status};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Request, Response};

use crate::{Runtime, refused, window};

impl Runtime {
    /// An access token that is good now. When the one at hand has expired, the session is renewed first; callers that
    /// come meanwhile share that renewal.
    ///
    /// # Errors
    /// [`NoAccessToken`]: nobody is signed in, the renewal failed, or the issuer gives none.
    pub async fn access_token(&self) -> Result<AccessToken, NoAccessToken> {
        let mut looked = false;
        loop {
            if let Some(token) = self.current_access_token() {
                return Ok(token);
            }
            if self.has_identity_alone() {
                return Err(NoAccessToken::NotIssued);
            }
            let view = self.view();
            match view.status {
                Status::SignedOut | Status::SigningOut => return Err(NoAccessToken::SignedOut),
                Status::SigningIn | Status::Renewing => self.changed().await,
                // The timer is late, as it is after a sleep.
                Status::SignedIn if !looked => {
                    looked = true;
                    self.dispatch(Event::TokenNeeded);
                }
                // Asking again now would only ask more often than the machine thinks right.
                _ => {
                    return Err(view.problem.map_or(NoAccessToken::SignedOut, NoAccessToken::RenewalFailed));
                }
            }
        }
    }

    /// Sends `request` with the access token, if its origin is one of `allowed_api_origins`; without it otherwise, and a build for
    /// development tells the console when the answer is 401.
    /// When the API answers 401, the session is renewed (unless it was meanwhile) and the request sent once more, its body
    /// included; but not when it wants the person to sign in anew (`insufficient_user_authentication`, RFC 9470 §3), for which
    /// [`Runtime::ask_with`] is. Where tokens are bound to a key, each try is proved by it. There is no time limit: give the request a signal (`AbortSignal.timeout`) for that, or to stop it.
    ///
    /// # Errors
    /// [`FetchError`]; an answer of whatever status is not an error. A request that was stopped by its signal ends as
    /// [`FetchError::Unreachable`]: ask the signal whether it was (`aborted`).
    pub async fn fetch(&self, request: Request) -> Result<Response, FetchError> {
        if !self.may_have_the_token(&request.url()) {
            let answer = send(&request).await;
            #[cfg(debug_assertions)]
            if answer.as_ref().is_ok_and(|response| response.status() == 401) {
                tell_what_to_allow(&request.url());
            }
            return answer;
        }
        let token = self.access_token().await?;
        // A body can be sent once: the copy is for the second try.
        let again = request.clone().map_err(|error| FetchError::Browser(refused("fetch", &error)))?;
        let response = self.authorized(request, &token).await?;
        if response.status() != 401 || wants_the_person(&response) {
            return Ok(response);
        }
        match self.newer_access_token(&token).await {
            Some(newer) => self.authorized(again, &newer).await,
            None => Ok(response),
        }
    }

    /// A token to try in place of one that an API has refused with 401 (RFC 6750 §3.1): the session is renewed for it, unless it
    /// was meanwhile, and callers share that renewal. [`Runtime::fetch`] does so by itself; this is for other ways to call.
    ///
    /// `None` when there is no other: the renewal failed, the token came less than five seconds ago, so that another would be
    /// refused as well, or nobody is signed in. The refusal stands then.
    pub async fn newer_access_token(&self, refused: &AccessToken) -> Option<AccessToken> {
        if self.current_access_token().as_ref() == Some(refused) {
            self.dispatch(Event::TokenRefused);
        }
        // Also when it has expired on its way there, and is renewed for that.
        while self.view().status == Status::Renewing {
            self.changed().await;
        }
        self.current_access_token().filter(|newer| newer != refused)
    }

    /// Proves a request that the app sends by other means than [`Runtime::fetch`], where [`Config::dpop`] says so: the value of its
    /// `DPoP` header field, beside `Authorization: DPoP` and the token (RFC 9449 §7.1). Each request needs one of its own. It has the
    /// newest nonce of that origin, if [`Runtime::fetch`] was told one.
    ///
    /// [`Config::dpop`]: evergrant_core::config::Config::dpop
    ///
    /// # Errors
    /// [`Failure::Browser`] when the browser makes no key, or does not sign.
    #[cfg(feature = "dpop")]
    pub async fn proof(&self, method: &str, url: &str, access_token: &AccessToken) -> Result<String, Failure> {
        self.provider().proof_key().proof(self.config(), method, url, Some(access_token)).await
    }

    async fn authorized(&self, request: Request, token: &AccessToken) -> Result<Response, FetchError> {
        #[cfg(feature = "dpop")]
        if self.config().dpop {
            return self.provider().proof_key().send(self.config(), request, token).await;
        }
        let set = request.headers().set("Authorization", &format!("Bearer {}", token.secret()));
        set.map_err(|error| FetchError::Browser(refused("fetch", &error)))?;
        send(&request).await
    }

    fn may_have_the_token(&self, url: &str) -> bool {
        let origin = Address::parse(url).map(|address| address.origin());
        origin.is_ok_and(|origin| self.config().allowed_api_origins.contains(&origin))
    }
}

/// In a build for development alone: an app that is delivered carries no words for it.
#[cfg(debug_assertions)]
fn tell_what_to_allow(url: &str) {
    if let Ok(address) = Address::parse(url) {
        let origin = address.origin();
        let text = format!(
            "{origin} answered 401 to a request that went without the access token: it is not among allowed_api_origins of the \
             configuration"
        );
        web_sys::console::warn_1(&text.into());
    }
}

/// What an API says is wrong with a request: its `WWW-Authenticate: Bearer` (RFC 6750 §3). An API of another origin must
/// expose that header, or browsers keep it to themselves.
pub fn challenge(response: &Response) -> Option<Challenge> {
    Challenge::find(&response.headers().get("WWW-Authenticate").ok()??)
}

/// No renewal helps against that: it is no newer sign-in.
fn wants_the_person(response: &Response) -> bool {
    let header = response.headers().get("WWW-Authenticate").ok().flatten();
    // Not read in full: a reader would be linked into every app that calls an API.
    header.is_some_and(|header| header.contains("insufficient_user_authentication"))
}

pub(crate) async fn send(request: &Request) -> Result<Response, FetchError> {
    let window = window().map_err(FetchError::Browser)?;
    let response = JsFuture::from(window.fetch_with_request(request)).await.map_err(|_| FetchError::Unreachable)?;
    Ok(response.unchecked_into())
}

/// Why there is no access token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAccessToken {
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// The issuer gives ID tokens alone.
    #[error("this issuer gives this app no tokens for APIs")]
    NotIssued,
    /// The access token has expired, and the renewal did not bring a new one yet. It goes on by itself where it can.
    #[error("the session could not be renewed: {0}")]
    RenewalFailed(Failure),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There is no token to send.
    #[error(transparent)]
    NoAccessToken(#[from] NoAccessToken),
    /// No network, no server, or the server does not let this page read its answer (CORS); or the request was stopped by its own
    /// signal.
    #[error("the server could not be reached")]
    Unreachable,
    /// The browser refuses the request itself.
    #[error(transparent)]
    Browser(Failure),
}
