//! Addresses of requests, in the one form in which they can be compared.

use std::fmt;

use crate::address::{Address, NotAnAddress};

/// The address that a request is sent to, without query and fragment (RFC 9449 §4.2, `htu`; RFC 9110 §7.1, "target URI").
///
/// Two that say the same are equal (RFC 3986 §6.2.2 and §6.2.3): case of scheme and host, a default port, dots in the path, and
/// letters that are encoded without need do not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetUri(String);

impl TargetUri {
    /// Reads one; what follows the path is left out.
    ///
    /// # Errors
    /// [`NotAnAddress`] when the text is no absolute address.
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let address = Address::parse(text)?;
        let whole = address.as_str();
        Ok(Self(decoded_where_it_need_not_be(&whole[..whole.find(['?', '#']).unwrap_or(whole.len())])))
    }
}

impl fmt::Display for TargetUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Unreserved characters as they are, and other codes in upper case (RFC 3986 §6.2.2.1 and §6.2.2.2).
fn decoded_where_it_need_not_be(address: &str) -> String {
    let mut parts = address.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|code| Some((code, u8::from_str_radix(code, 16).ok()?))) {
            Some((_, byte)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                decoded.push(byte.into());
                decoded.push_str(&part[2..]);
            }
            Some((code, _)) => {
                decoded.push('%');
                decoded.push_str(&code.to_ascii_uppercase());
                decoded.push_str(&part[2..]);
            }
            None => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_says_the_same_is_equal() {
        let one = TargetUri::parse("https://api.example/a/~b%2Fc").unwrap();
        for same in [
            "HTTPS://API.example:443/a/~b%2Fc",
            "https://api.example/a/~b%2fc?query=1#fragment",
            "https://api.example/a/%7Eb%2Fc",
            "https://api.example/x/../a/./%7eb%2Fc",
        ] {
            assert_eq!(TargetUri::parse(same).unwrap(), one, "{same}");
        }
        assert_eq!(TargetUri::parse("https://api.example"), TargetUri::parse("https://api.example/"));
    }

    #[test]
    fn what_says_something_else_is_not() {
        let one = TargetUri::parse("https://api.example/a/b").unwrap();
        for other in [
            "http://api.example/a/b",
            "https://api.example:8443/a/b",
            "https://api.example/a/b/",
            "https://api.example/A/b",
            "https://api.example/a%2Fb",
            "https://user@api.example/a/b",
            "https://api.example.evil.example/a/b",
        ] {
            assert_ne!(TargetUri::parse(other).unwrap(), one, "{other}");
        }
        assert!(TargetUri::parse("/a/b").is_err());
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused_and_read_again_as_the_same(path in "\\PC{0,40}") {
            if let Ok(read) = TargetUri::parse(&format!("https://api.example/{path}")) {
                prop_assert_eq!(TargetUri::parse(&read.to_string()).unwrap(), read);
            }
        }
    }
}
