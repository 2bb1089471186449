//! `response_type`: what the answer holds, and by which `response_mode` it may travel.

use std::fmt;

use evergrant_core::protocol::ResponseMode;
use serde::{Deserialize, Serialize};

/// What an authorization response holds (OAuth 2.0 Multiple Response Type Encoding Practices §3 and §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResponseType {
    /// An authorization code.
    pub code: bool,
    /// An ID token.
    pub id_token: bool,
    /// An access token.
    pub token: bool,
}

impl ResponseType {
    /// The authorization code flow.
    pub const CODE: Self = Self::of(true, false, false);

    /// Every type that is served, in the usual spelling.
    pub const ALL: [Self; 7] = [
        Self::CODE,
        Self::of(false, true, false),
        Self::of(false, true, true),
        Self::of(false, false, true),
        Self::of(true, true, false),
        Self::of(true, false, true),
        Self::of(true, true, true),
    ];

    /// Reads a value; the order of its words does not matter (RFC 6749 §3.1.1). `None` for one that is not served.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = Self::of(false, false, false);
        for word in text.split(' ') {
            let part = match word {
                "code" => &mut found.code,
                "id_token" => &mut found.id_token,
                "token" => &mut found.token,
                _ => return None,
            };
            if std::mem::replace(part, true) {
                return None;
            }
        }
        Some(found)
    }

    /// Whether tokens travel through the address bar.
    pub const fn is_front_channel(self) -> bool {
        self.id_token || self.token
    }

    /// Where the answer goes when the request does not say.
    pub const fn default_mode(self) -> ResponseMode {
        if self.is_front_channel() { ResponseMode::Fragment } else { ResponseMode::Query }
    }

    /// Tokens never travel in a query, which servers log (Multiple Response Types §2.1 and §5).
    pub fn may_travel_by(self, mode: ResponseMode) -> bool {
        mode != ResponseMode::Query || !self.is_front_channel()
    }

    const fn of(code: bool, id_token: bool, token: bool) -> Self {
        Self { code, id_token, token }
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.code, "code"), (self.id_token, "id_token"), (self.token, "token")];
        let words: Vec<&str> = words.iter().filter_map(|(held, word)| held.then_some(*word)).collect();
        formatter.write_str(&words.join(" "))
    }
}

impl TryFrom<String> for ResponseType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a response type, such as \"code\""))
    }
}

impl From<ResponseType> for String {
    fn from(response_type: ResponseType) -> Self {
        response_type.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_words_does_not_matter_and_repeats_do() {
        assert_eq!(ResponseType::parse("token id_token"), ResponseType::parse("id_token token"));
        for wrong in ["", "code code", "none", "code  token", "Code"] {
            assert_eq!(ResponseType::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_type_is_read_as_it_is_written() {
        for response_type in ResponseType::ALL {
            assert_eq!(ResponseType::parse(&response_type.to_string()), Some(response_type));
        }
    }
}
