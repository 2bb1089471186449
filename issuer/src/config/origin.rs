//! Web origins: scheme, host and port, as browsers send them in `Origin` (RFC 6454 §6.2).

use serde::{Deserialize, Serialize};
use url::Url;

/// An origin in its serialized form, `http://localhost:8080`, without a final slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// The origin of an address; `None` for schemes that have none, such as an app's own.
    pub fn of(url: &Url) -> Option<Self> {
        let origin = url.origin();
        origin.is_tuple().then(|| Self(origin.ascii_serialization()))
    }

    /// The text as a browser sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let origin = Url::parse(&text).ok().and_then(|url| Self::of(&url));
        match origin {
            Some(origin) if origin.0 == text => Ok(origin),
            Some(origin) => Err(format!("{text:?} is not an origin: write {:?}", origin.0)),
            None => Err(format!("{text:?} is not an origin like \"https://app.example\"")),
        }
    }
}

impl std::str::FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_path_or_a_slash_is_refused_with_what_to_write() {
        for wrong in ["http://localhost:8080/", "http://localhost:8080/app", "HTTP://localhost:8080"] {
            let message = wrong.parse::<Origin>().unwrap_err();
            assert!(message.contains("\"http://localhost:8080\""), "{message}");
        }
        assert!("com.example.app:/callback".parse::<Origin>().is_err());
        assert_eq!("https://app.example".parse::<Origin>().unwrap().as_str(), "https://app.example");
    }
}
