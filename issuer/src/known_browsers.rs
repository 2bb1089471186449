//! Browsers in which a person has signed in with their password before.
//!
//! Whoever guesses at somebody's password from many addresses uses up what all addresses together may try, and would keep that
//! person out for as long as it goes on. So a browser that the person has used before has attempts of its own. Nothing is stored
//! here: the cookie is random bits and their MAC together with the person, by a key of this issuer.

use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::User;
use crate::provider::Provider;
use crate::secret::{self, NoEntropy, Secret, SecretHash};
use crate::web::cookies::Cookie;

/// As long as browsers keep a cookie that is not renewed (RFC 6265bis §5.5).
const LASTS: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Which browser of this person sent these headers; `None` when it is none that is known.
pub(crate) fn recognize(provider: &Provider, headers: &HeaderMap, username: &str) -> Option<SecretHash> {
    let cookie = Cookie::Known.read(headers, &provider.config)?;
    let person = provider.config.user_named(username)?;
    let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(cookie.expose()).ok()?.try_into().ok()?;
    let (browser, mac) = bytes.split_at(32);
    let signed = signed(browser, person);
    let is_known = |keys: &[hmac::Key]| keys.iter().any(|key| hmac::verify(key, &signed, mac).is_ok());
    provider.keys.known_browser_keys(is_known).then(|| cookie.hash())
}

/// The cookie by which the browser of a person who has just entered their password is known again.
///
/// # Errors
/// When the operating system gives no randomness.
pub(crate) fn remember(provider: &Provider, person: &User) -> Result<Option<HeaderValue>, NoEntropy> {
    let browser = secret::entropy()?;
    let signed = signed(&browser, person);
    let mac = provider.keys.known_browser_keys(|keys| keys.first().map(|key| hmac::sign(key, &signed)));
    Ok(mac.and_then(|mac| {
        let cookie = Secret::presented(URL_SAFE_NO_PAD.encode([&browser, mac.as_ref()].concat()));
        Cookie::Known.store(&cookie, LASTS, &provider.config)
    }))
}

/// With the password: who has another one is to show it once, in each browser.
fn signed(browser: &[u8], person: &User) -> Vec<u8> {
    let password = person.password_hash.fingerprint();
    [browser, password.as_bytes(), person.sub.as_str().as_bytes()].concat()
}
