//! JSON that came from elsewhere, read in one way: each further way would be linked into every app once more.

use serde::de::{DeserializeOwned, Error as _};
use serde_json::Value;

/// Reads JSON that must be UTF-8 (RFC 8259 §8.1).
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    let text = std::str::from_utf8(bytes).map_err(|_| serde_json::Error::custom("it is not UTF-8"))?;
    serde_json::from_str(text)
}

/// The text that a member of an object has.
pub(crate) fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}
