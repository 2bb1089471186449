//! One function for each parameter. Descriptions hold no quotes and nothing the caller sent (RFC 6749 §4.1.2.1).

use std::time::Duration;

use evergrant_core::protocol::authorize::Prompt;
use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::{CodeChallenge, ErrorCode, OAuthError, Scope, State, pkce};

use super::{Target, invalid};
use crate::authorize::{ResponseMode, ResponseType};
use crate::config::{Api, Client, ClientType, Config};

/// The longest `state` that is sent back, in bytes: what is longer would break redirects on its way.
const LONGEST_STATE: usize = 4096;

/// Scopes that belong to the person, not to an API (OIDC Core §5.4).
pub(crate) const IDENTITY_SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// The scope that asks for a refresh token (OIDC Core §11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Where errors go even when the rest of the request makes no sense.
pub(super) fn target(client: &Client, redirect_uri: String, params: &Params) -> Target {
    let words = params.first("response_type").unwrap_or_default();
    let front_channel = words.split(' ').any(|word| matches!(word, "token" | "id_token"));
    let default = if front_channel { ResponseMode::Fragment } else { ResponseMode::Query };
    let asked = params.filled("response_mode").and_then(ResponseMode::parse);
    let mode = match asked {
        Some(ResponseMode::Query) | None => default,
        Some(ResponseMode::WebMessage) if !client.listens_at(&redirect_uri) => default,
        Some(mode) => mode,
    };
    let state = params.filled("state").filter(|state| state.len() <= LONGEST_STATE);
    let state = state.filter(|_| params.repeated(|name| name == "state").is_none());
    Target { redirect_uri, mode, state: state.map(State::new) }
}

pub(super) fn check_unsupported(params: &Params) -> Result<(), OAuthError> {
    // OIDC Core §3.1.2.6.
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        if params.filled(name).is_some() {
            return Err(OAuthError::new(code, format!("{name} is not supported here")));
        }
    }
    if params.first("state").is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(invalid("state is too long"));
    }
    Ok(())
}

pub(super) fn response_type(client: &Client, params: &Params) -> Result<ResponseType, OAuthError> {
    let text = params.filled("response_type").ok_or_else(|| invalid("response_type is missing"))?;
    let response_type = ResponseType::parse(text).ok_or_else(|| {
        OAuthError::new(ErrorCode::UnsupportedResponseType, "this response_type is not supported here")
    })?;
    if !client.may_ask_for(response_type) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "this client is not registered for this response_type",
        ));
    }
    Ok(response_type)
}

pub(super) fn check_response_mode(
    params: &Params,
    response_type: ResponseType,
    target: &Target,
) -> Result<(), OAuthError> {
    let Some(text) = params.filled("response_mode") else {
        return Ok(());
    };
    match ResponseMode::parse(text) {
        Some(ResponseMode::WebMessage) if target.mode != ResponseMode::WebMessage => {
            Err(invalid("response_mode web_message needs a redirect_uri at one of the registered origins"))
        }
        Some(mode) if response_type.may_travel_by(mode) => Ok(()),
        Some(_) => Err(invalid("tokens are not sent in a query: use response_mode fragment")),
        None => Err(invalid("this response_mode is not supported here")),
    }
}

/// RFC 8707 §2 lets a request name several, and the server refuse them.
pub(crate) fn several_resources() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidTarget, "one resource at a time: an access token here is for one API")
}

/// `audience`, and its standard form `resource` (RFC 8707 §2).
pub(crate) fn api<'a>(config: &'a Config, params: &Params) -> Result<Option<&'a Api>, OAuthError> {
    let refuse = |description| OAuthError::new(ErrorCode::InvalidTarget, description);
    if params.repeated(|name| name == "resource").is_some() {
        return Err(several_resources());
    }
    let named = match (params.filled("audience"), params.filled("resource")) {
        (Some(audience), Some(resource)) if audience != resource => {
            return Err(refuse("audience and resource name different APIs"));
        }
        (audience, resource) => audience.or(resource),
    };
    let Some(identifier) = named else { return Ok(None) };
    let api = config.api(identifier);
    api.map(Some).ok_or_else(|| refuse("no API is registered under this audience"))
}

/// The API that tokens are to be for: the one that is named, else the one whose scopes are asked for (RFC 9068 §3), since many
/// clients can name none (MSAL).
pub(crate) fn api_or_that_of<'a>(
    config: &'a Config,
    params: &Params,
    asked: &Scope,
) -> Result<Option<&'a Api>, OAuthError> {
    if let Some(api) = api(config, params)? {
        return Ok(Some(api));
    }
    let is_api_s = |word: &&str| {
        !IDENTITY_SCOPES.contains(word)
            && *word != OFFLINE_ACCESS
            && config.apis.iter().any(|api| api.scopes.contains(word))
    };
    let words: Vec<&str> = asked.words().filter(is_api_s).collect();
    if words.is_empty() {
        return Ok(None);
    }
    let mut with_all = config.apis.iter().filter(|api| words.iter().all(|word| api.scopes.contains(word)));
    match (with_all.next(), with_all.next()) {
        (Some(api), None) => Ok(Some(api)),
        // §3: SHOULD be refused.
        _ => Err(OAuthError::new(
            ErrorCode::InvalidScope,
            "the scopes asked for do not say which API they are for: name it by audience or resource",
        )),
    }
}

/// The words of a scope that mean something here.
pub(crate) fn grantable(asked: &Scope, api: Option<&Api>, may_stay: bool) -> Scope {
    let is_known = |word: &&str| match *word {
        OFFLINE_ACCESS => may_stay,
        word => IDENTITY_SCOPES.contains(&word) || api.is_some_and(|api| api.scopes.contains(word)),
    };
    let known: Vec<&str> = asked.words().filter(is_known).collect();
    Scope::parse(&known.join(" "))
}

/// What can be granted of what is asked. Words unknown here are dropped (OIDC Core §3.1.2.1: "SHOULD be ignored"), and
/// the answer then says what was granted (RFC 6749 §3.3).
pub(super) fn scope(
    client: &Client,
    api: Option<&Api>,
    asked: &Scope,
    response_type: ResponseType,
) -> Result<Scope, OAuthError> {
    let refuse = |description| OAuthError::new(ErrorCode::InvalidScope, description);
    // OIDC Core §11: without a code in the answer, offline access is ignored.
    let scope = grantable(asked, api, response_type.code && client.may_stay(api));
    if scope.is_empty() {
        return Err(no_scope());
    }
    if response_type.id_token && !scope.contains("openid") {
        return Err(refuse("an ID token needs the scope openid"));
    }
    Ok(scope)
}

/// Nothing can be granted of what is asked.
pub(crate) fn no_scope() -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidScope,
        "none of the scopes asked for can be granted: scopes_supported in discovery has those that are known; they are separated by spaces",
    )
}

/// Required of public clients (RFC 9700 §2.1.1), and S256 alone, since `plain` protects against nothing.
pub(super) fn code_challenge(
    client: &Client,
    params: &Params,
    response_type: ResponseType,
) -> Result<Option<CodeChallenge>, OAuthError> {
    let Some(challenge) = params.filled("code_challenge") else {
        if response_type.code && client.kind == ClientType::Public {
            return Err(invalid("code_challenge is required of this client (PKCE, RFC 7636)"));
        }
        return Ok(None);
    };
    // Without a method, the request means plain (RFC 7636 §4.3).
    if params.filled("code_challenge_method") != Some(pkce::METHOD) {
        return Err(invalid("code_challenge_method must be S256"));
    }
    let well_formed =
        challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !well_formed {
        return Err(invalid("code_challenge is not the base64url form of a SHA-256"));
    }
    Ok(Some(CodeChallenge::new(challenge)))
}

/// The key that the code is bound to, which its sender then has to show (RFC 9449 §10).
pub(super) fn dpop_jkt(params: &Params) -> Result<Option<JwkThumbprint>, OAuthError> {
    let read = |text| JwkThumbprint::parse(text).ok_or_else(|| invalid("dpop_jkt is not the thumbprint of a key"));
    params.filled("dpop_jkt").map(read).transpose()
}

pub(super) fn prompts(params: &Params) -> Result<Vec<Prompt>, OAuthError> {
    let words = params.filled("prompt").unwrap_or_default().split_ascii_whitespace();
    let prompts: Option<Vec<Prompt>> =
        words.map(|word| Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == word)).collect();
    let prompts = prompts.ok_or_else(|| invalid("prompt has a value that is not supported here"))?;
    // OIDC Core §3.1.2.1: none stands alone.
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(invalid("prompt none cannot be combined with other values"));
    }
    Ok(prompts)
}

pub(super) fn max_age(params: &Params) -> Result<Option<Duration>, OAuthError> {
    let Some(text) = params.filled("max_age") else {
        return Ok(None);
    };
    let seconds: u32 = text.parse().map_err(|_| invalid("max_age is not a whole number of seconds"))?;
    Ok(Some(Duration::from_secs(u64::from(seconds))))
}
