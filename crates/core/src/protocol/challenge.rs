//! `WWW-Authenticate: Bearer …`, or `DPoP …`: how a resource server says what is wrong with a request, and how a client reads it (RFC 6750
//! §3, RFC 9110 §11.6.1).

use std::fmt;
use std::time::Duration;

use super::authorize::AuthorizationParameters;
use super::error::{OAuthError, without_tokens};
use super::scope::Scope;

/// A challenge of the scheme `Bearer`, or of `DPoP`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// The protected space, for people.
    pub realm: Option<String>,
    /// What is wrong; nothing when no token was presented (RFC 6750 §3.1).
    pub error: Option<OAuthError>,
    /// The scope that the request needs; empty when the scope is not what is wrong.
    pub scope: Scope,
    /// The authentication context classes of which one is wanted, best first (RFC 9470 §3).
    pub acr_values: Option<String>,
    /// How long ago the person may have signed in, in whole seconds (RFC 9470 §3).
    pub max_age: Option<Duration>,
}

impl Challenge {
    /// Finds the `Bearer` challenge in the value of a `WWW-Authenticate` header, be there others beside it; or that of `DPoP`
    /// (RFC 9449 §7.1), where that one alone says what is wrong.
    pub fn find(header: &str) -> Option<Self> {
        let bearer = Self::of_scheme(header, "Bearer");
        let says_more =
            |bound: &Self| bearer.as_ref().is_none_or(|bearer| bearer.error.is_none() && bound.error.is_some());
        Self::of_scheme(header, "DPoP").filter(says_more).or(bearer)
    }

    fn of_scheme(header: &str, wanted: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        for (scheme, name, value) in Parameters::of(header) {
            if !scheme.eq_ignore_ascii_case(wanted) {
                if found.is_some() {
                    break;
                }
                continue;
            }
            found.get_or_insert_default().set(name, value);
        }
        if let Some(found) = &mut found {
            found.error.take_if(|error| error.error.as_str().is_empty());
        }
        found
    }

    /// What a sign-in is to say to the issuer, so that the token it leads to is accepted (RFC 9470 §4). [`Challenge::scope`] is
    /// asked for beside it.
    pub fn parameters(&self) -> AuthorizationParameters {
        let max_age = self.max_age.map(|age| age.as_secs().min(u32::MAX.into()).to_string());
        let known = [("acr_values", self.acr_values.clone()), ("max_age", max_age)];
        let known = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
        AuthorizationParameters::new(known).unwrap_or_default()
    }

    fn error_mut(&mut self) -> &mut OAuthError {
        let error = String::new().into();
        self.error.get_or_insert(OAuthError { error, error_description: None, error_uri: None })
    }

    fn set(&mut self, name: &str, value: String) {
        match name {
            "realm" => self.realm = Some(value),
            "scope" => self.scope = Scope::parse(&value),
            "acr_values" => self.acr_values = Some(value),
            "max_age" => self.max_age = value.parse().ok().map(|age: u32| Duration::from_secs(age.into())),
            // In either order.
            "error" => self.error_mut().error = value.into(),
            "error_description" => self.error_mut().error_description = Some(without_tokens(&value)),
            _ => {}
        }
    }
}

/// The value of the header. What may not stand in it (RFC 6750 §3) is left out.
impl fmt::Display for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "Bearer ";
        let mut parameter = |name: &str, value: &str| {
            let allowed = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
            let value: String = value.chars().filter(allowed).collect();
            write!(formatter, "{before}{name}=\"{value}\"")?;
            before = ", ";
            Ok(())
        };
        parameter("realm", self.realm.as_deref().unwrap_or_default())?;
        if let Some(error) = &self.error {
            parameter("error", error.error.as_str())?;
            if let Some(description) = &error.error_description {
                parameter("error_description", description)?;
            }
        }
        if !self.scope.is_empty() {
            parameter("scope", &self.scope.to_string())?;
        }
        if let Some(classes) = &self.acr_values {
            parameter("acr_values", classes)?;
        }
        match self.max_age {
            Some(age) => parameter("max_age", &age.as_secs().to_string()),
            None => Ok(()),
        }
    }
}

/// The parameters of all challenges in a header, each with the scheme it belongs to.
struct Parameters<'a> {
    scheme: &'a str,
    rest: &'a str,
}

impl<'a> Parameters<'a> {
    fn of(header: &'a str) -> Self {
        Self { scheme: "", rest: header }
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, &'a str, String);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
            let end = self.rest.find([' ', '\t', ',', '=']).unwrap_or(self.rest.len());
            let (word, after) = self.rest.split_at(end);
            if word.is_empty() {
                return None;
            }
            // A word that no `=` follows begins the next challenge.
            let Some(value) = after.trim_start_matches([' ', '\t']).strip_prefix('=') else {
                self.scheme = word;
                self.rest = after;
                continue;
            };
            let (value, rest) = read_value(value.trim_start_matches([' ', '\t']));
            self.rest = rest;
            return Some((self.scheme, word, value));
        }
    }
}

/// A token or a quoted string (RFC 9110 §5.6.4), and what follows it.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            _ => value.push(character),
        }
    }
    (value, characters.as_str())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::error::ErrorCode;
    use super::*;

    fn insufficient_scope() -> Challenge {
        Challenge {
            realm: Some("expenses".into()),
            error: Some(OAuthError::new(ErrorCode::InsufficientScope, "The scope read:reports is needed.")),
            scope: Scope::parse("read:reports"),
            ..Challenge::default()
        }
    }

    #[test]
    fn a_challenge_is_written_as_rfc_6750_section_3_has_it() {
        assert_eq!(
            insufficient_scope().to_string(),
            r#"Bearer realm="expenses", error="insufficient_scope", error_description="The scope read:reports is needed.", scope="read:reports""#
        );
        let nothing_presented = Challenge { realm: Some("example".into()), ..Challenge::default() };
        assert_eq!(nothing_presented.to_string(), r#"Bearer realm="example""#);
    }

    #[test]
    fn what_a_stronger_sign_in_is_asked_for_is_said_to_the_issuer() {
        let header = r#"Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age="5""#;
        let parameters = Challenge::find(header).unwrap().parameters();
        assert_eq!(
            (parameters.get("acr_values").as_deref(), parameters.get("max_age").as_deref()),
            (Some("gold silver"), Some("5"))
        );
        let nothing = Challenge::find("Bearer max_age=never").unwrap().parameters();
        assert_eq!(nothing, AuthorizationParameters::default());
    }

    #[test]
    fn it_is_found_among_others() {
        for (header, scope) in [
            (r#"Bearer scope="a b""#, "a b"),
            (r#"Basic realm="x, y=\"z\"", bearer realm="r",scope=a"#, "a"),
            (r#"Negotiate, Bearer error="insufficient_scope", scope = "a", DPoP scope="b""#, "a"),
        ] {
            assert_eq!(Challenge::find(header).unwrap().scope.to_string(), scope, "{header}");
        }
        for header in ["", "Basic realm=\"Bearer\"", ",,,", "=", "\"Bearer\""] {
            assert_eq!(Challenge::find(header), None, "{header}");
        }
    }

    /// RFC 9449 §7.1: an API that takes both kinds of tokens challenges by both, and says what is wrong in one.
    #[test]
    fn of_two_schemes_the_one_that_says_what_is_wrong_is_read() {
        for (header, scope) in [
            (r#"Bearer realm="r", DPoP error="insufficient_scope", scope="b""#, "b"),
            (r#"DPoP error="insufficient_scope", scope="b", algs="ES256""#, "b"),
            (r#"DPoP scope="b", Bearer scope="a""#, "a"),
        ] {
            assert_eq!(Challenge::find(header).unwrap().scope.to_string(), scope, "{header}");
        }
    }

    #[test]
    fn a_description_before_its_error_was_lost() {
        let error =
            Challenge::find(r#"Bearer error_description="Too old.", error="invalid_token""#).unwrap().error.unwrap();
        assert_eq!((error.error, error.error_description.as_deref()), (ErrorCode::InvalidToken, Some("Too old.")));
        assert_eq!(Challenge::find(r#"Bearer error_description="Of what?""#).unwrap().error, None);
    }

    #[test]
    fn what_may_not_stand_in_a_header_is_left_out() {
        let error = OAuthError::new(ErrorCode::InvalidToken, "a \"b\"\r\nX: \\c\u{e9}");
        let text = Challenge { error: Some(error), ..Challenge::default() }.to_string();
        assert_eq!(text, r#"Bearer realm="", error="invalid_token", error_description="a bX: c""#);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(scope in "[a-z:]{1,8}( [a-z:]{1,8}){0,2}", description in "[ !#-\\[\\]-~]{0,24}") {
            let written = Challenge {
                error: Some(OAuthError::new(ErrorCode::InsufficientScope, description)),
                scope: Scope::parse(&scope),
                realm: Some("r".into()),
                acr_values: Some("mfa pwd".into()),
                max_age: Some(Duration::from_secs(5)),
            };
            let read = Challenge::find(&written.to_string()).unwrap();
            prop_assert_eq!(&read, &written);
            prop_assert_eq!(read.error.unwrap().error_description, written.error.unwrap().error_description);
        }

        #[test]
        fn anything_is_read(header in "\\PC{0,80}|([A-Za-z]{0,6}[ =,\"\\\\]{0,3}){0,12}") {
            let _ = Challenge::find(&header);
        }
    }
}
