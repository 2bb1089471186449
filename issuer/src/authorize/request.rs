//! Reading an authorization request (RFC 6749 §4.1.1, OIDC Core §3.1.2.1), in an order that matters: nothing is ever
//! sent to a redirect URI before it is known to be the client's own (RFC 9700 §4.11.2).

mod parts;

use std::time::Duration;

use evergrant_core::protocol::authorize::Prompt;
use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::params::{Params, ParamsError};
use evergrant_core::protocol::{ClientId, CodeChallenge, ErrorCode, IdToken, Nonce, OAuthError, Scope, State};

use url::form_urlencoded;

use super::{ResponseMode, ResponseType};
use crate::config::{Client, Config};

pub(crate) use parts::{IDENTITY_SCOPES, OFFLINE_ACCESS, api, api_or_that_of, grantable, no_scope, several_resources};

/// An authorization request in which every rule that needs no person and no session holds.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest<'a> {
    /// Who asks.
    pub client: &'a Client,
    /// Where the answer goes.
    pub target: Target,
    /// What the answer holds.
    pub response_type: ResponseType,
    /// What is asked for, as far as it can be granted.
    pub scope: Scope,
    /// The API the access token is for.
    pub audience: Option<String>,
    /// For the ID token.
    pub nonce: Option<Nonce>,
    /// For the code.
    pub code_challenge: Option<CodeChallenge>,
    /// The key that the code is bound to (RFC 9449 §10).
    pub dpop_jkt: Option<JwkThumbprint>,
    /// What the person must, or must not, be shown.
    pub prompts: Vec<Prompt>,
    /// How long ago the person may have signed in.
    pub max_age: Option<Duration>,
    /// Who probably wants to sign in.
    pub login_hint: Option<String>,
    /// Who must be signed in.
    pub id_token_hint: Option<IdToken>,
}

impl AuthorizationRequest<'_> {
    /// Whether no page may be shown.
    pub fn is_silent(&self) -> bool {
        self.prompts.contains(&Prompt::None)
    }
}

/// Where an answer goes: the client's own address, the part of it that carries the answer, and the client's `state`.
#[derive(Clone, Debug)]
pub struct Target {
    /// As registered, but for the port of a native app's loopback address.
    pub redirect_uri: String,
    /// Which part carries the answer.
    pub mode: ResponseMode,
    /// Goes back unchanged.
    pub state: Option<State>,
}

/// Why a request goes no further.
#[derive(Clone, Debug)]
pub enum Refusal<'a> {
    /// It is not known whose request this is: the person is told, and nobody is redirected (RFC 6749 §4.1.2.1).
    Untrusted(&'static str),
    /// The client is told.
    Answered {
        /// Who asked.
        client: &'a Client,
        /// How.
        target: Box<Target>,
        /// Whether no page was to be shown.
        silent: bool,
        /// What.
        error: OAuthError,
    },
}

/// Reads the query of a GET or the body of a POST.
///
/// # Errors
/// A [`Refusal`] for the first rule that does not hold.
pub fn read<'a>(config: &'a Config, text: &str) -> Result<AuthorizationRequest<'a>, Refusal<'a>> {
    let params = Params::parse_repeating(text).map_err(|error| {
        Refusal::Untrusted(match error {
            ParamsError::TooMany => "The request has too many parameters.",
            ParamsError::TooLong | ParamsError::Repeated(_) => "The request is too long.",
        })
    })?;
    let (client, redirect_uri) = trusted(config, &params)?;
    let target = parts::target(client, redirect_uri, &params);
    let refuse = |error| Refusal::Answered {
        client,
        target: Box::new(target.clone()),
        silent: params.filled("prompt") == Some(Prompt::None.as_str()),
        error,
    };
    rest(config, client, &params, target.clone()).map_err(refuse)
}

/// What is read of a request: all else is left out of what is kept of it.
const READ: [&str; 16] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "audience",
    "resource",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
];

/// The most bytes that are kept of a request: room for the longest `state`, and for an ID token beside it.
const LONGEST_KEPT: usize = 16 * 1024;

/// What has to be kept of a request to read it again: anybody can make one, and add what they like.
///
/// # Errors
/// `invalid_request`, for the client, when that is too much.
pub fn kept(text: &str) -> Result<String, OAuthError> {
    let pairs = form_urlencoded::parse(text.as_bytes()).filter(|(name, _)| READ.contains(&&**name));
    let kept = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if kept.len() > LONGEST_KEPT { Err(invalid("the request is too long")) } else { Ok(kept) }
}

/// Client and redirect URI: until both are known, there is nobody to answer.
fn trusted<'a>(config: &'a Config, params: &Params) -> Result<(&'a Client, String), Refusal<'a>> {
    if params.repeated(|name| matches!(name, "client_id" | "redirect_uri")).is_some() {
        return Err(Refusal::Untrusted("The request names its client or its way back twice."));
    }
    let client_id = params
        .filled("client_id")
        .ok_or(Refusal::Untrusted("The request does not say which application it comes from (client_id)."))?;
    let client = config
        .client(&ClientId::new(client_id))
        .ok_or(Refusal::Untrusted("The application that sent you here is not registered (client_id)."))?;
    let redirect_uri = params
        .filled("redirect_uri")
        .ok_or(Refusal::Untrusted("The request does not say where to return to (redirect_uri)."))?;
    if !client.redirects_to(redirect_uri) {
        return Err(Refusal::Untrusted(
            "The address to return to is not one of those registered for this application (redirect_uri).",
        ));
    }
    Ok((client, redirect_uri.to_owned()))
}

/// Everything else, in an order in which the most telling error comes first.
fn rest<'a>(
    config: &'a Config,
    client: &'a Client,
    params: &Params,
    target: Target,
) -> Result<AuthorizationRequest<'a>, OAuthError> {
    // `resource` alone may repeat (RFC 8707 §2).
    if params.repeated(|name| name != "resource").is_some() {
        return Err(invalid("a parameter is given more than once"));
    }
    parts::check_unsupported(params)?;
    let response_type = parts::response_type(client, params)?;
    parts::check_response_mode(params, response_type, &target)?;
    let asked = Scope::parse(params.first("scope").unwrap_or_default());
    let api = parts::api_or_that_of(config, params, &asked)?;
    let scope = parts::scope(client, api, &asked, response_type)?;
    let nonce = params.filled("nonce").map(Nonce::new);
    if response_type.id_token && nonce.is_none() {
        // OIDC Core §3.2.2.1 and §3.3.2.11.
        return Err(invalid("nonce is required when an ID token is in the authorization response"));
    }
    Ok(AuthorizationRequest {
        client,
        target,
        response_type,
        scope,
        audience: api.map(|api| api.identifier.clone()),
        nonce,
        code_challenge: parts::code_challenge(client, params, response_type)?,
        dpop_jkt: parts::dpop_jkt(params)?,
        prompts: parts::prompts(params)?,
        max_age: parts::max_age(params)?,
        login_hint: params.filled("login_hint").map(str::to_owned),
        id_token_hint: params.filled("id_token_hint").map(IdToken::new),
    })
}

fn invalid(description: &str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config() -> Config {
        Config::parse(include_str!("../../demo.toml")).unwrap()
    }

    #[test]
    fn what_is_kept_of_a_request_reads_as_the_whole_did() {
        let config = config();
        let rest = "response_type=code&response_mode=form_post&scope=openid+read:reports+odd&audience=http://localhost:3002/\
            &resource=http://localhost:3002/&state=%00%C3%84+a&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
            &code_challenge_method=S256&dpop_jkt=0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I&prompt=login+consent&max_age=9&login_hint=ann&id_token_hint=a.b.c";
        let whole = format!(
            "client_id=evergrant-app&redirect_uri=http://localhost:8080/callback&{rest}&junk={}",
            "x".repeat(50_000)
        );
        let kept = kept(&whole).unwrap();
        assert!(kept.len() < 1000 && !kept.contains("junk"), "{}", kept.len());
        let read_again = format!("{:?}", read(&config, &kept).unwrap());
        assert_eq!(read_again, format!("{:?}", read(&config, &whole).unwrap()));
        assert!(READ.iter().all(|name| whole.contains(&format!("{name}="))), "each is in this request");
        assert!(super::kept(&format!("nonce={}", "n".repeat(LONGEST_KEPT))).is_err());
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in ".{0,300}") {
            let _ = read(&config(), &text);
        }

        #[test]
        fn an_answer_goes_to_a_registered_address_or_to_nobody(uri in "[a-z:/.#?0-9]{0,40}", rest in "[a-z_=&%+ ]{0,80}") {
            let config = config();
            for uri in [uri.as_str(), "http://localhost:8080/callback"] {
                let query = format!("client_id=evergrant-app&redirect_uri={uri}&{rest}");
                let target = match read(&config, &query) {
                    Ok(request) => Some(request.target.redirect_uri),
                    Err(Refusal::Answered { target, .. }) => Some(target.redirect_uri),
                    Err(Refusal::Untrusted(_)) => None,
                };
                prop_assert!(target.is_none_or(|target| config.clients[0].redirects_to(&target)));
            }
        }
    }
}
