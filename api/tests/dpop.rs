//! Tokens that are bound to a key (RFC 9449 §7): whom they serve, and what everybody else is told.

use std::sync::Arc;

use evergrant_core::protocol::AccessToken;
use evergrant_core::protocol::challenge::Challenge;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Answer, Api, Issuer, TestKey};

const ALGS: &str = "algs=\"ES256 EdDSA PS256 RS256\"";

async fn get(api: &Api, path: &str, token: &AccessToken, proofs: &[&str]) -> Answer {
    let authorization = format!("DPoP {}", token.secret());
    let proofs = proofs.iter().map(|proof| ("dpop", *proof));
    let headers: Vec<_> = [("authorization", authorization.as_str())].into_iter().chain(proofs).collect();
    api.get(path, &headers).await
}

fn assert_refused(answer: &Answer, error: &str, why: &str) {
    assert_eq!((answer.status, &answer.json()["error"]), (401, &error.into()), "{why}");
    assert!(!answer.description().is_empty());
    let challenges = answer.challenges();
    let named = format!("DPoP realm=\"http://localhost:3002/\", error=\"{error}\"");
    assert!(challenges[0].starts_with(&named) && challenges[0].ends_with(ALGS), "{challenges:?}");
    assert_eq!(challenges[1..], ["Bearer realm=\"http://localhost:3002/\""]);
}

#[tokio::test]
async fn a_bound_token_serves_who_has_its_key_and_nobody_else() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let (key, thief) = (TestKey::new("key"), TestKey::new("thief"));
    let token = issuer.bound_token(&key).await;
    let url = format!("{}/read", api.url);
    let proof = || key.proof("GET", &url, Some(&token));
    for _ in 0..2 {
        assert_eq!(get(&api, "/read", &token, &[&proof()]).await.status, 200);
    }
    let with_a_query = get(&api, "/read?a=b", &token, &[&proof()]).await;
    assert_eq!((with_a_query.status, with_a_query.body.as_str()), (200, "testclient"));

    let as_bearer = api.read(&token).await;
    assert_refused(&as_bearer, "invalid_token", "as Bearer");
    let (one, two, spent) = (proof(), proof(), proof());
    assert_eq!(get(&api, "/read", &token, &[&spent]).await.status, 200);
    for (why, proofs) in [
        ("none", &[][..]),
        ("two", &[one.as_str(), &two]),
        ("no JWT", &["a.b.c"]),
        ("that came before", &[&spent]),
        ("for another method", &[&key.proof("POST", &url, Some(&token))]),
        ("for another path", &[&key.proof("GET", &format!("{}/any", api.url), Some(&token))]),
        ("for another host", &[&key.proof("GET", "http://other.example/read", Some(&token))]),
        ("with no token", &[&key.proof("GET", &url, None)]),
        ("with another token", &[&key.proof("GET", &url, Some(&AccessToken::new("other")))]),
    ] {
        assert_refused(&get(&api, "/read", &token, proofs).await, "invalid_dpop_proof", why);
    }
    let by_another = thief.proof("GET", &url, Some(&token));
    assert_refused(&get(&api, "/read", &token, &[&by_another]).await, "invalid_token", "by another key");
    // None of it took anything from who has the key.
    assert_eq!(get(&api, "/read", &token, &[&proof()]).await.status, 200);
}

#[tokio::test]
async fn a_thief_who_came_first_with_a_token_that_was_never_seen_gets_nothing() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let (key, thief) = (TestKey::new("key"), TestKey::new("thief"));
    let token = issuer.bound_token(&key).await;
    let url = format!("{}/read", api.url);
    for _ in 0..2 {
        assert_refused(&api.read(&token).await, "invalid_token", "as Bearer");
        let by_another = thief.proof("GET", &url, Some(&token));
        assert_refused(&get(&api, "/read", &token, &[&by_another]).await, "invalid_token", "by another key");
    }
    assert_eq!(get(&api, "/read", &token, &[&key.proof("GET", &url, Some(&token))]).await.status, 200);
}

#[tokio::test]
async fn a_token_that_is_bound_to_no_key_is_not_taken_as_dpop() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let (key, token) = (TestKey::new("key"), issuer.token().await);
    let proof = key.proof("GET", &format!("{}/read", api.url), Some(&token));
    assert_refused(&get(&api, "/read", &token, &[&proof]).await, "invalid_token", "unbound");
    assert_eq!(api.read(&token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_uses_of_one_proof_at_once_one_counts() {
    let issuer = Issuer::start().await;
    let api = Arc::new(Api::following(&issuer).await);
    let key = TestKey::new("key");
    let token = issuer.bound_token(&key).await;
    let proof = key.proof("GET", &format!("{}/read", api.url), Some(&token));
    let mut uses = JoinSet::new();
    for _ in 0..50 {
        let (api, token, proof) = (Arc::clone(&api), token.clone(), proof.clone());
        uses.spawn(async move { get(&api, "/read", &token, &[&proof]).await.status });
    }
    let answers = uses.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_proof_is_for_the_whole_path_also_where_routers_are_nested() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let key = TestKey::new("key");
    let token = issuer.bound_token(&key).await;
    for (path, status) in [("/nested/any", 200), ("/any", 401)] {
        let proof = key.proof("GET", &format!("{}{path}", api.url), Some(&token));
        assert_eq!(get(&api, "/nested/any", &token, &[&proof]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn behind_a_proxy_the_address_is_the_configured_one_or_that_of_the_host() {
    let issuer = Issuer::start().await;
    let key = TestKey::new("key");
    let token = issuer.bound_token(&key).await;
    let mut settings = Api::settings(&issuer.identifier);
    settings.public_origins = vec!["https://api.example".parse().unwrap(), "https://www.example".parse().unwrap()];
    let (configured, any) = (Api::with(settings).await, Api::following(&issuer).await);
    let outside = key.proof("GET", "https://www.example/read", Some(&token));
    assert_eq!(get(&configured, "/read", &token, &[&outside]).await.status, 200);
    let inside = key.proof("GET", &format!("{}/read", configured.url), Some(&token));
    let refused = get(&configured, "/read", &token, &[&inside]).await;
    assert_refused(&refused, "invalid_dpop_proof", "the address inside");
    assert!(
        refused.description().contains("https://api.example/read"),
        "it says where it is reached: {}",
        refused.body
    );

    let authorization = format!("DPoP {}", token.secret());
    let outside = key.proof("GET", "https://api.example/read", Some(&token));
    let headers = [("authorization", authorization.as_str()), ("dpop", &outside), ("host", "api.example")];
    assert_eq!(any.get("/read", &headers).await.status, 200);
    let outside = key.proof("GET", "https://api.example/read", Some(&token));
    let headers = [("authorization", authorization.as_str()), ("dpop", &outside), ("host", "other.example")];
    assert_refused(&any.get("/read", &headers).await, "invalid_dpop_proof", "another host");
}

#[tokio::test]
async fn both_schemes_are_named_to_who_presents_nothing_and_what_is_not_enough_is_said_in_the_one_that_was_used() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let realm = "realm=\"http://localhost:3002/\"";
    let nothing = api.get("/read", &[]).await;
    assert_eq!(nothing.challenges(), [format!("Bearer {realm}"), format!("DPoP {realm}, {ALGS}")]);
    assert_eq!(Challenge::find(&nothing.challenges().join(", ")).unwrap().error, None);

    let key = TestKey::new("key");
    let token = issuer.bound_token(&key).await;
    let proof = |path: &str| key.proof("GET", &format!("{}{path}", api.url), Some(&token));
    let answer = get(&api, "/write", &token, &[&proof("/write")]).await;
    assert_eq!((answer.status, &answer.json()["error"]), (403, &"insufficient_scope".into()));
    let [challenge] = answer.challenges()[..] else { panic!("{answer:?}") };
    assert!(
        challenge.starts_with("DPoP ") && challenge.contains("scope=\"read:reports write:reports\""),
        "{challenge}"
    );
    let doubled = format!("DPoP {}", token.secret());
    let both = [("authorization", doubled.as_str()), ("authorization", &doubled)];
    assert_eq!(api.get("/read", &both).await.status, 400);
}

#[tokio::test]
async fn a_proof_is_of_this_minute_and_no_answer_quotes_it() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let key = TestKey::new("key");
    let token = issuer.bound_token(&key).await;
    let now = evergrant_native::now().as_seconds();
    for (ago, status) in [(-50, 200), (50, 200), (70, 401), (-70, 401)] {
        let ath = evergrant_core::protocol::dpop::hash(&token);
        let claims = json!({ "jti": format!("of {ago}"), "htm": "GET", "htu": format!("{}/any", api.url), "iat": now - ago, "ath": ath });
        let proof = key.signed_proof(&claims);
        let answer = get(&api, "/any", &token, &[&proof]).await;
        assert_eq!(answer.status, status, "{ago}: {}", answer.body);
        assert!(!answer.body.contains(&proof) && !answer.body.contains(token.secret()));
    }
}

#[tokio::test]
async fn pages_may_send_proofs() {
    let issuer = Issuer::start().await;
    let api = Api::following(&issuer).await;
    let asked = [
        ("origin", "http://localhost:8080"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "authorization,dpop"),
    ];
    let preflight = api.send(Method::OPTIONS, "/read", &asked).await;
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("dpop"));
}
