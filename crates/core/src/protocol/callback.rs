//! The authorization response: what comes back to the redirect URI (RFC 6749 §4.1.2, OIDC Core §3.2.2.5, RFC 9207).

use std::time::Duration;

use super::authorize::{Flow, Transaction};
use super::error::OAuthError;
use super::names::{AccessToken, AuthorizationCode, IdToken, State};
use super::params::{Params, ParamsError};
use super::scope::Scope;
use super::token::TokenResponse;
use crate::time::UnixTime;

/// What a good response brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// A code to redeem (code flow).
    Code(AuthorizationCode),
    /// The tokens themselves (implicit flow).
    Tokens(TokenResponse),
    /// Who the person is, where no more was asked for.
    IdToken(IdToken),
}

/// Whether the parameters of an address look like an authorization response at all: only then is it taken out of the
/// address bar and judged.
pub fn is_response(params: &Params) -> bool {
    params.has("state") && ["code", "error", "access_token", "id_token"].iter().any(|name| params.has(name))
}

/// Which transaction a response belongs to; not yet judged.
pub fn state_of(params: &Params) -> Option<State> {
    params.filled("state").map(State::new)
}

/// Judges a response against what was remembered of the request.
///
/// # Errors
/// A [`CallbackError`]. The transaction is spent either way: take it out of the store before calling.
pub fn judge(params: &Params, transaction: &Transaction, now: UnixTime) -> Result<Granted, CallbackError> {
    check(params, transaction, now)?;
    match transaction.flow {
        Flow::Code => code(params),
        Flow::Implicit if transaction.id_token_alone => id_token(params),
        Flow::Implicit => tokens(params, &transaction.scope),
    }
}

/// What holds for every response, whatever it brings.
pub(super) fn check(params: &Params, transaction: &Transaction, now: UnixTime) -> Result<(), CallbackError> {
    // RFC 6749 §10.12: the state first, or anything that follows could be somebody else's.
    if params.filled("state") != Some(transaction.state.secret()) {
        return Err(CallbackError::State);
    }
    if transaction.is_stale(now) {
        return Err(CallbackError::Stale);
    }
    // RFC 9207 §2.4: compared also in error responses, and required of issuers that announce it. §4: not where an ID token
    // names the issuer as well.
    let named_by_id_token = params.has("id_token") && params.filled("error").is_none();
    match params.first("iss") {
        Some(iss) if iss != transaction.issuer.as_str() => return Err(CallbackError::Issuer),
        None if transaction.iss_required && !named_by_id_token => return Err(CallbackError::IssuerMissing),
        _ => {}
    }
    match OAuthError::from_params(params) {
        Some(error) => Err(CallbackError::Refused(error)),
        None => Ok(()),
    }
}

fn code(params: &Params) -> Result<Granted, CallbackError> {
    // A response that carries tokens where a code was asked for did not come from this request (RFC 9700 §4.8).
    if params.has("access_token") || params.has("id_token") {
        return Err(CallbackError::Unasked);
    }
    let code = params.filled("code").ok_or(CallbackError::Missing("code"))?;
    Ok(Granted::Code(AuthorizationCode::new(code)))
}

fn id_token(params: &Params) -> Result<Granted, CallbackError> {
    if params.has("access_token") || params.has("code") {
        return Err(CallbackError::Unasked);
    }
    let id_token = params.filled("id_token").ok_or(CallbackError::Missing("id_token"))?;
    Ok(Granted::IdToken(IdToken::new(id_token)))
}

fn tokens(params: &Params, asked: &Scope) -> Result<Granted, CallbackError> {
    let required = |name: &'static str| params.filled(name).ok_or(CallbackError::Missing(name));
    let token_type = required("token_type")?;
    // RFC 6749 §7.1.
    if !token_type.eq_ignore_ascii_case("Bearer") {
        return Err(CallbackError::TokenType);
    }
    Ok(Granted::Tokens(TokenResponse {
        access_token: AccessToken::new(required("access_token")?),
        token_type: token_type.to_owned(),
        expires_in: params.filled("expires_in").and_then(|text| text.parse().ok()).map(Duration::from_secs),
        refresh_token: None,
        scope: Some(params.filled("scope").map_or_else(|| asked.clone(), Scope::parse)),
        id_token: Some(IdToken::new(required("id_token")?)),
    }))
}

/// Why an authorization response is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The parameters cannot be read.
    #[error("the issuer's answer cannot be read: {0}")]
    Params(#[from] ParamsError),
    /// No request of this browser has this state: an old bookmark, a second use, or a forgery.
    #[error("the answer does not belong to a sign-in that this browser began (state)")]
    State,
    /// The person took longer than [`Transaction::LIFETIME`].
    #[error("the sign-in took too long and has to begin again")]
    Stale,
    /// RFC 9207 §2.4; also where the page is configured for another issuer now than when it asked (RFC 9700 §4.4).
    #[error("the answer comes from another issuer than the one that was asked (iss)")]
    Issuer,
    /// RFC 9207 §2.4.
    #[error("the answer does not say which issuer it comes from (iss), though this issuer always does")]
    IssuerMissing,
    /// The issuer said no, in OAuth's own words.
    #[error("the issuer refused: {0}")]
    Refused(OAuthError),
    /// The answer lacks a parameter.
    #[error("the issuer's answer has no {0}")]
    Missing(&'static str),
    /// The answer carries what was not asked for.
    #[error("the issuer's answer carries more than was asked for")]
    Unasked,
    /// A token type other than `Bearer`.
    #[error("the issuer's answer carries a token of an unknown type")]
    TokenType,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::authorize::tests::begun;
    use crate::protocol::error::ErrorCode;
    use crate::protocol::params::encode;

    const NOW: UnixTime = UnixTime::from_seconds(1010);
    const ISS: (&str, &str) = ("iss", "https://issuer.example/");

    fn judged(flow: Flow, parameters: &[(&str, &str)]) -> Result<Granted, CallbackError> {
        let (_, transaction) = begun(flow);
        let state = ("state", transaction.state.secret());
        let all = parameters.iter().copied().chain([state]);
        judge(&Params::parse(&encode(all)).unwrap(), &transaction, NOW)
    }

    const TOKENS: [(&str, &str); 5] =
        [("access_token", "a"), ("token_type", "bearer"), ("id_token", "i"), ("expires_in", "60"), ISS];

    #[test]
    fn a_code_is_granted() {
        let granted = judged(Flow::Code, &[("code", "c"), ISS]).unwrap();
        assert_eq!(granted, Granted::Code(AuthorizationCode::new("c")));
    }

    #[test]
    fn tokens_are_granted_with_the_scope_that_was_asked_for() {
        let Granted::Tokens(tokens) = judged(Flow::Implicit, &TOKENS).unwrap() else { unreachable!() };
        assert_eq!(tokens.expires_in, Some(Duration::from_secs(60)));
        assert_eq!(tokens.scope.unwrap().to_string(), "openid profile");
    }

    #[test]
    fn an_id_token_alone_is_granted_where_it_was_asked_for_and_nothing_beside_it() {
        let (_, mut transaction) = begun(Flow::Implicit);
        transaction.id_token_alone = true;
        let judged = |parameters: &[(&str, &str)]| {
            let all = parameters.iter().copied().chain([ISS, ("state", transaction.state.secret())]);
            judge(&Params::parse(&encode(all)).unwrap(), &transaction, NOW)
        };
        assert_eq!(judged(&[("id_token", "i")]).unwrap(), Granted::IdToken(IdToken::new("i")));
        assert_eq!(judged(&[]).unwrap_err(), CallbackError::Missing("id_token"));
        for beside in ["access_token", "code"] {
            assert_eq!(judged(&[("id_token", "i"), (beside, "x")]).unwrap_err(), CallbackError::Unasked);
        }
    }

    #[test]
    fn a_wrong_or_missing_state_is_refused_before_anything_else() {
        let (_, transaction) = begun(Flow::Code);
        for query in ["code=c&state=forged", "code=c", "error=access_denied", "code=c&state="] {
            let error = judge(&Params::parse(query).unwrap(), &transaction, NOW).unwrap_err();
            assert_eq!(error, CallbackError::State, "{query}");
        }
    }

    #[test]
    fn an_old_answer_is_refused() {
        let (_, transaction) = begun(Flow::Code);
        let query = encode([("code", "c"), ISS, ("state", transaction.state.secret())]);
        let late = NOW + Transaction::LIFETIME;
        assert_eq!(judge(&Params::parse(&query).unwrap(), &transaction, late).unwrap_err(), CallbackError::Stale);
    }

    #[test]
    fn rfc_9207_the_issuer_is_compared_also_in_errors() {
        for other in ["https://issuer.example", "https://evil.example/", ""] {
            for what in [("code", "c"), ("error", "login_required")] {
                assert_eq!(judged(Flow::Code, &[what, ("iss", other)]).unwrap_err(), CallbackError::Issuer, "{other}");
            }
        }
        assert_eq!(judged(Flow::Code, &[("code", "c")]).unwrap_err(), CallbackError::IssuerMissing);
    }

    #[test]
    fn rfc_9207_an_id_token_names_the_issuer_where_the_parameter_is_left_out() {
        let without: Vec<_> = TOKENS.iter().copied().filter(|(name, _)| *name != "iss").collect();
        assert!(matches!(judged(Flow::Implicit, &without), Ok(Granted::Tokens(_))));
        let no_id_token: Vec<_> = without.into_iter().filter(|(name, _)| *name != "id_token").collect();
        assert_eq!(judged(Flow::Implicit, &no_id_token).unwrap_err(), CallbackError::IssuerMissing);
        // Where none was asked for, an ID token does not help.
        let smuggled = [("code", "c"), ("id_token", "i")];
        assert_eq!(judged(Flow::Code, &smuggled).unwrap_err(), CallbackError::Unasked);
        let refused = [("error", "login_required"), ("id_token", "i")];
        assert_eq!(judged(Flow::Implicit, &refused).unwrap_err(), CallbackError::IssuerMissing);
    }

    #[test]
    fn an_empty_error_counts_as_absent() {
        let empty = [("error", ""), ("error_description", "x")];
        let with = |others: &[(&'static str, &'static str)]| [&empty, others].concat();
        assert_eq!(
            judged(Flow::Code, &with(&[("code", "c"), ISS])).unwrap(),
            judged(Flow::Code, &[("code", "c"), ISS]).unwrap()
        );
        assert_eq!(judged(Flow::Code, &with(&[ISS])).unwrap_err(), CallbackError::Missing("code"));
        let without_iss: Vec<_> = TOKENS.iter().copied().filter(|(name, _)| *name != "iss").collect();
        assert!(matches!(judged(Flow::Implicit, &with(&without_iss)), Ok(Granted::Tokens(_))));
    }

    #[test]
    fn an_empty_description_is_not_told() {
        let error = judged(Flow::Code, &[("error", "access_denied"), ("error_description", ""), ISS]).unwrap_err();
        assert_eq!(error.to_string(), "the issuer refused: access_denied");
    }

    #[test]
    fn an_error_keeps_its_code() {
        let error = judged(Flow::Code, &[("error", "login_required"), ISS]).unwrap_err();
        assert_eq!(error, CallbackError::Refused(OAuthError::new(ErrorCode::LoginRequired, "")));
    }

    #[test]
    fn each_missing_part_is_named() {
        assert_eq!(judged(Flow::Code, &[ISS]).unwrap_err(), CallbackError::Missing("code"));
        for name in ["access_token", "token_type", "id_token"] {
            let without: Vec<_> = TOKENS.iter().copied().filter(|(known, _)| *known != name).collect();
            assert_eq!(judged(Flow::Implicit, &without).unwrap_err(), CallbackError::Missing(name));
        }
    }

    #[test]
    fn tokens_where_a_code_was_asked_for_are_refused() {
        assert_eq!(judged(Flow::Code, &TOKENS).unwrap_err(), CallbackError::Unasked);
    }

    #[test]
    fn only_addresses_that_look_like_a_response_are_taken_for_one() {
        for (query, is) in [("code=c&state=s", true), ("state=s&error=e", true), ("code=c", false), ("state=s", false)]
        {
            assert_eq!(is_response(&Params::parse(query).unwrap()), is, "{query}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_judged(query in "([a-z_]{0,12}=[ -~]{0,20}&?){0,8}") {
            let (_, transaction) = begun(Flow::Implicit);
            if let Ok(params) = Params::parse(&query) {
                prop_assert!(judge(&params, &transaction, NOW).is_err());
            }
        }
    }
}
