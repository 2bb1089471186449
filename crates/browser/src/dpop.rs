//! Proof of possession (DPoP, RFC 9449): a key pair that cannot leave this browser, and requests that are proved by it.
//!
//! The key is made when it is first needed, is every tab's, and goes with the sign-out. Whoever copies the tokens has nothing
//! without it; a script in the page itself can use it as the app does.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use evergrant_core::address::Address;
use evergrant_core::config::Config;
use evergrant_core::protocol::dpop::{self, HEADER, NONCE_HEADER, PublicKey};
use evergrant_core::protocol::jwt::{self, Algorithm};
use evergrant_core::protocol::token::{self, TokenError, TokenResponse};
use evergrant_core::protocol::{AccessToken, ErrorCode};
use evergrant_core::session::Failure;
use futures_channel::oneshot;
use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, Headers, IdbRequest, IdbTransactionMode, Request, Response};

use crate::api::{FetchError, send};
use crate::database::{self, Connection};
use crate::http::{self, Answering};
use crate::listener::Listener;
use crate::timer::within;
use crate::{clock, crypto, refused};

const DATABASE: &str = "evergrant-dpop";
const STORE: &str = "keys";

/// Longer than a busy browser takes. One tab that holds the store keeps all others from it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The key of one client, and what the servers it asks want to see in its proofs.
#[derive(Debug, Default)]
pub(crate) struct ProofKey {
    /// Where the browser keeps no keys, as in private windows of some, this page has its own.
    own: RefCell<Option<JsValue>>,
    /// The newest nonce of each origin (RFC 9449 §8.2).
    nonces: RefCell<Vec<(String, String)>>,
}

impl ProofKey {
    /// Posts to the token endpoint, with a proof, and judges the answer (RFC 9449 §5). When the server asks for a nonce, it is asked
    /// once more with that.
    pub(crate) fn redeem<'a>(
        &'a self,
        config: &'a Config,
        endpoint: &'static str,
        url: &'a str,
        body: &'a str,
    ) -> LocalBoxFuture<'a, Result<TokenResponse, Failure>> {
        Box::pin(async move {
            let mut is_first = true;
            loop {
                let proof = self.proof(config, "POST", url, None).await?;
                let answer = http::post_form_with_proof(endpoint, url, body, &proof).await?;
                self.remember_nonce(url, &answer.headers);
                match token::judge_bound(answer.status, &answer.body) {
                    Err(TokenError::Refused(error))
                        if error.error == ErrorCode::UseDpopNonce && std::mem::take(&mut is_first) => {}
                    judged => return Ok(judged?),
                }
            }
        })
    }

    /// Sends `request` with the token and a proof (RFC 9449 §7.1). When the API asks for a nonce, it is sent once more with that,
    /// its body included.
    pub(crate) fn send<'a>(
        &'a self,
        config: &'a Config,
        request: Request,
        token: &'a AccessToken,
    ) -> LocalBoxFuture<'a, Result<Response, FetchError>> {
        Box::pin(async move {
            let [method, url] = [request.method(), request.url()];
            let mut is_first = true;
            loop {
                let browser = |error| FetchError::Browser(refused("fetch", &error));
                let proved = request.clone().map_err(browser)?;
                let proof = self.proof(config, &method, &url, Some(token)).await.map_err(FetchError::Browser)?;
                let headers = proved.headers();
                headers.set("Authorization", &format!("DPoP {}", token.secret())).map_err(browser)?;
                headers.set(HEADER, &proof).map_err(browser)?;
                let response = send(&proved).await?;
                self.remember_nonce(&url, &response.headers());
                if !(asks_for_a_nonce(response.status(), &response.headers()) && std::mem::take(&mut is_first)) {
                    return Ok(response);
                }
            }
        })
    }

    /// Gets what an access token opens at the issuer itself, as [`http::get_with_token`] does, with a proof.
    pub(crate) fn get<'a>(
        &'a self,
        config: &'a Config,
        endpoint: &'static str,
        url: &'a str,
        token: &'a AccessToken,
    ) -> Answering<'a> {
        Box::pin(async move {
            let mut is_first = true;
            loop {
                let proof = self.proof(config, "GET", url, Some(token)).await?;
                let answer = http::get_with_bound_token(endpoint, url, token, &proof).await?;
                self.remember_nonce(url, &answer.headers);
                if !(asks_for_a_nonce(answer.status, &answer.headers) && std::mem::take(&mut is_first)) {
                    return Ok(answer);
                }
            }
        })
    }

    /// A proof for one request; another needs another.
    pub(crate) async fn proof(
        &self,
        config: &Config,
        method: &str,
        url: &str,
        access_token: Option<&AccessToken>,
    ) -> Result<String, Failure> {
        let unavailable = |error: JsValue| refused("signing", &error);
        let pair = within(PATIENCE, self.key_pair(config)).await.unwrap_or(Err(Failure::OtherTabBusy))?;
        let [private, public] =
            ["privateKey", "publicKey"].map(|half| member(&pair, half).unchecked_into::<CryptoKey>());
        let subtle = crypto::subtle().map_err(|error| Failure::Browser(error.to_string()))?;
        let jwk = JsFuture::from(subtle.export_key("jwk", &public).map_err(unavailable)?).await.map_err(unavailable)?;
        let [x, y] = ["x", "y"].map(|name| member(&jwk, name).as_string().unwrap_or_default());
        let [entropy, ..] = crypto::entropy()?;
        let nonce = self.nonce(url);
        let request = dpop::Request { method, url, access_token, nonce: nonce.as_deref() };
        let input = dpop::signing_input(&PublicKey { x: &x, y: &y }, &request, entropy, clock::wall());
        let bytes = Uint8Array::from(input.as_bytes());
        let signature = subtle
            .sign_with_object_and_js_u8_array(&crypto::parameters(Algorithm::Es256), &private, &bytes)
            .map_err(unavailable)?;
        let signature = JsFuture::from(signature).await.map_err(unavailable)?;
        Ok(jwt::compact(input, &Uint8Array::new(&signature).to_vec()))
    }

    /// The key pair; it is read each time, for a sign-out in any tab ends it.
    async fn key_pair(&self, config: &Config) -> Result<JsValue, Failure> {
        if let Some(pair) = &*self.own.borrow() {
            return Ok(pair.clone());
        }
        let name = JsValue::from(config.kept_as.as_str());
        let connection = database::open(DATABASE, STORE).await.map(Connection::keep);
        if let Some(pair) = kept(connection.as_ref(), &name).await {
            return Ok(pair);
        }
        let made = generate().await?;
        let stored = async {
            let database = &connection.as_ref()?.database;
            let transaction = database.transaction_with_str_and_mode(STORE, IdbTransactionMode::Readwrite).ok()?;
            // Where another tab was first, nothing is added.
            answered(&transaction.object_store(STORE).ok()?.add_with_key(&made, &name).ok()?).await;
            kept(connection.as_ref(), &name).await
        };
        Ok(stored.await.unwrap_or_else(|| {
            self.own.replace(Some(made.clone()));
            made
        }))
    }

    /// Takes the key away from every tab, at the end of the session that it was for.
    pub(crate) fn forget<'a>(&'a self, config: &'a Config) -> LocalBoxFuture<'a, ()> {
        self.own.take();
        Box::pin(async move {
            let deleted = async {
                let connection = Connection::keep(database::open(DATABASE, STORE).await?);
                let mode = IdbTransactionMode::Readwrite;
                let transaction = connection.database.transaction_with_str_and_mode(STORE, mode).ok()?;
                answered(&transaction.object_store(STORE).ok()?.delete(&config.kept_as.as_str().into()).ok()?).await;
                Some(())
            };
            // Where there is no store, nothing is kept; and nobody waits long to be signed out.
            let _ = within(PATIENCE / 5, deleted).await;
        })
    }

    fn nonce(&self, url: &str) -> Option<String> {
        let origin = origin(url)?;
        self.nonces.borrow().iter().find(|(of, _)| *of == origin).map(|(_, nonce)| nonce.clone())
    }

    fn remember_nonce(&self, url: &str, headers: &Headers) {
        let Ok(Some(nonce)) = headers.get(NONCE_HEADER) else { return };
        let Some(origin) = origin(url) else { return };
        let mut nonces = self.nonces.borrow_mut();
        nonces.retain(|(of, _)| *of != origin);
        nonces.push((origin, nonce));
    }
}

/// RFC 9449 §9: the API's own word for it, in its challenge.
fn asks_for_a_nonce(status: u16, headers: &Headers) -> bool {
    let challenge = || headers.get("WWW-Authenticate").ok().flatten();
    status == 401 && challenge().is_some_and(|challenge| challenge.contains("use_dpop_nonce"))
}

fn origin(url: &str) -> Option<String> {
    Address::parse(url).ok().map(|address| address.origin())
}

/// What is in the store already.
async fn kept(connection: Option<&Connection>, name: &JsValue) -> Option<JsValue> {
    let transaction = connection?.database.transaction_with_str(STORE).ok()?;
    let request = transaction.object_store(STORE).ok()?.get(name).ok()?;
    answered(&request).await;
    request.result().ok().filter(JsValue::is_object)
}

/// Waits until a request has succeeded or failed; it says which.
async fn answered(request: &IdbRequest) {
    let (on_end, ended) = oneshot::channel::<()>();
    let on_end = Rc::new(Cell::new(Some(on_end)));
    let on = |event| {
        let on_end = Rc::clone(&on_end);
        Listener::new(request, event, move |_| drop(on_end.take()))
    };
    let _listeners = ["success", "error"].map(on);
    // Nothing is sent: the end of the channel is the answer.
    let _ = ended.await;
}

/// A pair whose private half no script can read (Web Cryptography §13, `extractable`).
async fn generate() -> Result<JsValue, Failure> {
    let unavailable = |error: JsValue| refused("making a key", &error);
    let subtle = crypto::subtle().map_err(|error| Failure::Browser(error.to_string()))?;
    let usages = Array::of1(&"sign".into());
    let made = subtle.generate_key_with_object(&crypto::parameters(Algorithm::Es256), false, &usages);
    JsFuture::from(made.map_err(unavailable)?).await.map_err(unavailable)
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}
