//! What an issuer lacks for an app in a browser that signs people in by code and PKCE, as far as its metadata tells.

use super::ProviderMetadata;

/// Something that is missing, most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Shortcoming {
    /// `response_types_supported` has no `code`, or there is no token endpoint to redeem one.
    #[error("This issuer does not offer the authorization code flow, which this app signs in by.")]
    NoCodeFlow,
    /// It names PKCE methods, and `S256` is not among them.
    #[error("This issuer does not support PKCE with S256, which protects the code on its way.")]
    NoS256,
    /// Its ID tokens are signed in no way that is accepted here.
    #[error("This issuer signs ID tokens in no way that this app can check (ES256, RS256 and their kin).")]
    NoSignature,
    /// It takes pushed authorization requests alone (RFC 9126).
    #[error("This issuer wants every request pushed to it beforehand (PAR), which this app does not do.")]
    PushedRequestsOnly,
    /// It takes signed authorization requests alone (RFC 9101).
    #[error("This issuer wants every request signed by the app, which an app in a browser has no secret for.")]
    SignedRequestsOnly,
    /// It names no PKCE methods, as some that support them do not.
    #[error("It does not say whether it supports PKCE. Many that do not say so do.")]
    SilentAboutPkce,
    /// It has no end-session endpoint.
    #[error("It has no address to sign out at: signing out will end the session here, and not at the issuer.")]
    NoSignOut,
}

impl Shortcoming {
    /// Whether nobody can sign in, or not safely.
    pub fn is_fatal(self) -> bool {
        self < Self::SilentAboutPkce
    }
}

impl ProviderMetadata {
    /// What is missing, most serious first.
    pub fn shortcomings(&self) -> Vec<Shortcoming> {
        let offers_code = self.response_types_supported.iter().any(|kind| kind == "code");
        let methods = &self.code_challenge_methods_supported;
        let seen = [
            (!offers_code || self.token_endpoint.is_none(), Shortcoming::NoCodeFlow),
            (!methods.is_empty() && !methods.iter().any(|method| method == "S256"), Shortcoming::NoS256),
            (self.signing_algorithms().is_empty(), Shortcoming::NoSignature),
            (self.require_pushed_authorization_requests, Shortcoming::PushedRequestsOnly),
            (self.require_signed_request_object, Shortcoming::SignedRequestsOnly),
            (methods.is_empty(), Shortcoming::SilentAboutPkce),
            (self.end_session_endpoint.is_none(), Shortcoming::NoSignOut),
        ];
        seen.into_iter().filter_map(|(is_so, shortcoming)| is_so.then_some(shortcoming)).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use Shortcoming::{
        NoCodeFlow, NoS256, NoSignOut, NoSignature, PushedRequestsOnly, SignedRequestsOnly, SilentAboutPkce,
    };

    use super::*;
    use crate::protocol::Issuer;
    use crate::protocol::metadata::judge;

    fn shortcomings(members: &str) -> Vec<Shortcoming> {
        let document = format!(
            r#"{{"issuer":"https://i.example","authorization_endpoint":"https://i.example/a","jwks_uri":"https://i.example/k"{members}}}"#
        );
        judge(&Issuer::new("https://i.example"), 200, document.as_bytes()).unwrap().shortcomings()
    }

    const CODE: &str = r#","token_endpoint":"https://i.example/t","response_types_supported":["id_token","code"]"#;
    const END: &str = r#","end_session_endpoint":"https://i.example/e""#;

    #[test]
    fn an_issuer_that_offers_everything_lacks_nothing() {
        let all = format!(r#"{CODE}{END},"code_challenge_methods_supported":["plain","S256"]"#);
        assert_eq!(shortcomings(&all), []);
    }

    #[test]
    fn what_is_missing_is_named_and_the_serious_comes_first() {
        assert_eq!(shortcomings(""), [NoCodeFlow, SilentAboutPkce, NoSignOut]);
        assert_eq!(shortcomings(&format!("{CODE}{END}")), [SilentAboutPkce]);
        let plain = format!(r#"{CODE},"code_challenge_methods_supported":["plain"]"#);
        assert_eq!(shortcomings(&plain), [NoS256, NoSignOut]);
        let symmetric = format!(r#"{CODE}{END},"id_token_signing_alg_values_supported":["HS256"]"#);
        assert_eq!(shortcomings(&symmetric), [NoSignature, SilentAboutPkce]);
        let pushed = format!(r#"{CODE}{END},"require_pushed_authorization_requests":true"#);
        assert_eq!(shortcomings(&pushed), [PushedRequestsOnly, SilentAboutPkce]);
        let signed = format!(r#"{CODE}{END},"require_signed_request_object":true"#);
        assert_eq!(shortcomings(&signed), [SignedRequestsOnly, SilentAboutPkce]);
        let implicit = r#","response_types_supported":["id_token token"],"code_challenge_methods_supported":["S256"]"#;
        assert_eq!(shortcomings(&format!("{implicit}{END}")), [NoCodeFlow]);
    }

    #[test]
    fn only_what_keeps_people_from_signing_in_safely_is_fatal() {
        let fatal = [NoCodeFlow, NoS256, NoSignature, PushedRequestsOnly, SignedRequestsOnly];
        assert!(fatal.into_iter().all(Shortcoming::is_fatal));
        assert!(![SilentAboutPkce, NoSignOut].into_iter().any(Shortcoming::is_fatal));
    }
}
