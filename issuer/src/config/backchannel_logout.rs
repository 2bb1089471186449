//! `backchannel_logout_uri`: where logout tokens may be posted.

use url::Url;

use super::is_loopback;

/// Back-Channel Logout 1.0 §2.2: absolute, perhaps with a query, without a fragment, and over TLS; but for this machine.
pub(super) fn check(uri: &str) -> Result<(), &'static str> {
    let url = Url::parse(uri).map_err(|_| "is not an absolute address")?;
    if url.fragment().is_some() {
        return Err("has a fragment");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) => Ok(()),
        _ => Err("must be https: only a client on this machine may do without TLS"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logout_tokens_go_over_tls_or_to_this_machine() {
        for right in ["https://a.example/out?x=1", "http://localhost:3003/out", "http://127.0.0.1/", "http://[::1]:1/"]
        {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for wrong in
            ["/out", "http://a.example/out", "https://a.example/#x", "ftp://localhost/", "http://localhost.a.example/"]
        {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
