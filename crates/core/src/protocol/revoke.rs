//! Revoking a token at sign-out (RFC 7009).

use super::names::{ClientId, RefreshToken};
use super::params;

/// The body that revokes a refresh token (§2.1). A public client names itself; it has no secret to prove it.
pub fn refresh_token(client_id: &ClientId, token: &RefreshToken) -> String {
    params::encode([("token", token.secret()), ("token_type_hint", "refresh_token"), ("client_id", client_id.as_str())])
}

/// The body that revokes the refresh token in the cookie that travels with it, which this client cannot read.
pub fn refresh_cookie(client_id: &ClientId) -> String {
    params::encode([("client_id", client_id.as_str())])
}

/// Whether the server has revoked the token, or never knew it: both are 200 (§2.2).
pub fn judge(status: u16) -> bool {
    status == 200
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_names_the_token_its_kind_and_the_client() {
        let body = refresh_token(&ClientId::new("app"), &RefreshToken::new("r&1"));
        assert_eq!(body, "token=r%261&token_type_hint=refresh_token&client_id=app");
    }

    #[test]
    fn only_200_is_an_answer() {
        assert!(judge(200));
        assert!(!judge(503) && !judge(400));
    }
}
