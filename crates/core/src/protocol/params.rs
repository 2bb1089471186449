//! Form-encoded parameters, where a repeated name is an error (RFC 6749 §3.1: "MUST NOT be included more than once").

use std::fmt;

/// The longest query or fragment that is looked at, in bytes. Implicit answers carry two JWTs; this leaves room for large ones.
pub const LONGEST: usize = 256 * 1024;

/// The most parameters that are looked at. No request or response of OAuth comes near it.
pub const MOST: usize = 100;

/// Decoded parameters in the order they came. `Debug` shows names alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query or fragment without its leading `?` or `#`. An `error_description` is for people to read, and nothing is
    /// decided by it: some issuers write it more than once.
    ///
    /// # Errors
    /// [`ParamsError::TooLong`] past [`LONGEST`] bytes, [`ParamsError::TooMany`] past [`MOST`] pairs, [`ParamsError::Repeated`] when another
    /// name occurs twice.
    pub fn parse(text: &str) -> Result<Self, ParamsError> {
        let params = Self::parse_repeating(text)?;
        match params.repeated(|name| name != "error_description") {
            Some(name) => Err(ParamsError::Repeated(name.to_owned())),
            None => Ok(params),
        }
    }

    /// Reads parameters of which some may repeat, as `resource` may (RFC 8707 §2).
    ///
    /// # Errors
    /// [`ParamsError::TooLong`] past [`LONGEST`] bytes, [`ParamsError::TooMany`] past [`MOST`] pairs.
    pub fn parse_repeating(text: &str) -> Result<Self, ParamsError> {
        if text.len() > LONGEST {
            return Err(ParamsError::TooLong);
        }
        let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().take(MOST + 1).collect();
        if pairs.len() > MOST {
            return Err(ParamsError::TooMany);
        }
        Ok(Self(pairs))
    }

    /// The first value of `name`.
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first value of `name` that is not empty: "Parameters sent without a value MUST be treated as if they were
    /// omitted" (RFC 6749 §3.1).
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.first(name).filter(|value| !value.is_empty())
    }

    /// Whether `name` occurs.
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The first name that occurs twice, among those for which `counts` holds.
    pub fn repeated(&self, counts: impl Fn(&str) -> bool) -> Option<&str> {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        (1..names.len())
            .map(|index| (names[index], &names[..index]))
            .find_map(|(name, before)| (counts(name) && before.contains(&name)).then_some(name))
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Encodes pairs as `application/x-www-form-urlencoded`, the body of every request to the token endpoint.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    // Compiled once, whatever the pairs are in.
    fn all<'a>(pairs: &mut dyn Iterator<Item = (&'a str, &'a str)>) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }
    all(&mut pairs.into_iter())
}

/// Why parameters could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// A name occurs more than once.
    #[error("the parameter `{0}` occurs more than once")]
    Repeated(String),
    /// Longer than [`LONGEST`] bytes.
    #[error("the parameters are longer than {LONGEST} bytes")]
    TooLong,
    /// More than [`MOST`] pairs.
    #[error("there are more than {MOST} parameters")]
    TooMany,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_repeated_name_is_named() {
        assert_eq!(Params::parse("a=1&b=2&a=3").unwrap_err(), ParamsError::Repeated("a".into()));
    }

    #[test]
    fn an_error_whose_description_came_letter_by_letter_is_read() {
        let params = Params::parse("error=login_required&error_description=N&error_description=o&state=s").unwrap();
        assert_eq!((params.first("error"), params.first("error_description")), (Some("login_required"), Some("N")));
        assert_eq!(Params::parse("error=a&error=b").unwrap_err(), ParamsError::Repeated("error".into()));
    }

    #[test]
    fn a_flood_of_parameters_is_refused_early() {
        assert_eq!(Params::parse(&"a&".repeat(5000)).unwrap_err(), ParamsError::TooMany);
        assert_eq!(Params::parse(&"a".repeat(LONGEST + 1)).unwrap_err(), ParamsError::TooLong);
    }

    #[test]
    fn debug_output_shows_names_alone() {
        assert_eq!(format!("{:?}", Params::parse("code=secret&state=s").unwrap()), r#"["code", "state"]"#);
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let params = Params::parse("code=&state=s").unwrap();
        assert_eq!(params.filled("code"), None);
        assert!(params.has("code"));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in ".{0,400}") {
            let _ = Params::parse(&text);
        }

        #[test]
        fn what_is_encoded_is_read_back(name in "[a-z_]{1,12}", value in ".{0,80}") {
            let params = Params::parse(&encode([(name.as_str(), value.as_str())])).unwrap();
            prop_assert_eq!(params.first(&name), Some(value.as_str()));
        }
    }
}
