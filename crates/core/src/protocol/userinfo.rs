//! The UserInfo endpoint (OIDC Core §5.3): what the issuer says of a person beside the ID token.
//!
//! An issuer may put the claims that a scope asks for there alone, wherever it gives an access token (§5.4).

use serde_json::{Map, Value};

use super::challenge::Challenge;
use super::error::OAuthError;
use super::json;
use super::names::Subject;

/// Claims by their names, as they came: those of OIDC Core §5.1, and the issuer's own (§5.1.2).
pub type Claims = Map<String, Value>;

/// What the issuer says of the person who is signed in (OIDC Core §5.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    /// Of whom: the same as in the ID token.
    pub sub: Subject,
    /// All of them.
    pub claims: Claims,
}

impl UserInfo {
    /// The full name, for display.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// The name the person goes by.
    pub fn preferred_username(&self) -> Option<&str> {
        self.text("preferred_username")
    }

    /// The address, when the `email` scope was granted.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// A picture's URL.
    pub fn picture(&self) -> Option<&str> {
        self.text("picture")
    }

    /// What to call the person: the first of name, preferred user name, e-mail address and subject that is there.
    pub fn display_name(&self) -> &str {
        let mut texts = ["name", "preferred_username", "email"].into_iter().filter_map(|claim| self.text(claim));
        texts.find(|text| !text.trim().is_empty()).unwrap_or(self.sub.as_str())
    }

    /// A claim that is a text; `None` when it is something else.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }
}

/// An answer of the UserInfo endpoint, to a request with the access token as a `Bearer` (§5.3.1).
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: Option<&'a str>,
    /// The value of `WWW-Authenticate`. An issuer of another origin must expose that header, or browsers keep it to themselves.
    pub www_authenticate: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// Judges an answer of the UserInfo endpoint about `sub`, whom the ID token names.
///
/// # Errors
/// A [`UserInfoError`]: nothing of the answer may be used then.
pub fn judge(answer: &Answer<'_>, sub: &Subject) -> Result<UserInfo, UserInfoError> {
    if answer.status != 200 {
        return Err(refusal(answer).map_or(UserInfoError::Status(answer.status), UserInfoError::Refused));
    }
    // §5.3.2: signed and encrypted answers, which only a client gets that has registered for them, are of this type.
    if answer.content_type.is_some_and(is_jwt) {
        return Err(UserInfoError::Jwt);
    }
    let Ok(Value::Object(claims)) = json::read(answer.body) else { return Err(UserInfoError::NotJson) };
    // §5.3.2: "The sub (subject) Claim MUST always be returned in the UserInfo Response." And it "MUST be verified to exactly
    // match the sub Claim in the ID Token; if they do not match, the UserInfo Response values MUST NOT be used."
    match claims.get("sub").and_then(Value::as_str) {
        Some(of) if of == sub.as_str() => Ok(UserInfo { sub: sub.clone(), claims }),
        None | Some("") => Err(UserInfoError::NoSubject),
        Some(_) => Err(UserInfoError::OtherPerson),
    }
}

/// What the issuer says is wrong with the request (§5.3.3, RFC 6750 §3). Some say it in the body, too, or there alone.
fn refusal(answer: &Answer<'_>) -> Option<OAuthError> {
    // A gateway's 503 with a JSON body is still a 503.
    if answer.status >= 500 || answer.status == 429 {
        return None;
    }
    let challenge = answer.www_authenticate.and_then(Challenge::find);
    challenge.and_then(|challenge| challenge.error).or_else(|| json::read(answer.body).ok())
}

fn is_jwt(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|it| it.trim().eq_ignore_ascii_case("application/jwt"))
}

/// Why nothing that the UserInfo endpoint said can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserInfoError {
    /// The access token does not do there, in the words of RFC 6750 §3.1: `insufficient_scope` where `openid` is missing.
    #[error("the UserInfo endpoint refused: {0}")]
    Refused(OAuthError),
    /// It answered with this status, and did not say why.
    #[error("the UserInfo endpoint answered with status {0}")]
    Status(u16),
    /// The answer is signed or encrypted (`application/jwt`, OIDC Core §5.3.2), which is not supported: at the issuer, let this
    /// client have no `userinfo_signed_response_alg` and no `userinfo_encrypted_response_alg`.
    #[error("the UserInfo endpoint's answer is signed or encrypted (application/jwt), which is not supported")]
    Jwt,
    /// 200, but not a JSON object.
    #[error("the UserInfo endpoint's answer is not a JSON object")]
    NotJson,
    /// It does not say of whom it speaks.
    #[error("the UserInfo endpoint's answer has no `sub`")]
    NoSubject,
    /// It speaks of another person than the ID token.
    #[error("the UserInfo endpoint speaks of another person than the one who is signed in")]
    OtherPerson,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::error::ErrorCode;
    use super::*;

    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    fn judged(body: &str) -> Result<UserInfo, UserInfoError> {
        let answer = Answer { status: 200, content_type: JSON, www_authenticate: None, body: body.as_bytes() };
        judge(&answer, &Subject::new("tess"))
    }

    fn refused(status: u16, www_authenticate: Option<&str>, body: &str) -> UserInfoError {
        let answer = Answer { status, content_type: JSON, www_authenticate, body: body.as_bytes() };
        judge(&answer, &Subject::new("tess")).unwrap_err()
    }

    #[test]
    fn claims_are_read_and_kept_as_they_came() {
        let claims = json!({"sub": "tess", "name": "Tess Tester", "picture": "https://a.example/t", "groups": ["a"]});
        let person = judged(&claims.to_string()).unwrap();
        assert_eq!((person.sub.as_str(), person.display_name()), ("tess", "Tess Tester"));
        assert_eq!((person.name(), person.picture()), (Some("Tess Tester"), Some("https://a.example/t")));
        assert_eq!((person.preferred_username(), person.email(), person.text("groups")), (None, None, None));
        assert_eq!(Value::Object(person.claims), claims);
    }

    #[test]
    fn a_person_is_called_by_the_best_name_there_is() {
        for (claims, name) in [
            (r#""name":" ","preferred_username":"t","email":"t@example.org""#, "t"),
            (r#""name":null,"preferred_username":"","email":"t@example.org""#, "t@example.org"),
            (r#""name":["Tess"],"preferred_username":7"#, "tess"),
        ] {
            let person = judged(&format!(r#"{{"sub":"tess",{claims}}}"#)).unwrap();
            assert_eq!(person.display_name(), name, "{claims}");
        }
    }

    #[test]
    fn nothing_is_used_of_what_is_said_of_somebody_else() {
        for sub in ["Tess", "tess ", "robin"] {
            let body = json!({"sub": sub, "name": "Robin"}).to_string();
            assert_eq!(judged(&body).unwrap_err(), UserInfoError::OtherPerson, "{sub}");
        }
    }

    #[test]
    fn nothing_is_used_that_is_said_of_nobody() {
        for claims in [r#"{"name":"Tess"}"#, r#"{"sub":""}"#, r#"{"sub":null}"#, r#"{"sub":7}"#] {
            assert_eq!(judged(claims).unwrap_err(), UserInfoError::NoSubject, "{claims}");
        }
    }

    #[test]
    fn what_is_no_json_object_is_told() {
        for body in ["", "<html>", r#"["tess"]"#, r#""tess""#, r#"{"sub":"tess"} {}"#] {
            assert_eq!(judged(body).unwrap_err(), UserInfoError::NotJson, "{body}");
        }
    }

    #[test]
    fn signed_and_encrypted_answers_are_told_as_what_they_are() {
        for content_type in ["application/jwt", "Application/JWT ; charset=utf-8"] {
            let body = br#"{"sub":"tess"}"#;
            let answer = Answer { status: 200, content_type: Some(content_type), www_authenticate: None, body };
            assert_eq!(judge(&answer, &Subject::new("tess")).unwrap_err(), UserInfoError::Jwt);
        }
        let untyped = Answer { status: 200, content_type: None, www_authenticate: None, body: br#"{"sub":"tess"}"# };
        assert!(judge(&untyped, &Subject::new("tess")).is_ok(), "what it is called matters only where it says no");
    }

    #[test]
    fn refusals_are_told_in_the_words_of_rfc_6750() {
        let header = Some(r#"Bearer realm="a", error="invalid_token", error_description="It has expired.""#);
        let error = refused(401, header, "");
        assert_eq!(error.to_string(), "the UserInfo endpoint refused: invalid_token: It has expired.");
        let in_the_body = refused(403, None, r#"{"error":"insufficient_scope"}"#);
        assert!(
            matches!(in_the_body, UserInfoError::Refused(error) if error.error == ErrorCode::InsufficientScope),
            "browsers keep the header where it is not exposed"
        );
        assert_eq!(refused(401, Some(r#"Bearer realm="a""#), ""), UserInfoError::Status(401));
        assert_eq!(refused(404, None, "<html>"), UserInfoError::Status(404));
        assert_eq!(refused(503, header, r#"{"error":"invalid_token"}"#), UserInfoError::Status(503));
        assert_eq!(refused(204, None, ""), UserInfoError::Status(204));
    }

    proptest! {
        #[test]
        fn anything_is_judged_and_only_what_names_the_person_is_used(
            status in 100_u16..600,
            content_type in proptest::option::of("[ -~]{0,30}"),
            www_authenticate in proptest::option::of("Bearer [ -~]{0,60}"),
            sub in "[a-z]{0,2}",
            body in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "[a-z]{0,2}".prop_map(|sub| json!({"sub": sub, "name": "Tess"}).to_string().into_bytes()),
            ],
        ) {
            let answer = Answer {
                status,
                content_type: content_type.as_deref(),
                www_authenticate: www_authenticate.as_deref(),
                body: &body,
            };
            let sub = Subject::new(sub);
            if let Ok(person) = judge(&answer, &sub) {
                prop_assert_eq!(status, 200);
                prop_assert_eq!(person.sub, sub);
            }
        }
    }
}
