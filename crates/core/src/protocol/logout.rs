//! Ending the issuer's session as well (OpenID Connect RP-Initiated Logout 1.0).

use super::authorize::AuthorizationParameters;
use super::metadata::ProviderMetadata;
use super::names::{ClientId, IdToken, State};
use super::params::{self, Params};
use crate::address::Address;

/// What every sign-out says by itself.
pub(crate) const PARAMETERS: &str = "client_id id_token_hint post_logout_redirect_uri state";

/// What a sign-out says to the issuer (RP-Initiated Logout §2).
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequest<'a> {
    /// This client.
    pub client_id: &'a ClientId,
    /// Who signs out; RECOMMENDED, and what lets the issuer end the session without asking.
    pub id_token_hint: Option<&'a IdToken>,
    /// Where the person comes back to; registered at the issuer, to the letter.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// Comes back unchanged.
    pub state: Option<&'a State>,
    /// What else it says: `logout_hint`, `ui_locales`, or what this issuer alone knows.
    pub parameters: &'a AuthorizationParameters,
}

/// The address that ends the issuer's session; `None` when the issuer offers none.
pub fn end_session_url(metadata: &ProviderMetadata, request: &LogoutRequest<'_>) -> Option<Address> {
    let endpoint = metadata.end_session_endpoint.as_ref()?;
    let parameters = [
        ("client_id", Some(request.client_id.as_str())),
        ("id_token_hint", request.id_token_hint.map(IdToken::secret)),
        ("post_logout_redirect_uri", request.post_logout_redirect_uri),
        ("state", request.post_logout_redirect_uri.and(request.state).map(State::secret)),
    ];
    let mut query = params::encode(parameters.into_iter().filter_map(|(name, value)| Some((name, value?))));
    request.parameters.send(&mut query);
    Some(endpoint.with_query(&query))
}

/// Whether an arrival at the post-logout address answers the sign-out that sent `state` (§3).
pub fn judge(params: &Params, state: &State) -> bool {
    params.filled("state") == Some(state.secret())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::protocol::authorize::tests::metadata;

    #[test]
    fn the_address_carries_the_hint_and_the_way_back() {
        let id_token = IdToken::new("i.d.t");
        let request = LogoutRequest {
            client_id: &ClientId::new("app"),
            id_token_hint: Some(&id_token),
            post_logout_redirect_uri: Some("https://app.example/"),
            state: Some(&State::new("s")),
            parameters: &AuthorizationParameters::new([("ui_locales", "de"), ("logout_uri", "https://app.example/")])
                .unwrap(),
        };
        assert_eq!(
            end_session_url(&metadata(), &request).unwrap().as_str(),
            "https://issuer.example/logout?client_id=app&id_token_hint=i.d.t\
             &post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F&state=s\
             &ui_locales=de&logout_uri=https%3A%2F%2Fapp.example%2F"
        );
    }

    #[test]
    fn an_issuer_without_the_endpoint_is_left_alone() {
        let mut metadata = metadata();
        metadata.end_session_endpoint = None;
        let request = LogoutRequest {
            client_id: &ClientId::new("app"),
            id_token_hint: None,
            post_logout_redirect_uri: None,
            state: None,
            parameters: &AuthorizationParameters::default(),
        };
        assert_eq!(end_session_url(&metadata, &request), None);
    }

    #[test]
    fn another_state_is_not_our_sign_out() {
        let state = State::new("s");
        for (query, ours) in [("state=s", true), ("state=t", false), ("", false)] {
            assert_eq!(judge(&Params::parse(query).unwrap(), &state), ours, "{query}");
        }
    }
}
