//! The authorization request (RFC 6749 §4.1.1, OIDC Core §3.1.2.1 and §3.2.2.1), and what must be remembered of it.

mod parameters;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::json;
use super::metadata::ProviderMetadata;
use super::names::{ClientId, CodeChallenge, CodeVerifier, IdToken, Issuer, Nonce, State};
use super::params;
use super::pkce;
use super::response_mode::ResponseMode;
use super::scope::Scope;
use crate::address::Address;
use crate::time::UnixTime;

pub use parameters::{AuthorizationParameters, ParameterError};

/// Who the person is, and nothing for an API (OIDC Core §3.2.2.1).
const ID_TOKEN_ALONE: &str = "id_token";

/// How tokens come to the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Authorization code with PKCE (RFC 7636): what every new app should use.
    #[default]
    Code,
    /// `id_token token` in the fragment: legacy. Access tokens pass through the address bar, and browser apps "MUST NOT"
    /// get them this way (OAuth 2.0 for Browser-Based Apps §7.2). For issuers that offer nothing else. Of an issuer that
    /// offers `id_token` and not both, the ID token alone is asked for.
    Implicit,
}

json::words!(Flow { "code" => Code, "implicit" => Implicit, });

impl Flow {
    /// `response_type` of this flow at an issuer.
    pub fn response_type(self, issuer: &ProviderMetadata) -> &'static str {
        // The order of the words has no meaning (RFC 6749 §3.1.1).
        let offers_both = ["id_token token", "token id_token"].iter().any(|it| issuer.offers_response_type(it));
        match self {
            Self::Code => "code",
            Self::Implicit if !offers_both && issuer.offers_response_type(ID_TOKEN_ALONE) => ID_TOKEN_ALONE,
            Self::Implicit => "id_token token",
        }
    }
}

/// `prompt` (OIDC Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Show nothing: answer at once, or with an error.
    None,
    /// Ask for the credentials again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the person choose an account.
    SelectAccount,
}

// `none` is not for a configuration: nobody could sign in.
json::words!(Prompt { "login" => Login, "consent" => Consent, "select_account" => SelectAccount });

impl Prompt {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The value as it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Everything an authorization request says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest<'a> {
    /// This client.
    pub client_id: &'a ClientId,
    /// Where the answer goes; registered at the issuer, to the letter.
    pub redirect_uri: &'a str,
    /// How tokens come.
    pub flow: Flow,
    /// How the answer travels, when not as the flow has it by default.
    pub response_mode: Option<ResponseMode>,
    /// What is asked for; must contain `openid`.
    pub scope: &'a Scope,
    /// The API the access token is for.
    pub audience: Option<&'a str>,
    /// Whether and what to show the person.
    pub prompt: Option<Prompt>,
    /// What else it says, in place of [`AuthorizationRequest::audience`] and [`AuthorizationRequest::prompt`] where it names them.
    pub parameters: &'a AuthorizationParameters,
    /// The ID token of the person who should still be signed in (for `prompt=none`).
    pub id_token_hint: Option<&'a IdToken>,
}

/// 768 bits of fresh randomness: enough for one request.
pub type Entropy = [[u8; 32]; 3];

/// What must be remembered until the answer comes: one-time, and bound to this browser (RFC 9700 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transaction {
    /// What the answer's `state` must be.
    pub state: State,
    /// What the ID token's `nonce` must be.
    pub nonce: Nonce,
    /// The proof that goes with the code.
    pub code_verifier: CodeVerifier,
    /// Whose answer it must be (RFC 9700 §4.4.2.1).
    pub issuer: Issuer,
    /// Whether that issuer puts `iss` into every answer.
    pub iss_required: bool,
    /// Where the answer goes: repeated when the code is redeemed.
    pub redirect_uri: String,
    /// How tokens come.
    pub flow: Flow,
    /// Whether no access token was asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub id_token_alone: bool,
    /// What was asked for: granted, unless the answer says otherwise (RFC 6749 §5.1).
    pub scope: Scope,
    /// The `max_age` that was asked for.
    pub max_age: Option<Duration>,
    /// When the request was made.
    pub requested_at: UnixTime,
    /// Where in the app the person was.
    pub return_to: Option<String>,
}

json::members!(Transaction {
    state: required,
    nonce: required,
    code_verifier: required,
    issuer: required,
    iss_required: required,
    redirect_uri: required,
    flow: required,
    id_token_alone: or_default,
    scope: required,
    max_age: optional,
    requested_at: required,
    return_to: optional,
});

impl Transaction {
    /// How long a person may take at the issuer before the answer counts as stale.
    pub const LIFETIME: Duration = Duration::from_secs(60 * 60);

    /// Whether the person took longer than [`Transaction::LIFETIME`].
    pub fn is_stale(&self, now: UnixTime) -> bool {
        now.since(self.requested_at) > Self::LIFETIME
    }
}

/// Begins an authorization: the address to go to, and what to remember.
///
/// State, nonce and PKCE verifier are new for every transaction (RFC 9700 §2.1.1), so `entropy` must be fresh.
pub fn begin(
    metadata: &ProviderMetadata,
    request: &AuthorizationRequest<'_>,
    return_to: Option<String>,
    entropy: Entropy,
    now: UnixTime,
) -> (Address, Transaction) {
    let transaction = transaction(metadata, request, return_to, entropy, now);
    let challenge = (request.flow == Flow::Code).then(|| pkce::challenge(&transaction.code_verifier));
    let asked = Asked { response_type: request.flow.response_type(metadata), response_mode: request.response_mode };
    let url = request_url(&metadata.authorization_endpoint, request, &asked, &transaction, challenge.as_ref());
    (url, transaction)
}

pub(super) fn transaction(
    metadata: &ProviderMetadata,
    request: &AuthorizationRequest<'_>,
    return_to: Option<String>,
    entropy: Entropy,
    now: UnixTime,
) -> Transaction {
    let [state, nonce, verifier] = entropy;
    Transaction {
        state: State::from_entropy(state),
        nonce: Nonce::from_entropy(nonce),
        code_verifier: CodeVerifier::from_entropy(verifier),
        issuer: metadata.issuer.clone(),
        iss_required: metadata.authorization_response_iss_parameter_supported,
        redirect_uri: request.redirect_uri.to_owned(),
        flow: request.flow,
        id_token_alone: request.flow.response_type(metadata) == ID_TOKEN_ALONE,
        scope: request.scope.clone(),
        max_age: request.parameters.max_age(),
        requested_at: now,
        return_to,
    }
}

/// What comes back, and how.
pub(super) struct Asked {
    pub(super) response_type: &'static str,
    /// The default of the response type when left out.
    pub(super) response_mode: Option<ResponseMode>,
}

pub(super) fn request_url(
    endpoint: &Address,
    request: &AuthorizationRequest<'_>,
    asked: &Asked,
    transaction: &Transaction,
    challenge: Option<&CodeChallenge>,
) -> Address {
    let scope = request.scope.to_string();
    let parameters = [
        ("response_type", Some(asked.response_type)),
        ("response_mode", asked.response_mode.map(ResponseMode::as_str)),
        ("client_id", Some(request.client_id.as_str())),
        ("redirect_uri", Some(request.redirect_uri)),
        ("scope", Some(scope.as_str())),
        ("state", Some(transaction.state.secret())),
        ("nonce", Some(transaction.nonce.secret())),
        ("code_challenge", challenge.map(CodeChallenge::as_str)),
        ("code_challenge_method", challenge.map(|_| pkce::METHOD)),
        ("audience", request.audience),
        ("prompt", request.prompt.map(Prompt::as_str)),
        ("id_token_hint", request.id_token_hint.map(IdToken::secret)),
    ];
    let more = request.parameters;
    let own = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let mut query = params::encode(own.filter(|(name, _)| !more.names(name)));
    more.send(&mut query);
    endpoint.with_query(&query)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::protocol::metadata;

    pub(crate) fn metadata() -> ProviderMetadata {
        metadata::judge(
            &Issuer::new("https://issuer.example/"),
            200,
            br#"{"issuer":"https://issuer.example/","authorization_endpoint":"https://issuer.example/authorize?tenant=7",
                "token_endpoint":"https://issuer.example/token","jwks_uri":"https://issuer.example/jwks",
                "end_session_endpoint":"https://issuer.example/logout",
                "authorization_response_iss_parameter_supported":true}"#,
        )
        .unwrap()
    }

    pub(crate) fn begun(flow: Flow) -> (Address, Transaction) {
        begun_with(flow, &AuthorizationParameters::default())
    }

    fn begun_with(flow: Flow, parameters: &AuthorizationParameters) -> (Address, Transaction) {
        let request = AuthorizationRequest {
            client_id: &ClientId::new("app"),
            redirect_uri: "https://app.example/callback",
            flow,
            response_mode: (flow == Flow::Implicit).then_some(ResponseMode::WebMessage),
            scope: &Scope::parse("openid profile"),
            audience: Some("https://api.example/"),
            prompt: Some(Prompt::None),
            parameters,
            id_token_hint: None,
        };
        begin(
            &metadata(),
            &request,
            Some("/expenses".into()),
            [[1; 32], [2; 32], [3; 32]],
            UnixTime::from_seconds(1000),
        )
    }

    fn pairs(url: &Address) -> BTreeMap<String, String> {
        url::Url::parse(url.as_str()).unwrap().query_pairs().into_owned().collect()
    }

    #[test]
    fn a_code_request_carries_pkce_and_keeps_the_endpoints_own_query() {
        let (url, transaction) = begun(Flow::Code);
        let pairs = pairs(&url);
        assert_eq!(pairs["tenant"], "7");
        assert_eq!(pairs["response_type"], "code");
        assert_eq!(pairs["code_challenge"], pkce::challenge(&transaction.code_verifier).as_str());
        assert_eq!(pairs["code_challenge_method"], "S256");
        assert_eq!(pairs["prompt"], "none");
        assert!(!pairs.contains_key("response_mode"));
        assert_eq!(pairs["audience"], "https://api.example/");
        assert!(!url.as_str().contains(transaction.code_verifier.secret()));
    }

    #[test]
    fn an_implicit_request_has_a_nonce_and_no_pkce() {
        let (url, _) = begun(Flow::Implicit);
        let pairs = pairs(&url);
        assert_eq!(pairs["response_type"], "id_token token");
        assert_eq!(pairs["response_mode"], "web_message");
        assert!(pairs.contains_key("nonce") && !pairs.contains_key("code_challenge"));
    }

    fn parameters(pairs: &[(&str, &str)]) -> Result<AuthorizationParameters, ParameterError> {
        AuthorizationParameters::new(pairs.iter().copied())
    }

    #[test]
    fn more_parameters_are_said_once_and_in_place_of_the_configured() {
        let more = [("login_hint", "ann&bob@example.com"), ("prompt", "create"), ("audience", ""), ("max_age", "90")];
        let (url, transaction) = begun_with(Flow::Code, &parameters(&more).unwrap());
        let text = url.as_str();
        let pairs = pairs(&url);
        assert_eq!(pairs["login_hint"], "ann&bob@example.com");
        assert_eq!(pairs["prompt"], "create");
        assert_eq!(text.matches("prompt=").count(), 1, "{text}");
        assert!(!pairs.contains_key("audience"), "what is empty is left out: {text}");
        assert_eq!(pairs["max_age"], "90");
        assert_eq!(transaction.max_age, Some(Duration::from_secs(90)));
    }

    #[test]
    fn what_an_answer_is_judged_by_cannot_be_set() {
        for (name, _) in pairs(&begun(Flow::Code).0) {
            if !matches!(name.as_str(), "audience" | "prompt" | "tenant") {
                assert_eq!(parameters(&[(&name, "x")]), Err(ParameterError::Reserved(name.clone())));
            }
        }
        for name in ["response_mode", "id_token_hint", "request", "request_uri"] {
            assert_eq!(parameters(&[(name, "")]), Err(ParameterError::Reserved(name.to_owned())));
        }
        for soon in ["soon", "-1", "1.5", "4294967296"] {
            assert_eq!(parameters(&[("max_age", soon)]), Err(ParameterError::MaxAge), "{soon}");
        }
    }

    #[test]
    fn of_two_parameters_with_one_name_the_later_counts() {
        let configured = parameters(&[("ui_locales", "de"), ("organization", "one")]).unwrap();
        let both = configured.with(&parameters(&[("organization", "two"), ("organization", "three")]).unwrap());
        assert_eq!(
            (both.get("ui_locales").as_deref(), both.get("organization").as_deref()),
            (Some("de"), Some("three"))
        );
    }

    #[test]
    fn an_issuer_of_id_tokens_alone_is_asked_for_one() {
        let mut issuer = metadata();
        for (offered, asked) in [
            (vec![], "id_token token"),
            (vec!["code", "id_token"], "id_token"),
            (vec!["id_token", "token id_token"], "id_token token"),
            (vec!["code"], "id_token token"),
        ] {
            issuer.response_types_supported = offered.into_iter().map(str::to_owned).collect();
            assert_eq!(Flow::Implicit.response_type(&issuer), asked, "{:?}", issuer.response_types_supported);
            assert_eq!(Flow::Code.response_type(&issuer), "code");
        }
    }

    #[test]
    fn state_nonce_and_verifier_are_three_different_secrets() {
        let (_, transaction) = begun(Flow::Code);
        assert_ne!(transaction.state.secret(), transaction.nonce.secret());
        assert_ne!(transaction.nonce.secret(), transaction.code_verifier.secret());
    }

    #[test]
    fn a_transaction_survives_storage_and_goes_stale() {
        let (_, transaction) = begun(Flow::Code);
        let json = serde_json::to_string(&transaction).unwrap();
        assert_eq!(serde_json::from_str::<Transaction>(&json).unwrap(), transaction);
        assert!(!transaction.is_stale(UnixTime::from_seconds(1000 + 3600)));
        assert!(transaction.is_stale(UnixTime::from_seconds(1000 + 3601)));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let (_, transaction) = begun(Flow::Code);
        let text = format!("{transaction:?}");
        assert!(!text.contains(transaction.state.secret()) && !text.contains(transaction.code_verifier.secret()));
    }
}
