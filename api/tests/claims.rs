//! What a token says beyond the protocol: roles, for example.

use std::sync::Arc;

use axum::extract::FromRequestParts as _;
use axum::http::Request;
use evergrant_api::{AnyScope, Bearer, Verifier};
use evergrant_core::protocol::jwt::JwtError;
use serde::Deserialize;

use crate::support::{API, Api, Issuer, access_token};

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Rights {
    sub: String,
    roles: Vec<String>,
}

/// A handler saw the claims of the protocol alone.
#[tokio::test]
async fn an_api_could_not_read_the_roles_in_a_token() {
    let roles = r#"roles = ["approver"]"#.parse::<toml::Table>().unwrap();
    let issuer = Issuer::changed(|config| config.users[0].access_token_claims = roles.try_into().unwrap()).await;
    let verifier = Arc::new(Verifier::follow(Api::settings(&issuer.identifier)).unwrap());
    let presented = async |token: &str| {
        let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(()).unwrap();
        Bearer::<AnyScope>::from_request_parts(&mut request.into_parts().0, &verifier).await.unwrap()
    };
    let fields = [("grant_type", "password"), ("username", "test"), ("password", "test"), ("audience", API)];
    let persons = access_token(&issuer.tokens(&fields).await);
    // The second time it is known, and not verified again.
    for _ in 0..2 {
        let token = presented(persons.secret()).await;
        let expected = Rights { sub: token.claims.sub.to_string(), roles: vec!["approver".to_owned()] };
        assert_eq!(token.all_claims::<Rights>().unwrap(), expected);
        assert!(!format!("{token:?}").contains(persons.secret()));
    }
    let clients = presented(issuer.token().await.secret()).await;
    assert!(matches!(clients.all_claims::<Rights>(), Err(JwtError::Claims(_))), "it has no roles");
}
