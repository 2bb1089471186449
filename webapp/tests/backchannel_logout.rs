//! `POST /backchannel-logout`: what the issuer ends there is over here, and nobody else can end anything.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use evergrant_core::protocol::ClientId;
use evergrant_core::protocol::jwt::{Algorithm, Header, Unverified, compact, signing_input};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, World};

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new();
    let begun = browser.get(&format!("{}/sign-in", world.web_app)).await;
    let page = browser.follow(begun, "").await;
    assert_eq!(browser.submit(&page, |_| ()).await.status, 303);
    browser
}

async fn is_signed_in(world: &World, browser: &Browser) -> bool {
    let home = browser.get(&world.web_app).await.body;
    assert!(home.contains("Signed in as") || home.contains("You were signed out"), "{home}");
    home.contains("Signed in as")
}

async fn on_account_page(world: &World, browser: &Browser, name: &str, value: &str) {
    let account = format!("{}/account", world.issuer);
    let form_token = browser.get(&account).await.field("form_token").unwrap();
    browser.post(&format!("{account}/sign-out"), &[("form_token", &form_token), (name, value)]).await;
}

async fn everywhere(world: &World, browser: &Browser) {
    on_account_page(world, browser, "everywhere", "yes").await;
    world.provider.send_logout_tokens().await.unwrap();
}

async fn post(world: &World, token: &str) -> Answer {
    let url = format!("{}/backchannel-logout", world.web_app);
    let answer = Browser::new().post(&url, &[("logout_token", token)]).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer
}

/// The issuer's name for Tess' only session: `/account` lists it.
async fn sid(world: &World, browser: &Browser) -> String {
    browser.get(&format!("{}/account", world.issuer)).await.field("browser").unwrap()
}

fn claims(world: &World, sid: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({
        "iss": format!("{}/", world.issuer), "aud": "testclient", "sub": "user|1f0c7d52", "sid": sid,
        "iat": now, "exp": now + 120, "jti": format!("{sid} {now}"),
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    })
}

fn changed(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    if claims[name].is_null() {
        claims.as_object_mut().unwrap().remove(name);
    }
    claims
}

/// Signed by the issuer itself, with the key it has for the web app.
fn signed(world: &World, typ: &str, claims: &Value) -> String {
    let provider = &world.provider;
    let client = provider.config.client(&ClientId::new("testclient")).unwrap();
    provider.keys.sign(client, Algorithm::Es256, typ, claims, provider.clock.now()).unwrap()
}

#[tokio::test]
async fn who_signs_out_of_all_devices_at_the_issuer_is_signed_out_here_and_told_so() {
    let world = World::start().await;
    let (laptop, phone, robins) = (signed_in(&world).await, signed_in(&world).await, Browser::new());
    everywhere(&world, &laptop).await;
    for browser in [&laptop, &phone] {
        let home = browser.get(&world.web_app).await;
        assert!(home.body.contains("You were signed out") && home.body.contains("of all devices"), "{}", home.body);
        let expenses = browser.get(&format!("{}/expenses", world.web_app)).await;
        assert_eq!(expenses.status, 401);
        assert!(expenses.body.contains("You were signed out"), "{}", expenses.body);
    }
    assert!(robins.get(&world.web_app).await.body.contains("Nobody is signed in"), "one who never was is told nothing");
    // And again, in one that was ended.
    let begun = laptop.get(&format!("{}/sign-in", world.web_app)).await;
    let page = laptop.follow(begun, "").await;
    assert_eq!(laptop.submit(&page, |_| ()).await.status, 303);
    assert!(is_signed_in(&world, &laptop).await && !is_signed_in(&world, &phone).await);
}

#[tokio::test]
async fn one_device_that_is_signed_out_is_the_only_one() {
    let world = World::start().await;
    let laptop = signed_in(&world).await;
    let on_laptop = sid(&world, &laptop).await;
    let phone = signed_in(&world).await;
    on_account_page(&world, &phone, "browser", &on_laptop).await;
    world.provider.send_logout_tokens().await.unwrap();
    assert!(!is_signed_in(&world, &laptop).await && is_signed_in(&world, &phone).await);
}

/// Another application that sends its person to the issuer's sign-out page.
#[tokio::test]
async fn a_sign_out_in_another_app_is_one_here_and_takes_the_refresh_token_back() {
    let world = World::start().await;
    let browser = signed_in(&world).await;
    browser.get(&format!("{}/v2/logout?client_id=evergrant-app", world.issuer)).await;
    world.provider.send_logout_tokens().await.unwrap();
    assert!(!is_signed_in(&world, &browser).await);
    let metrics = format!("{}/metrics", world.issuer);
    let taken_back = "evergrant_requests_total{route=\"/oauth/revoke\",status=\"200\"} 1";
    let began = std::time::Instant::now();
    while !browser.get(&metrics).await.body.contains(taken_back) {
        assert!(began.elapsed().as_secs() < 30, "the refresh token that nobody has any more is still good");
    }
}

/// One of another kind of issuer, which says no more than who.
#[tokio::test]
async fn without_a_session_the_person_is_signed_out_everywhere() {
    let world = World::start().await;
    let (laptop, phone) = (signed_in(&world).await, signed_in(&world).await);
    let without = changed(&claims(&world, "any"), "sid", Value::Null);
    let roberts = changed(&without, "sub", json!("user|9a64be03"));
    assert_eq!(post(&world, &signed(&world, "JWT", &roberts)).await.status, 200, "who has no session here");
    assert!(is_signed_in(&world, &laptop).await);
    let other_jti = changed(&without, "jti", json!("another"));
    assert_eq!(post(&world, &signed(&world, "logout+jwt", &other_jti)).await.status, 200);
    assert!(!is_signed_in(&world, &laptop).await && !is_signed_in(&world, &phone).await);
}

#[tokio::test]
async fn a_token_that_breaks_a_rule_ends_nothing() {
    let world = World::start().await;
    let browser = signed_in(&world).await;
    let good = claims(&world, &sid(&world, &browser).await);
    let iat = good["iat"].as_u64().unwrap();
    let with = |name: &str, value: Value| signed(&world, "logout+jwt", &changed(&good, name, value));
    let mut without_anybody = changed(&good, "sub", Value::Null);
    without_anybody = changed(&without_anybody, "sid", Value::Null);
    for (token, reason) in [
        (with("iss", json!("https://other.example/")), "another issuer"),
        (with("aud", json!("evergrant-app")), "another client"),
        (with("aud", json!(["testclient", "evergrant-app"])), "another client"),
        (with("aud", json!([])), "another client"),
        (with("exp", json!(iat - 61)), "expired"),
        (with("exp", Value::Null), "cannot be read"),
        (with("iat", json!(iat + 300)), "in the future"),
        (with("events", json!({})), "event"),
        (with("events", json!({ "http://schemas.openid.net/event/backchannel-logout": true })), "event"),
        (with("events", Value::Null), "event"),
        (with("nonce", json!("n")), "nonce"),
        (with("nonce", json!("")), "nonce"),
        (with("jti", Value::Null), "cannot be read"),
        (signed(&world, "logout+jwt", &without_anybody), "neither sub nor sid"),
        (signed(&world, "at+jwt", &good), "another type"),
        ("eyJ".to_owned(), "cannot be read"),
    ] {
        let answer = post(&world, &token).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_request")), "{reason}");
        assert!(answer.json()["error_description"].as_str().unwrap().contains(reason), "{reason}: {}", answer.body);
        assert!(is_signed_in(&world, &browser).await, "{reason}");
    }
    let url = format!("{}/backchannel-logout", world.web_app);
    let empty = Browser::new().send(Method::POST, &url, &[], Some(String::new())).await;
    assert_eq!((empty.status, empty.header("cache-control")), (400, Some("no-store")));
    // It was none of the rest.
    assert_eq!(post(&world, &signed(&world, "logout+jwt", &good)).await.status, 200);
    assert!(!is_signed_in(&world, &browser).await);
}

#[tokio::test]
async fn a_token_that_is_not_the_issuers_ends_nothing() {
    let world = World::start().await;
    let browser = signed_in(&world).await;
    let good = claims(&world, &sid(&world, &browser).await);
    let own = signed(&world, "logout+jwt", &good);
    let kid = Unverified::parse(&own).unwrap().header.kid;
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let forged = |alg: &str, kid: Option<String>, sign: &dyn Fn(&str) -> Vec<u8>| {
        let header = Header { alg: alg.to_owned(), kid, typ: Some("logout+jwt".to_owned()), crit: None };
        let input = signing_input(&header, &good).unwrap();
        let signature = sign(&input);
        compact(input, &signature)
    };
    let by_another = |input: &str| pair.sign(&random, input.as_bytes()).unwrap().as_ref().to_vec();
    let nothing = |_: &str| Vec::new();
    let (head, signature) = own.rsplit_once('.').unwrap();
    for (token, reason) in [
        (forged("ES256", kid.clone(), &by_another), "signature is wrong"),
        (forged("ES256", Some("made-up".to_owned()), &by_another), "cannot be checked"),
        (forged("none", kid.clone(), &nothing), "algorithm"),
        (forged("none", None, &nothing), "algorithm"),
        (forged("HS256", kid, &by_another), "algorithm"),
        (format!("{head}."), "signature is wrong"),
        (format!("{}.{signature}", signed(&world, "JWT", &good).rsplit_once('.').unwrap().0), "signature is wrong"),
    ] {
        let answer = post(&world, &token).await;
        assert_eq!(answer.status, 400, "{reason}");
        assert!(answer.body.contains(reason), "{reason}: {}", answer.body);
    }
    assert!(is_signed_in(&world, &browser).await);
}

/// The person has signed in again since.
#[tokio::test]
async fn a_logout_token_counts_once() {
    let world = World::start().await;
    let browser = signed_in(&world).await;
    let sid = sid(&world, &browser).await;
    let token = signed(&world, "logout+jwt", &changed(&claims(&world, &sid), "sid", Value::Null));
    assert_eq!(post(&world, &token).await.status, 200);
    let begun = browser.get(&format!("{}/sign-in", world.web_app)).await;
    let page = browser.follow(begun, "").await;
    browser.submit(&page, |_| ()).await;
    let answer = post(&world, &token).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("came before (jti)"), "{}", answer.body);
    assert!(is_signed_in(&world, &browser).await);
}

/// Each would otherwise be a request to the issuer.
#[tokio::test]
async fn tokens_of_unknown_keys_do_not_have_the_issuer_asked_each_time() {
    let world = World::start().await;
    let browser = signed_in(&world).await;
    let asked = async || {
        let metrics = browser.get(&format!("{}/metrics", world.issuer)).await.body;
        let name = "evergrant_requests_total{route=\"/.well-known/jwks.json\",status=\"200\"} ";
        metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap().parse::<u64>().unwrap()
    };
    let before = asked().await;
    let header = Header { alg: "ES256".to_owned(), kid: Some("made-up".to_owned()), typ: None, crit: None };
    let token = compact(signing_input(&header, &claims(&world, "any")).unwrap(), &[0; 64]);
    let began = std::time::Instant::now();
    for _ in 0..20 {
        assert_eq!(post(&world, &token).await.status, 400);
    }
    let most = 1 + began.elapsed().as_secs() / 5;
    assert!(asked().await - before <= most);
}

/// 400 would be the last word.
#[tokio::test]
async fn a_token_that_cannot_be_judged_now_may_come_again() {
    let world = World::start().await;
    let token = signed(&world, "logout+jwt", &claims(&world, "any"));
    world.kill_issuer().await;
    assert_eq!(post(&world, &token).await.status, 503);
}
