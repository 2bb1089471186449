//! Asking the issuer who the person is: with a token that is good, of the endpoint that it names, and of nobody else.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::issuer::Issuer;
use common::until;
use evergrant_browser::storage::Store;
use evergrant_browser::{NoAccessToken, NoUserInfo, Runtime};
use evergrant_core::config::{Config, StorageKind};
use evergrant_core::protocol::UserInfo;
use evergrant_core::protocol::metadata::MetadataError;
use evergrant_core::protocol::userinfo::UserInfoError;
use evergrant_core::session::{Failure, FailureClass};
use futures_util::future::join;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);

/// A session whose token has this long to live, in an app that calls no API.
fn signed_in(issuer: &Issuer, lifetime: Duration) -> Runtime {
    let config = Config { allowed_api_origins: Vec::new(), ..issuer.config("") };
    Store::open(StorageKind::Session, &config.client_id).save(&common::session(&config, lifetime));
    Runtime::start(config, |_| {})
}

/// With which tokens the endpoint was asked.
fn asked(issuer: &Issuer) -> Vec<String> {
    let token = |request: &String| request.strip_prefix("userinfo Bearer ")?.split(' ').next().map(str::to_owned);
    issuer.requests().iter().filter_map(token).collect()
}

async fn answered_by(client_id: &str, answer: &str) -> Result<UserInfo, NoUserInfo> {
    let issuer = Issuer::open(client_id).await;
    issuer.offers_userinfo(&format!("[{answer}]"));
    signed_in(&issuer, HOUR).user_info().await
}

#[wasm_bindgen_test]
async fn the_endpoint_that_the_issuer_names_is_asked_with_the_token_and_nothing_else() {
    let issuer = Issuer::open("user-info").await;
    issuer.offers_userinfo("[]");
    let person = signed_in(&issuer, HOUR).user_info().await.unwrap();
    assert_eq!((person.sub.as_str(), person.display_name()), ("tess", "Tess Tester"));
    let requests = issuer.requests();
    assert_eq!(requests, [".well-known/openid-configuration", "userinfo Bearer access omit no-store error"]);
}

#[wasm_bindgen_test]
async fn a_token_that_has_expired_is_renewed_first() {
    let issuer = Issuer::open("user-info-expired").await;
    issuer.offers_userinfo("[]");
    let person = signed_in(&issuer, Duration::ZERO).user_info().await.unwrap();
    assert_eq!(person.display_name(), "Tess Tester");
    assert_eq!(asked(&issuer), ["access-1"]);
}

#[wasm_bindgen_test]
async fn a_401_is_answered_by_one_renewal_and_one_more_try() {
    let issuer = Issuer::open("user-info-401").await;
    issuer.offers_userinfo(r#"[{"status":401}]"#);
    assert!(signed_in(&issuer, HOUR).user_info().await.is_ok());
    assert_eq!(asked(&issuer), ["access", "access-1"]);
}

#[wasm_bindgen_test]
async fn an_endpoint_that_refuses_new_tokens_as_well_is_not_asked_for_ever() {
    let issuer = Issuer::open("user-info-no-loop").await;
    let refused = r#"{"status":401,"body":"{\"error\":\"invalid_token\"}"}"#;
    issuer.offers_userinfo(&format!("[{refused},{refused},{refused}]"));
    let runtime = signed_in(&issuer, HOUR);
    for _ in 0..2 {
        let error = runtime.user_info().await.unwrap_err();
        assert!(matches!(error, NoUserInfo::UserInfo(UserInfoError::Refused(_))), "{error}");
        assert_eq!(error.class(), FailureClass::Misconfigured);
    }
    assert_eq!(asked(&issuer), ["access", "access-1", "access-1"]);
    assert!(runtime.current_access_token().is_some(), "the session goes on");
}

#[wasm_bindgen_test]
async fn nothing_is_used_of_what_is_said_of_somebody_else() {
    let other = answered_by("user-info-other", r#"{"body":"{\"sub\":\"robin\",\"name\":\"Robin\"}"}"#).await;
    assert_eq!(other.unwrap_err(), UserInfoError::OtherPerson.into());
}

#[wasm_bindgen_test]
async fn a_signed_answer_is_told_as_one() {
    let signed = answered_by("user-info-jwt", r#"{"type":"application/jwt","body":"e30.e30.AA"}"#).await;
    assert_eq!(signed.unwrap_err(), UserInfoError::Jwt.into());
}

#[wasm_bindgen_test]
async fn a_server_in_trouble_may_answer_later() {
    let busy = answered_by("user-info-busy", r#"{"status":503}"#).await.unwrap_err();
    assert!(matches!(busy, NoUserInfo::Failure(Failure::Busy { status: 503, .. })), "{busy}");
    assert_eq!(busy.class(), FailureClass::TryAgain);
}

#[wasm_bindgen_test]
async fn an_issuer_without_such_an_endpoint_is_told_from_one_that_fails() {
    let issuer = Issuer::open("user-info-none").await;
    let error = signed_in(&issuer, HOUR).user_info().await.unwrap_err();
    assert_eq!(error, Failure::NoEndpoint("UserInfo endpoint").into());
    assert_eq!(error.to_string(), "the issuer offers no UserInfo endpoint");
    assert_eq!(error.class(), FailureClass::Misconfigured);
}

#[wasm_bindgen_test]
async fn no_token_leaves_in_the_clear() {
    let issuer = Issuer::open("user-info-clear").await;
    issuer.announce(r#"{"userinfo_endpoint":"http://issuer.example/userinfo"}"#);
    let error = signed_in(&issuer, HOUR).user_info().await.unwrap_err();
    assert!(matches!(error, NoUserInfo::Failure(Failure::Metadata(MetadataError::NotHttps(_)))), "{error}");
}

#[wasm_bindgen_test]
async fn where_nobody_is_signed_in_nobody_is_asked() {
    let issuer = Issuer::open("user-info-nobody").await;
    issuer.offers_userinfo("[]");
    let error = Runtime::start(issuer.config(""), |_| {}).user_info().await.unwrap_err();
    assert_eq!(error, NoAccessToken::SignedOut.into());
    assert_eq!(error.class(), FailureClass::AskThePerson);
    assert_eq!(issuer.requests(), Vec::<String>::new());
}

#[wasm_bindgen_test]
async fn what_comes_after_a_sign_out_is_told_to_nobody() {
    let issuer = Issuer::open("user-info-late").await;
    issuer.offers_userinfo("[]");
    issuer.hold("userinfo");
    let runtime = signed_in(&issuer, HOUR);
    let meanwhile = async {
        until("it is asked", || !asked(&issuer).is_empty()).await;
        runtime.sign_out();
        issuer.release();
    };
    let (answer, ()) = join(runtime.user_info(), meanwhile).await;
    assert_eq!(answer.unwrap_err(), NoAccessToken::SignedOut.into());
}
