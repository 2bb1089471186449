//! Redirect URIs: which may be registered, and which one counts as registered.

use url::Url;

/// The two loopback addresses as they stand at the beginning of a redirect URI (RFC 8252 §7.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// RFC 6749 §3.1.2: absolute, without a fragment; and nothing a browser would run, nor what no header can carry.
pub(super) fn check(uri: &str) -> Result<(), &'static str> {
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has letters that no address has on its way: write %XX for them, and xn-- names for hosts");
    }
    let url = Url::parse(uri).map_err(|_| "is not an absolute address")?;
    if url.fragment().is_some() {
        return Err("has a fragment");
    }
    if matches!(url.scheme(), "javascript" | "data" | "blob" | "file" | "about" | "vbscript") {
        return Err("has a scheme that no answer can go to");
    }
    Ok(())
}

/// What stands before the first colon.
pub(super) fn scheme(uri: &str) -> &str {
    uri.split(':').next().unwrap_or_default()
}

/// Whether a browser asks a server for it; the system calls an app by any other scheme (RFC 8252 §7.1).
pub(super) fn has_web_scheme(uri: &str) -> bool {
    ["http", "https"].iter().any(|web| scheme(uri).eq_ignore_ascii_case(web))
}

/// Whether both name the same place on this machine, at whatever port: an app on a device listens at the one that the
/// system gives it at that moment (RFC 8252 §7.3). Everything else is compared to the letter, and `localhost` is no
/// loopback address: it may be looked up (§8.3).
pub(super) fn same_but_for_port(registered: &str, requested: &str) -> bool {
    let place = without_loopback_port(registered);
    place.is_some() && place == without_loopback_port(requested)
}

/// A loopback address, and what comes behind its port.
fn without_loopback_port(uri: &str) -> Option<(&'static str, &str)> {
    let (loopback, rest) = LOOPBACK.iter().find_map(|&loopback| Some((loopback, uri.strip_prefix(loopback)?)))?;
    let behind = match rest.strip_prefix(':') {
        Some(rest) => {
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            let (port, behind) = rest.split_at(end);
            port.parse::<u16>().ok()?;
            behind
        }
        None => rest,
    };
    // Anything else would go on with the name of a host.
    (behind.is_empty() || behind.starts_with(['/', '?'])).then_some((loopback, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris_that_could_run_code_are_refused() {
        for wrong in ["javascript:alert(1)", "/callback", "https://a.example/#x", "data:text/html,x"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
        for right in ["https://a.example/cb?x=1", "com.example.app:/cb", "http://localhost:8080/callback"] {
            assert!(check(right).is_ok(), "{right}");
        }
    }

    /// The configuration was called fine, and everybody who signed in got an empty page with status 500.
    #[test]
    fn redirect_uris_that_no_header_can_carry_were_registered() {
        for wrong in
            ["https://bücher.example/cb", "https://a.example/é", "https://a.example/a b", "https://a.example/\n"]
        {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
        for right in ["https://xn--bcher-kva.example/cb", "https://a.example/%C3%A9"] {
            assert!(check(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn a_loopback_address_is_the_same_at_every_port() {
        for (registered, requested) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
            ("http://127.0.0.1:8000/cb?x=1", "http://127.0.0.1:9/cb?x=1"),
            ("http://127.0.0.1:8000/cb", "http://127.0.0.1/cb"),
            ("http://[::1]/cb", "http://[::1]:51004/cb"),
            ("http://127.0.0.1", "http://127.0.0.1:51004"),
        ] {
            assert!(same_but_for_port(registered, requested), "{registered} {requested}");
        }
    }

    #[test]
    fn nothing_but_the_port_of_a_loopback_address_may_differ() {
        let registered = "http://127.0.0.1/cb";
        for requested in [
            "http://127.0.0.1:51004/cb/",
            "http://127.0.0.1:51004/",
            "http://127.0.0.1:51004/cb?x",
            "http://127.0.0.1:51004/cb#x",
            "https://127.0.0.1:51004/cb",
            "http://[::1]:51004/cb",
            "http://127.0.0.2:51004/cb",
            "http://localhost:51004/cb",
            "http://127.0.0.1:51004@evil.example/cb",
            "http://127.0.0.1:51004.evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:-1/cb",
            "http://127.0.0.1:\t80/cb",
        ] {
            assert!(!same_but_for_port(registered, requested), "{requested}");
        }
        for registered in ["http://localhost:8000/cb", "https://app.example:8000/cb", "http://127.0.0.1.a.example/cb"] {
            assert!(!same_but_for_port(registered, &registered.replace(":8000", ":9")), "{registered}");
        }
    }
}
