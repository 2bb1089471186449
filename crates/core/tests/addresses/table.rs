//! Addresses, and what must be read out of them whoever parses them: the crate `url`, or a browser.

use evergrant_core::address::{Address, NotAnAddress};

/// An address, and what is expected of it.
pub(crate) struct Row {
    pub(crate) text: &'static str,
    whole: &'static str,
    host: &'static str,
    origin: &'static str,
}

const fn row(text: &'static str, whole: &'static str, host: &'static str, origin: &'static str) -> Row {
    Row { text, whole, host, origin }
}

#[rustfmt::skip]
pub(crate) const READ: [Row; 38] = [
    // Ports: the default one is dropped.
    row("https://a.example", "https://a.example/", "a.example", "https://a.example"),
    row("HTTPS://A.Example:443/P", "https://a.example/P", "a.example", "https://a.example"),
    row("http://localhost:80/", "http://localhost/", "localhost", "http://localhost"),
    row("http://localhost:8080", "http://localhost:8080/", "localhost", "http://localhost:8080"),
    row("https://a.example:080/", "https://a.example:80/", "a.example", "https://a.example:80"),
    row("https://a.example:/", "https://a.example/", "a.example", "https://a.example"),
    // Numbers are IPv4 addresses, however they are written.
    row("http://127.0.0.1:3000/", "http://127.0.0.1:3000/", "127.0.0.1", "http://127.0.0.1:3000"),
    row("http://2130706433/", "http://127.0.0.1/", "127.0.0.1", "http://127.0.0.1"),
    row("http://0x7f.1/", "http://127.0.0.1/", "127.0.0.1", "http://127.0.0.1"),
    row("http://127.1./", "http://127.0.0.1/", "127.0.0.1", "http://127.0.0.1"),
    // IPv6.
    row("http://[::1]:3000/x", "http://[::1]:3000/x", "[::1]", "http://[::1]:3000"),
    row("http://[0:0:0:0:0:0:0:1]", "http://[::1]/", "[::1]", "http://[::1]"),
    row("https://[2001:DB8::A:0:0:1]:443/", "https://[2001:db8::a:0:0:1]/", "[2001:db8::a:0:0:1]", "https://[2001:db8::a:0:0:1]"),
    row("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "[::ffff:7f00:1]", "http://[::ffff:7f00:1]"),
    // Unicode and percent signs in hosts.
    row("https://bücher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    row("https://BÜCHER.example:8443/ü", "https://xn--bcher-kva.example:8443/%C3%BC", "xn--bcher-kva.example", "https://xn--bcher-kva.example:8443"),
    row("https://ｅｘａｍｐｌｅ。com/", "https://example.com/", "example.com", "https://example.com"),
    row("https://%65xample.com/", "https://example.com/", "example.com", "https://example.com"),
    row("https://a.example./", "https://a.example./", "a.example.", "https://a.example."),
    // Dots in paths.
    row("https://a.example/b/../c/./d", "https://a.example/c/d", "a.example", "https://a.example"),
    row("https://a.example/b/%2e%2E/c", "https://a.example/c", "a.example", "https://a.example"),
    row("https://a.example/../..", "https://a.example/", "a.example", "https://a.example"),
    // Somebody's name before the host.
    row("https://trusted.example@evil.example/", "https://trusted.example@evil.example/", "evil.example", "https://evil.example"),
    row("https://u:p@a.example:8443/", "https://u:p@a.example:8443/", "a.example", "https://a.example:8443"),
    row("https://a@b@c.example/", "https://a%40b@c.example/", "c.example", "https://c.example"),
    row("https://a.example/x@y.example:1/", "https://a.example/x@y.example:1/", "a.example", "https://a.example"),
    // Backslashes are slashes, and slashes may be missing.
    row(r"https:\\a.example\b", "https://a.example/b", "a.example", "https://a.example"),
    row(r"https://a.example\@evil.example/", "https://a.example/@evil.example/", "a.example", "https://a.example"),
    row("https:a.example", "https://a.example/", "a.example", "https://a.example"),
    // Whitespace.
    row("  https://a.example/\n", "https://a.example/", "a.example", "https://a.example"),
    row("ht\ntps://a.\texample/b c", "https://a.example/b%20c", "a.example", "https://a.example"),
    // Percent signs, queries and fragments.
    row("https://a.example/%7e%zz%", "https://a.example/%7e%zz%", "a.example", "https://a.example"),
    row("https://a.example?b=c d&e=ü#f g", "https://a.example/?b=c%20d&e=%C3%BC#f%20g", "a.example", "https://a.example"),
    row("https://a.example/?", "https://a.example/?", "a.example", "https://a.example"),
    row("https://a.example/b?#", "https://a.example/b?#", "a.example", "https://a.example"),
    row("https://a.example#b?c/d@e", "https://a.example/#b?c/d@e", "a.example", "https://a.example"),
    // Other schemes.
    row("mailto:somebody@a.example", "mailto:somebody@a.example", "", "null"),
    row("com.example.app://callback/x", "com.example.app://callback/x", "callback", "com.example.app://callback"),
];

// Two things are not among them, since Chromium lets them pass: a space in a host, and `xn--` with nothing encoded in it.
pub(crate) const REFUSED: [&str; 14] = [
    "",
    "localhost",
    "/callback",
    "//a.example/",
    "https://",
    "https://:443/",
    "https://a.example:65536/",
    "https://a.example:x/",
    "https://a<b.example/",
    "https://a%2Fb.example/",
    "http://256.0.0.1/",
    "http://1.2.3.4.5/",
    "http://[::1/",
    "http://[::g]/",
];

pub(crate) fn check_what_is_read() {
    for Row { text, whole, host, origin } in READ {
        let address = Address::parse(text).unwrap();
        assert_eq!(address.as_str(), whole, "{text:?}");
        assert_eq!(address.host().unwrap_or_default(), host, "{text:?}");
        assert_eq!(address.origin(), origin, "{text:?}");
        assert_eq!(address.has_fragment(), whole.contains('#'), "{text:?}");
        assert_eq!(Address::parse(whole), Ok(address), "{text:?} is read otherwise the second time");
    }
}

pub(crate) fn check_what_is_refused() {
    for text in REFUSED {
        assert_eq!(Address::parse(text), Err(NotAnAddress), "{text:?}");
    }
}

pub(crate) fn check_what_is_this_machine() {
    for (text, is) in [
        ("http://localhost:3000/", true),
        ("http://LOCALHOST/", true),
        ("http://tenant.localhost/", true),
        ("http://127.0.0.1/", true),
        ("http://127.255.0.3:1/", true),
        ("http://0x7f000001/", true),
        ("http://[::1]/", true),
        ("http://[::2]/", false),
        ("http://128.0.0.1/", false),
        ("http://10.127.0.1/", false),
        ("http://127.example/", false),
        ("http://127.0.0.1.example/", false),
        ("http://notlocalhost/", false),
        ("http://localhost.example/", false),
        ("http://localhost@a.example/", false),
    ] {
        assert_eq!(Address::parse(text).unwrap().is_loopback(), is, "{text}");
    }
}

pub(crate) fn check_what_ends_with_the_host() {
    for (text, does) in [
        ("https://a.example", true),
        ("https://a.example:8443/", true),
        ("https://somebody@a.example/", true),
        ("https://a.example/b/..", true),
        ("https://a.example/b", false),
        ("https://a.example//", false),
        ("https://a.example/?", false),
        ("https://a.example#", false),
        ("mailto:a.example/", false),
    ] {
        assert_eq!(Address::parse(text).unwrap().ends_with_host(), does, "{text}");
    }
}

pub(crate) fn check_what_is_added() {
    let params = [("scope", "openid a+b"), ("état", "ü&=/")];
    let added = "scope=openid+a%2Bb&%C3%A9tat=%C3%BC%26%3D%2F";
    for (before, after) in [
        ("https://a.example", format!("https://a.example/?{added}")),
        ("https://a.example/b?", format!("https://a.example/b?{added}")),
        ("https://a.example/b?tenant=a%20b&x", format!("https://a.example/b?tenant=a%20b&x&{added}")),
        ("https://a.example/b#c?d", format!("https://a.example/b?{added}#c?d")),
    ] {
        let address = Address::parse(before).unwrap().with_params(params);
        assert_eq!(address.as_str(), after, "{before}");
        assert_eq!(Address::parse(&after), Ok(address), "{before} is another address once it is read again");
    }
}
