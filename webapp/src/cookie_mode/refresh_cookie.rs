//! The cookie that holds the refresh token: no script reads it, and it goes nowhere but here.

use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use evergrant_core::protocol::RefreshToken;

use super::PATH;

/// `__Secure-` keeps pages over plain http from setting it (RFC 6265bis §4.1.3.1). `__Host-` would demand the path `/`, and
/// so send it everywhere.
const NAME: &str = "__Secure-evergrant-refresh";

/// What the browser presents.
pub(super) fn read(jar: &CookieJar) -> Option<RefreshToken> {
    jar.get(NAME).map(Cookie::value).filter(|value| !value.is_empty()).map(RefreshToken::new)
}

/// Keeps `token` until the browser is closed; how long it is good is the issuer's to say.
pub(super) fn keep(token: &RefreshToken) -> Cookie<'static> {
    let cookie = Cookie::build((NAME, token.secret().to_owned())).path(PATH).http_only(true);
    // On this machine, too: browsers count http://localhost as secure, Safari excepted.
    cookie.secure(true).same_site(SameSite::Strict).build()
}

/// Makes the browser forget it.
pub(super) fn forget() -> Cookie<'static> {
    let mut cookie = keep(&RefreshToken::new(""));
    cookie.make_removal();
    cookie
}
