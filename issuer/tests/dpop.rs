//! DPoP (RFC 9449): which tokens are bound to which key, and what is refused to who has not shown it.

use std::sync::Arc;
use std::time::Duration;

use evergrant_issuer::{Config, SqliteStore};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::refresh::{assert_refused, text};
use crate::support::{Answer, App, Browser, CALLBACK, Device, ProofKey, Server, VERIFIER, claims, config};

const CODE: [(&str, &str); 4] = [
    ("grant_type", "authorization_code"),
    ("client_id", "app"),
    ("code_verifier", VERIFIER),
    ("redirect_uri", CALLBACK),
];

const SERVER: [(&str, &str); 2] = [("client_id", "server"), ("client_secret", "s3cret")];

async fn redeem(browser: &Browser, code: &str, proofs: &[&str]) -> Answer {
    ask(browser, &[&CODE[..], &[("code", code)]].concat(), proofs).await
}

async fn refresh(browser: &Browser, tokens: &Value, proofs: &[&str]) -> Answer {
    let refresh_token = text(tokens, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &refresh_token)];
    ask(browser, &fields, proofs).await
}

async fn ask(browser: &Browser, fields: &[(&str, &str)], proofs: &[&str]) -> Answer {
    let headers: Vec<_> = proofs.iter().map(|proof| ("dpop", *proof)).collect();
    browser.post_with("/oauth/token", fields, &headers).await
}

/// Tokens of `app` that are bound to `key`.
async fn bound(server: &Server, browser: &Browser, key: &ProofKey) -> Value {
    let code = App::offline("app").fresh_code(browser).await;
    let answer = redeem(browser, &code, &[&key.proof(server)]).await;
    assert_bound(&answer, key);
    answer.json()
}

fn assert_bound(answer: &Answer, key: &ProofKey) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(claims(&text(&tokens, "access_token"))["cnf"], json!({ "jkt": key.thumbprint() }));
    assert_eq!(answer.header("dpop-nonce"), None);
}

#[tokio::test]
async fn every_grant_brings_a_token_that_is_bound_to_the_key_of_the_proof() {
    let server = Server::start().await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let tokens = bound(&server, &browser, &key).await;
    assert_bound(&refresh(&browser, &tokens, &[&key.proof(&server)]).await, &key);
    for grant in [
        &[("grant_type", "client_credentials"), ("audience", "https://api.example/")][..],
        &[("grant_type", "password"), ("username", "ann"), ("password", "open sesame"), ("scope", "openid")],
    ] {
        assert_bound(&ask(&browser, &[&SERVER, grant].concat(), &[&key.proof(&server)]).await, &key);
        let unbound = ask(&browser, &[&SERVER, grant].concat(), &[]).await.json();
        assert_eq!(unbound["token_type"], "Bearer");
        assert_eq!(claims(&text(&unbound, "access_token")).get("cnf"), None);
    }
    let device = Device::start(&browser).await;
    device.allow(&browser, "ann").await;
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "tv"),
        ("device_code", &device.device_code),
    ];
    assert_bound(&ask(&browser, &fields, &[&key.proof(&server)]).await, &key);
}

#[tokio::test]
async fn a_stolen_refresh_token_is_worth_nothing_without_the_key_and_its_family_goes_on() {
    let server = Server::start().await;
    let (browser, key, thief) = (Browser::of(&server), ProofKey::new(), ProofKey::new());
    let first = bound(&server, &browser, &key).await;
    let second = refresh(&browser, &first, &[&key.proof(&server)]).await.json();
    server.clock.advance(Duration::from_secs(60));
    // The good one, and one that would end its family as a replay.
    for stolen in [&second, &first] {
        assert_refused(&refresh(&browser, stolen, &[]).await, "invalid_dpop_proof");
        assert_refused(&refresh(&browser, stolen, &[&thief.proof(&server)]).await, "invalid_grant");
    }
    let third = refresh(&browser, &second, &[&key.proof(&server)]).await;
    assert_bound(&third, &key);
    assert_refused(&refresh(&browser, &first, &[&key.proof(&server)]).await, "invalid_grant");
    assert_refused(&refresh(&browser, &third.json(), &[&key.proof(&server)]).await, "invalid_grant");
}

/// RFC 7009 knows of no proof, and signing out must not depend on a key that may be lost.
#[tokio::test]
async fn signing_out_takes_no_proof() {
    let server = Server::start().await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let tokens = bound(&server, &browser, &key).await;
    let fields = [("client_id", "app"), ("token", &text(&tokens, "refresh_token"))];
    assert_eq!(browser.post_with("/oauth/revoke", &fields, &[]).await.status, 200);
    assert_refused(&refresh(&browser, &tokens, &[&key.proof(&server)]).await, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_without_a_key_gets_one_with_the_first_proof() {
    let server = Server::start().await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let tokens = App::offline("app").tokens(&browser).await;
    let answer = refresh(&browser, &tokens, &[&key.proof(&server)]).await;
    assert_bound(&answer, &key);
    assert_refused(&refresh(&browser, &answer.json(), &[]).await, "invalid_dpop_proof");
    assert_bound(&refresh(&browser, &answer.json(), &[&key.proof(&server)]).await, &key);
}

#[tokio::test]
async fn that_of_a_confidential_client_is_bound_to_its_secret_alone() {
    let server = Server::start().await;
    let (browser, keys) = (Browser::of(&server), [ProofKey::new(), ProofKey::new()]);
    let person = [
        ("grant_type", "password"),
        ("username", "ann"),
        ("password", "open sesame"),
        ("scope", "openid offline_access"),
    ];
    let tokens = ask(&browser, &[&SERVER[..], &person].concat(), &[&keys[0].proof(&server)]).await.json();
    let refresh_token = text(&tokens, "refresh_token");
    let fields = [&SERVER[..], &[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]].concat();
    assert_bound(&ask(&browser, &fields, &[&keys[1].proof(&server)]).await, &keys[1]);
    assert_eq!(ask(&browser, &fields, &[]).await.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn a_proof_that_does_not_count_costs_nothing() {
    let server = Server::start().await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let code = App::code("app").fresh_code(&browser).await;
    let good = key.proof(&server);
    let another = key.proof(&server);
    let changed = |name: &str, value: Value| {
        let mut claims = ProofKey::claims(&server);
        claims[name] = value;
        key.signed(&claims)
    };
    let now = server.clock.now().as_seconds();
    let (elsewhere, another_issuer) = (format!("{}/userinfo", server.url), "https://other.example/oauth/token");
    for (why, proofs) in [
        ("two headers", &[good.as_str(), &another][..]),
        ("the same twice", &[&good, &good]),
        ("none in it", &[""]),
        ("no JWT", &["a.b.c"]),
        ("two in one header", &[&format!("{good}, {another}")]),
        ("another's signature", &[&format!("{}.{}", &good[..good.rfind('.').unwrap()], "AAAA")]),
        ("another method", &[&changed("htm", "GET".into())]),
        ("another endpoint", &[&changed("htu", elsewhere.into())]),
        ("another issuer", &[&changed("htu", another_issuer.into())]),
        ("too old", &[&changed("iat", (now - 70).into())]),
        ("from the future", &[&changed("iat", (now + 70).into())]),
        ("no jti", &[&changed("jti", "".into())]),
        ("a long jti", &[&changed("jti", "j".repeat(1000).into())]),
    ] {
        let answer = redeem(&browser, &code, proofs).await;
        assert_refused(&answer, "invalid_dpop_proof");
        assert!(!answer.body.contains(&good), "{why}");
    }
    assert_bound(
        &redeem(&browser, &code, &[&changed("htu", format!("{}/oauth/token?a=b", server.url).into())]).await,
        &key,
    );
}

#[tokio::test]
async fn a_proof_is_good_once() {
    let server = Server::start().await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let tokens = bound(&server, &browser, &key).await;
    let proof = key.proof(&server);
    let second = refresh(&browser, &tokens, &[&proof]).await;
    assert_bound(&second, &key);
    for seconds in [0, 30, 59] {
        server.clock.advance(Duration::from_secs(seconds));
        assert_refused(&refresh(&browser, &second.json(), &[&proof]).await, "invalid_dpop_proof");
    }
    // The same name of another key is another proof.
    let (mut claims, other) = (ProofKey::claims(&server), ProofKey::new());
    for key in [&key, &other] {
        claims["jti"] = "one".into();
        let grant = [&SERVER[..], &[("grant_type", "client_credentials")]].concat();
        assert_bound(&ask(&browser, &grant, &[&key.signed(&claims)]).await, key);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_uses_of_one_proof_at_once_one_counts() {
    let server = Server::start().await;
    let (browser, proof) = (Arc::new(Browser::of(&server)), ProofKey::new().proof(&server));
    let mut uses = JoinSet::new();
    for _ in 0..50 {
        let (browser, proof) = (Arc::clone(&browser), proof.clone());
        uses.spawn(async move {
            let fields = [&SERVER[..], &[("grant_type", "client_credentials")]].concat();
            ask(&browser, &fields, &[&proof]).await.status
        });
    }
    let answers = uses.join_all().await;
    let counted = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((counted(200), counted(400)), (1, 49));
}

#[tokio::test]
async fn a_code_is_bound_by_dpop_jkt_whatever_pages_come_between() {
    let server = Server::start().await;
    let (browser, key, thief) = (Browser::of(&server), ProofKey::new(), ProofKey::new());
    let app = App::code("app").with("dpop_jkt", &key.thumbprint());
    for (proofs, error) in [(vec![], "invalid_dpop_proof"), (vec![thief.proof(&server)], "invalid_grant")] {
        let code = app.fresh_code(&browser).await;
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        assert_refused(&redeem(&browser, &code, &proofs).await, error);
        assert_refused(&redeem(&browser, &code, &[&key.proof(&server)]).await, "invalid_grant");
    }
    let code = app.fresh_code(&browser).await;
    assert_bound(&redeem(&browser, &code, &[&key.proof(&server)]).await, &key);
    for wrong in ["short", &"!".repeat(43)] {
        let query = App::code("app").with("dpop_jkt", wrong).query();
        let sent = browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?');
        assert_eq!(sent.first("error"), Some("invalid_request"), "{wrong}");
    }
    let silent = app.with("prompt", "none").query();
    let sent = browser.get(&format!("/authorize?{silent}")).await.sent(CALLBACK, '?');
    assert_bound(&redeem(&browser, sent.first("code").unwrap(), &[&key.proof(&server)]).await, &key);
}

#[tokio::test]
async fn a_nonce_is_asked_for_and_tells_the_time_in_place_of_the_clients_clock() {
    let directory = tempfile::tempdir().unwrap();
    let store = || Arc::new(SqliteStore::open(&directory.path().join("issuer.sqlite3")).unwrap());
    let config = format!("dpop_nonce = true\n{}", config());
    let server = Server::on(store(), &config, 0, false).await;
    // To the beginning of a minute: what follows must not run into the next one by itself.
    let into_the_minute = u64::try_from(server.clock.now().as_seconds() % 60).unwrap();
    server.clock.advance(Duration::from_secs(61 - into_the_minute));
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let grant = [&SERVER[..], &[("grant_type", "client_credentials")]].concat();
    let with = |server: &Server, nonce: &str, iat: i64| {
        let mut claims = ProofKey::claims(server);
        (claims["nonce"], claims["iat"]) = (nonce.into(), iat.into());
        key.signed(&claims)
    };
    let asked = ask(&browser, &grant, &[&key.proof(&server)]).await;
    assert_refused(&asked, "use_dpop_nonce");
    let nonce = asked.header("dpop-nonce").unwrap();
    let long_ago = server.clock.now().as_seconds() - 100_000;
    let proof = with(&server, nonce, long_ago);
    let answer = ask(&browser, &grant, &[&proof]).await;
    assert_eq!((answer.status, &answer.json()["token_type"]), (200, &"DPoP".into()), "{}", answer.body);
    assert!(answer.header("dpop-nonce").is_some(), "the next one comes along");
    let repeated = ask(&browser, &grant, &[&proof]).await;
    assert_refused(&repeated, "invalid_dpop_proof");
    assert!(repeated.header("dpop-nonce").is_some());
    assert_refused(&ask(&browser, &grant, &[&with(&server, "made up", long_ago)]).await, "use_dpop_nonce");
    // Another issuer on this database knows it.
    let other = Server::on(store(), &config, 0, false).await;
    assert_eq!(ask(&Browser::of(&other), &grant, &[&with(&other, nonce, long_ago)]).await.status, 200);
    // It counts for a minute at least, and for two at most.
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(ask(&browser, &grant, &[&with(&server, nonce, long_ago)]).await.status, 200);
    server.clock.advance(Duration::from_secs(60));
    let old = ask(&browser, &grant, &[&with(&server, nonce, server.clock.now().as_seconds())]).await;
    assert_refused(&old, "use_dpop_nonce");
    assert_ne!(old.header("dpop-nonce"), Some(nonce));
    // Who sends no proof needs none.
    let bearer = ask(&browser, &grant, &[]).await;
    assert_eq!((bearer.status, bearer.header("dpop-nonce")), (200, None));
}

#[tokio::test]
async fn a_client_that_is_registered_for_bound_tokens_gets_no_others() {
    let text = config().replace("client_id = \"tv\"", "client_id = \"tv\"\ndpop_bound_access_tokens = true");
    let server = Server::with(&text).await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let device = Device::start(&browser).await;
    device.allow(&browser, "ann").await;
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "tv"),
        ("device_code", &device.device_code),
    ];
    assert_refused(&ask(&browser, &fields, &[]).await, "invalid_dpop_proof");
    assert_bound(&ask(&browser, &fields, &[&key.proof(&server)]).await, &key);

    let implicit = config().replace("client_id = \"app\"", "client_id = \"app\"\ndpop_bound_access_tokens = true");
    let refused = Config::parse(&implicit).unwrap_err().to_string();
    assert!(refused.contains("\"app\"") && refused.contains("dpop_bound_access_tokens"), "{refused}");
}

#[tokio::test]
async fn the_issuers_own_resources_take_a_bound_token_with_a_proof_alone() {
    let server = Server::start().await;
    let (browser, key, thief) = (Browser::of(&server), ProofKey::new(), ProofKey::new());
    let code = App::code("app").fresh_code(&browser).await;
    let token = text(&redeem(&browser, &code, &[&key.proof(&server)]).await.json(), "access_token");
    let get = async |path, authorization: &str, proofs: &[&str]| {
        let proofs = proofs.iter().map(|proof| ("dpop", *proof));
        let headers: Vec<_> = [("authorization", authorization)].into_iter().chain(proofs).collect();
        browser.send(reqwest::Method::GET, path, &headers, None).await
    };
    for path in ["/userinfo", "/secret"] {
        let proof = || key.proof_for(&server, path, &token);
        for scheme in ["DPoP", "dpop"] {
            assert_eq!(get(path, &format!("{scheme} {token}"), &[&proof()]).await.status, 200, "{path}");
        }
        let dpop = format!("DPoP {token}");
        let spent = proof();
        assert_eq!(get(path, &dpop, &[&spent]).await.status, 200);
        let (one, two) = (proof(), proof());
        let without_hash = key.signed(&ProofKey::claims_for(&server, "GET", path));
        let of_another_token = key.proof_for(&server, path, "other");
        let for_another_method = {
            let mut claims = ProofKey::claims_for(&server, "POST", path);
            claims["ath"] = claims_ath(&token);
            key.signed(&claims)
        };
        for (why, proofs, error) in [
            ("no proof", &[][..], "invalid_dpop_proof"),
            ("two proofs", &[one.as_str(), &two], "invalid_dpop_proof"),
            ("of another request", &[&spent], "invalid_dpop_proof"),
            ("without the hash of the token", &[&without_hash], "invalid_dpop_proof"),
            ("with that of another", &[&of_another_token], "invalid_dpop_proof"),
            ("for another method", &[&for_another_method], "invalid_dpop_proof"),
            ("by another key", &[&thief.proof_for(&server, path, &token)], "invalid_token"),
        ] {
            let answer = get(path, &dpop, proofs).await;
            assert_eq!((answer.status, &answer.json()["error"]), (401, &error.into()), "{path}: {why}");
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("DPoP ") && challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
            assert!(challenge.contains("algs=\"ES256 "), "{challenge}");
        }
        let as_bearer = get(path, &format!("Bearer {token}"), &[]).await;
        assert_eq!(as_bearer.status, 401);
        let challenge = as_bearer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"invalid_token\""), "{challenge}");
        let nothing: Vec<_> = browser.get(path).await.headers.get_all("www-authenticate").iter().cloned().collect();
        assert!(nothing.len() == 2 && nothing[1].to_str().unwrap().starts_with("DPoP algs="), "{nothing:?}");
    }
    let unbound = text(&App::code("app").tokens(&browser).await, "access_token");
    let answer = get("/userinfo", &format!("DPoP {unbound}"), &[&key.proof_for(&server, "/userinfo", &unbound)]).await;
    assert_eq!((answer.status, &answer.json()["error"]), (401, &"invalid_token".into()));
}

fn claims_ath(token: &str) -> Value {
    evergrant_core::protocol::dpop::hash(&evergrant_core::protocol::AccessToken::new(token)).into()
}

#[tokio::test]
async fn introspection_and_discovery_say_what_is_bound() {
    let server = Server::start().await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let tokens = bound(&server, &browser, &key).await;
    let access_token = text(&tokens, "access_token");
    let fields = [&SERVER[..], &[("token", &access_token)]].concat();
    let told = browser.post_with("/oauth/introspect", &fields, &[]).await.json();
    assert_eq!((&told["token_type"], &told["cnf"]), (&"DPoP".into(), &json!({ "jkt": key.thumbprint() })));
    let metadata = browser.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["dpop_signing_alg_values_supported"], json!(["ES256", "EdDSA", "PS256", "RS256"]));
}

#[tokio::test]
async fn pages_may_send_proofs_and_read_nonces() {
    let server = Server::with(&format!("dpop_nonce = true\n{}", config())).await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let origin = ("origin", "http://localhost:8080");
    let asks = [origin, ("access-control-request-method", "POST"), ("access-control-request-headers", "dpop")];
    let preflight = browser.send(reqwest::Method::OPTIONS, "/oauth/token", &asks, None).await;
    assert_eq!(preflight.header("access-control-allow-headers"), Some("dpop"));
    let fields = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", "any")];
    let answer = browser.post_with("/oauth/token", &fields, &[origin, ("dpop", &key.proof(&server))]).await;
    assert_refused(&answer, "use_dpop_nonce");
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("dpop-nonce") && exposed.contains("www-authenticate"), "{exposed}");
}

#[tokio::test]
async fn developers_are_shown_no_proof() {
    let server = Server::dev().await;
    let (browser, key) = (Browser::of(&server), ProofKey::new());
    let proof = key.proof(&server);
    let grant = [&SERVER[..], &[("grant_type", "client_credentials")]].concat();
    assert_bound(&ask(&browser, &grant, &[&proof]).await, &key);
    let shown = browser.get("/dev/requests").await;
    assert!(shown.body.contains("client_credentials") && !shown.body.contains(&proof), "{}", shown.body);
}
