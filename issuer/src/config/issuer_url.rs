//! The issuer identifier: clients compare it to the letter, so a final slash is there when it was written, and not otherwise.

use serde::{Deserialize, Serialize};
use url::{ParseError, Url};

/// The root of the host that the issuer is reached at, and the way it is written in tokens and answers.
///
/// Some clients put `/.well-known/openid-configuration` after whatever they are given, which asks for an identifier without
/// a slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IssuerUrl {
    root: Url,
    text: String,
}

impl IssuerUrl {
    /// The issuer identifier, with a final slash or without.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address as such, which always has a path.
    pub fn url(&self) -> &Url {
        &self.root
    }

    /// Moves it to another port of the same host, and answers whether it can have one.
    pub fn set_port(&mut self, port: u16) -> bool {
        let mut root = self.root.clone();
        let is_set = root.set_port(Some(port)).is_ok();
        *self = Self::written(root, self.text.ends_with('/'));
        is_set
    }

    fn written(root: Url, with_slash: bool) -> Self {
        let text = if with_slash { root.as_str() } else { root.as_str().trim_end_matches('/') };
        Self { text: text.to_owned(), root }
    }
}

impl TryFrom<String> for IssuerUrl {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self::written(Url::parse(&text)?, text.ends_with('/')))
    }
}

impl From<IssuerUrl> for String {
    fn from(issuer: IssuerUrl) -> Self {
        issuer.text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_final_slash_is_as_it_was_written() {
        for (written, read, moved) in [
            ("http://localhost:3000/", "http://localhost:3000/", "http://localhost:4000/"),
            ("http://localhost:3000", "http://localhost:3000", "http://localhost:4000"),
            ("HTTP://LocalHost", "http://localhost", "http://localhost:4000"),
        ] {
            let mut issuer = IssuerUrl::try_from(written.to_owned()).unwrap();
            assert_eq!((issuer.as_str(), issuer.url().path()), (read, "/"));
            assert!(issuer.set_port(4000));
            assert_eq!((issuer.as_str(), issuer.url().port()), (moved, Some(4000)));
        }
    }
}
