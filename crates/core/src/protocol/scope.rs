//! `scope`: a set of case-sensitive words (RFC 6749 §3.3).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::Member;

/// A set of scope words, in the order they were first given, without repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads words separated by spaces. Never fails: an empty text is the empty scope.
    pub fn parse(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in text.split_ascii_whitespace() {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        Self(words)
    }

    /// Whether `word` is in the set.
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }

    /// The words, in order.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is no word at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words that are also in `allowed`, in this set's order.
    #[must_use]
    pub fn intersection(&self, allowed: &Self) -> Self {
        Self(self.0.iter().filter(|word| allowed.contains(word)).cloned().collect())
    }

    /// The words of this set, then those of `other`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let more = other.0.iter().filter(|word| !self.contains(word));
        Self(self.0.iter().chain(more).cloned().collect())
    }

    /// Whether every word of `other` is in this set.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|word| self.contains(word))
    }
}

impl From<String> for Scope {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl Member for Scope {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(Self::parse)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_odd_spacing_disappear() {
        assert_eq!(Scope::parse("  openid\tprofile openid ").to_string(), "openid profile");
    }

    #[test]
    fn sets_compare_as_sets() {
        let asked = Scope::parse("openid read:reports");
        let granted = Scope::parse("read:reports openid email");
        assert!(granted.covers(&asked));
        assert!(!asked.covers(&granted));
        assert_eq!(granted.intersection(&asked).to_string(), "read:reports openid");
        assert_eq!(asked.union(&granted).to_string(), "openid read:reports email");
    }
}
