//! Requests to the issuer, to the server that keeps its cookie, and for the app's own files: a time limit, and an answer
//! whatever the status.

use std::time::Duration;

use evergrant_core::protocol::AccessToken;
#[cfg(feature = "dpop")]
use evergrant_core::protocol::dpop::HEADER;
use evergrant_core::session::Failure;
use futures_util::future::LocalBoxFuture;
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, RequestCache, RequestCredentials, RequestInit, RequestMode, RequestRedirect, Response,
};

use crate::timer::within;
use crate::{network, refused, window};

/// How long a request may take, its answer included.
const LIMIT: Duration = Duration::from_secs(15);

/// What a server said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code (RFC 9110 §15).
    pub status: u16,
    /// The headers, as far as this page may read them (CORS).
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok()?
    }

    /// How long the server asked to be left alone: `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header("Retry-After")?;
        let seconds = match text.trim().parse::<u32>() {
            Ok(seconds) => f64::from(seconds),
            Err(_) => (js_sys::Date::parse(&text) - js_sys::Date::now()) / 1000.0,
        };
        Duration::try_from_secs_f64(seconds.max(0.0)).ok()
    }

    /// Tells a server that cannot answer now from one that did.
    fn unless_busy(self, endpoint: &'static str) -> Result<Self, Failure> {
        match self.status {
            429 | 500.. => Err(Failure::Busy { endpoint, status: self.status, retry_after: self.retry_after() }),
            _ => Ok(self),
        }
    }
}

/// An answer on its way. Boxed, so that there is one of it: what is `async` is compiled anew into each crate that reaches it, and
/// into each function.
pub type Answering<'a> = LocalBoxFuture<'a, Result<Answer, Failure>>;

/// Gets a document, without cookies and past the browser's cache.
///
/// # Errors
/// [`Failure::Unreachable`] when no answer came within 15 s, or none that this page may read (CORS); [`Failure::Busy`] when the
/// server cannot answer now (429, or 500 and above).
pub fn get<'a>(endpoint: &'static str, url: &'a str) -> Answering<'a> {
    send_uncached(endpoint, url, RequestInit::new(), Cookies::Omit)
}

/// Gets what an access token opens (RFC 6750 §2.1), without cookies and past the browser's cache. A redirect counts as no answer:
/// a token must not wander.
///
/// # Errors
/// [`Failure::Unreachable`] when no answer came within 15 s, or none that this page may read (CORS), or when the token cannot stand
/// in a header; [`Failure::Busy`] when the server cannot answer now (429, or 500 and above).
pub fn get_with_token<'a>(endpoint: &'static str, url: &'a str, token: &AccessToken) -> Answering<'a> {
    let init = with_header("Authorization", &format!("Bearer {}", token.secret()));
    send_uncached(endpoint, url, init, Cookies::Omit)
}

/// The same with a proof of possession (RFC 9449 §7.1).
#[cfg(feature = "dpop")]
pub(crate) fn get_with_bound_token<'a>(
    endpoint: &'static str,
    url: &'a str,
    token: &AccessToken,
    proof: &str,
) -> Answering<'a> {
    let init = with_header("Authorization", &format!("DPoP {}", token.secret()));
    send_uncached(endpoint, url, and_proof(init, proof), Cookies::Omit)
}

/// Gets a file of the app itself. What the page told the browser to load ahead (`<link rel="preload" as="fetch" crossorigin>`)
/// is not loaded again.
///
/// # Errors
/// [`Failure::Unreachable`] when no answer came.
pub(crate) fn get_own<'a>(name: &'static str, url: &'a str) -> Answering<'a> {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoCache);
    Box::pin(exchange(name, url, init))
}

/// Whether a server answers at all, when nobody asks to read what it says (Fetch §2.2.5, `no-cors`).
pub(crate) async fn is_answered(url: &str) -> bool {
    let init = RequestInit::new();
    init.set_mode(RequestMode::NoCors);
    send_uncached("", url, init, Cookies::Omit).await.is_ok()
}

/// Whether cookies go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookies {
    /// They stay here: the issuer must not tell two apps of one browser apart, nor confuse them.
    Omit,
    /// They go to the server, also of another origin, and what it sets is kept.
    Include,
}

/// Posts a form. A redirect counts as no answer: a token request must not wander.
///
/// # Errors
/// [`Failure::Unreachable`] when no answer came within 15 s, or none that this page may read (CORS); [`Failure::Busy`] when the
/// server cannot answer now (429, or 500 and above).
pub fn post_form<'a>(endpoint: &'static str, url: &'a str, body: &str, cookies: Cookies) -> Answering<'a> {
    send_uncached(endpoint, url, with_form(body), cookies)
}

/// Posts a form, without cookies, with a proof of possession (RFC 9449 §5).
///
/// # Errors
/// As [`post_form`].
#[cfg(feature = "dpop")]
pub(crate) fn post_form_with_proof<'a>(endpoint: &'static str, url: &'a str, body: &str, proof: &str) -> Answering<'a> {
    send_uncached(endpoint, url, and_proof(with_form(body), proof), Cookies::Omit)
}

/// Posts a form, without cookies, that reaches the server also where the page is left meanwhile (Fetch §2.2.5, `keepalive`).
///
/// # Errors
/// As [`post_form`].
pub(crate) fn post_last_form<'a>(endpoint: &'static str, url: &'a str, body: &str) -> Answering<'a> {
    let init = with_form(body);
    // Of this member the bindings know nothing; a browser that does not either ends the request with the page.
    let _ = Reflect::set(&init, &"keepalive".into(), &JsValue::TRUE);
    send_uncached(endpoint, url, init, Cookies::Omit)
}

fn with_form(body: &str) -> RequestInit {
    let init = with_header("Content-Type", "application/x-www-form-urlencoded");
    init.set_method("POST");
    init.set_body(&JsValue::from_str(body));
    init
}

/// What has this header goes to one server, and follows it nowhere else.
fn with_header(name: &str, value: &str) -> RequestInit {
    let headers = Object::new();
    // A new object takes any member.
    let _ = Reflect::set(&headers, &name.into(), &value.into());
    let init = RequestInit::new();
    init.set_headers(&headers);
    init.set_redirect(RequestRedirect::Error);
    init
}

#[cfg(feature = "dpop")]
fn and_proof(init: RequestInit, proof: &str) -> RequestInit {
    // What [`with_header`] has put there.
    let headers = init.get_headers();
    let _ = Reflect::set(&headers, &HEADER.into(), &proof.into());
    init
}

fn send_uncached<'a>(endpoint: &'static str, url: &'a str, init: RequestInit, cookies: Cookies) -> Answering<'a> {
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(match cookies {
        Cookies::Omit => RequestCredentials::Omit,
        Cookies::Include => RequestCredentials::Include,
    });
    Box::pin(async move { exchange(endpoint, url, init).await?.unless_busy(endpoint) })
}

async fn exchange(endpoint: &'static str, url: &str, init: RequestInit) -> Result<Answer, Failure> {
    let abort = AbortOnDrop::new()?;
    init.set_signal(Some(&abort.0.signal()));
    let unreachable = || Failure::Unreachable { endpoint };
    if network::is_cut_off() {
        return Err(unreachable());
    }
    let answer = async {
        let response =
            JsFuture::from(window()?.fetch_with_str_and_init(url, &init)).await.map_err(|_| unreachable())?;
        let response: Response = response.unchecked_into();
        let body = response.array_buffer().map_err(|_| unreachable())?;
        let body = JsFuture::from(body).await.map_err(|_| unreachable())?;
        Ok(Answer { status: response.status(), headers: response.headers(), body: Uint8Array::new(&body).to_vec() })
    };
    within(LIMIT, answer).await.unwrap_or_else(|| Err(unreachable()))
}

/// Ends the request when nobody waits for it any more.
struct AbortOnDrop(AbortController);

impl AbortOnDrop {
    fn new() -> Result<Self, Failure> {
        AbortController::new().map(Self).map_err(|error| refused("fetch", &error))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
