//! `POST /oauth/token` and `POST /oauth/revoke`: a single-page app whose refresh token is in a cookie.

use evergrant_core::protocol::params::{Params, encode};
use evergrant_core::protocol::{CodeVerifier, pkce};
use reqwest::Method;

use crate::support::{Answer, Browser, World};

const APP: &str = "http://localhost:8080";
const COOKIE: &str = "__Secure-evergrant-refresh";
const CALLBACK: &str = "http://localhost:8080/callback";

/// A page of the app in a browser.
struct Page {
    world: World,
    browser: Browser,
}

impl Page {
    async fn open() -> Self {
        Self::of(World::start().await)
    }

    fn of(world: World) -> Self {
        Self { world, browser: Browser::new() }
    }

    async fn signed_in() -> Self {
        let page = Self::open().await;
        assert_eq!(page.sign_in("openid offline_access").await.status, 200);
        page
    }

    /// Code and PKCE by redirect, and the code redeemed at the web app.
    async fn sign_in(&self, scope: &str) -> Answer {
        let verifier = CodeVerifier::from_entropy([7; 32]);
        let query = encode([
            ("response_type", "code"),
            ("client_id", "evergrant-app"),
            ("redirect_uri", CALLBACK),
            ("scope", scope),
            ("state", "s"),
            ("code_challenge", pkce::challenge(&verifier).as_str()),
            ("code_challenge_method", "S256"),
            ("audience", "http://localhost:3002/"),
        ]);
        let begun = self.browser.get(&format!("{}/authorize?{query}", self.world.issuer)).await;
        let location = self.browser.follow(begun, CALLBACK).await.location().unwrap();
        let params = Params::parse(location.split_once('?').unwrap().1).unwrap();
        self.post(
            "token",
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "evergrant-app"),
                ("code", params.filled("code").unwrap()),
                ("code_verifier", verifier.secret()),
                ("redirect_uri", CALLBACK),
            ],
        )
        .await
    }

    async fn refresh(&self) -> Answer {
        self.post("token", &[("grant_type", "refresh_token"), ("client_id", "evergrant-app")]).await
    }

    async fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(&[("origin", APP), ("sec-fetch-site", "same-site")], endpoint, fields).await
    }

    async fn post_from(&self, from: &[(&str, &str)], endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        let url = format!("{}/oauth/{endpoint}", self.world.web_app);
        self.browser.send(Method::POST, &url, from, Some(encode(fields.iter().copied()))).await
    }

    fn cookie(&self) -> Option<String> {
        self.browser.cookie(&self.world.web_app, COOKIE)
    }

    /// What the issuer itself says to a refresh token.
    async fn issuers_refusal(&self, refresh_token: &str) -> Option<String> {
        let fields =
            [("grant_type", "refresh_token"), ("client_id", "evergrant-app"), ("refresh_token", refresh_token)];
        let answer = self.browser.post(&format!("{}/oauth/token", self.world.issuer), &fields).await;
        answer.json()["error"].as_str().map(str::to_owned)
    }
}

#[tokio::test]
async fn the_page_gets_everything_but_the_refresh_token() {
    let page = Page::open().await;
    let answer = page.sign_in("openid offline_access").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tokens = answer.json();
    assert!(tokens["access_token"].is_string() && tokens["id_token"].is_string());
    assert!(tokens.get("refresh_token").is_none() && !answer.body.contains(&page.cookie().unwrap()));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookies = answer.set_cookies();
    let attributes: Vec<&str> = cookies[0].split("; ").skip(1).collect();
    for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/oauth"] {
        assert!(attributes.contains(&attribute), "{attributes:?}");
    }
    assert!(!attributes.iter().any(|it| it.starts_with("Domain") || it.starts_with("Max-Age")), "{attributes:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
}

#[tokio::test]
async fn a_refresh_takes_the_token_from_the_cookie_and_replaces_it() {
    let page = Page::signed_in().await;
    let first = page.cookie().unwrap();
    let answer = page.refresh().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.json()["access_token"].is_string() && answer.json().get("refresh_token").is_none());
    assert_ne!(page.cookie().unwrap(), first);
}

#[tokio::test]
async fn codes_and_refresh_tokens_of_a_confidential_client_are_worth_something_here_alone() {
    let page = Page::of(World::with_confidential_app().await);
    assert_eq!(page.sign_in("openid offline_access").await.status, 200);
    assert_eq!(page.refresh().await.status, 200);
    assert_eq!(page.issuers_refusal(&page.cookie().unwrap()).await.as_deref(), Some("invalid_client"));
    assert_eq!(page.post("revoke", &[("client_id", "evergrant-app")]).await.status, 200);
    assert_eq!(page.cookie(), None);
}

#[tokio::test]
async fn a_lost_answer_and_two_tabs_at_once_cost_nobody_the_session() {
    let page = Page::signed_in().await;
    let first = page.cookie().unwrap();
    let both = tokio::join!(page.refresh(), page.refresh());
    assert_eq!((both.0.status, both.1.status), (200, 200));
    // The browser never saw the answer, and presents what it has.
    page.browser.set_cookie(&page.world.web_app, COOKIE, &first);
    assert_eq!(page.refresh().await.status, 200);
    assert_eq!(page.refresh().await.status, 200, "and it goes on from there");
}

/// The cookie was removed: the issuer had taken the refresh token in it for stolen.
#[tokio::test]
async fn an_answer_of_the_issuers_that_was_lost_cost_the_cookie() {
    let page = Page::of(World::with_first_refresh_lost().await);
    assert_eq!(page.sign_in("openid offline_access").await.status, 200);
    for _ in 0..2 {
        let answer = page.refresh().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_page_that_leaves_in_the_middle_loses_nothing() {
    let page = Page::signed_in().await;
    let first = page.cookie().unwrap();
    for turns in 0..200 {
        // Dropped ever later, with the request ever further on its way: the browser is told nothing.
        tokio::select! {
            _ = page.refresh() => break,
            () = wait(turns) => {}
        }
        page.browser.set_cookie(&page.world.web_app, COOKIE, &first);
    }
    assert_eq!(page.refresh().await.status, 200);
}

async fn wait(turns: u32) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn requests_from_elsewhere_are_refused_and_told_nothing() {
    let page = Page::signed_in().await;
    let before = page.cookie();
    let elsewhere: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "cross-site")],
        &[("origin", "http://localhost:9999"), ("sec-fetch-site", "same-site")],
        &[("origin", APP), ("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
    ];
    for from in elsewhere {
        for endpoint in ["token", "revoke"] {
            let fields = [("grant_type", "refresh_token"), ("client_id", "evergrant-app")];
            let answer = page.post_from(from, endpoint, &fields).await;
            assert_eq!(answer.status, 403, "{from:?}");
            assert!(answer.set_cookies().is_empty() && !answer.body.contains("access_token"), "{from:?}");
            assert_ne!(answer.header("access-control-allow-origin"), Some("*"));
        }
    }
    assert_eq!(page.cookie(), before);
    assert_eq!(page.refresh().await.status, 200, "and the session is as it was");
}

#[tokio::test]
async fn what_is_no_request_of_the_app_is_refused_in_oauths_words() {
    let page = Page::signed_in().await;
    let client = ("client_id", "evergrant-app");
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[client], "invalid_request"),
        (&[client, ("grant_type", "password")], "unsupported_grant_type"),
        (&[client, ("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_request"),
        (&[("client_id", "testclient"), ("grant_type", "refresh_token")], "invalid_client"),
        (&[client, client, ("grant_type", "refresh_token")], "invalid_request"),
    ];
    for (fields, error) in cases {
        let answer = page.post("token", fields).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{fields:?}");
    }
    assert_eq!(page.refresh().await.status, 200, "nothing of that was sent on");
}

#[tokio::test]
async fn a_refused_refresh_token_is_forgotten() {
    let page = Page::open().await;
    assert_eq!(page.refresh().await.json()["error"], "invalid_grant", "there is no cookie yet");
    page.browser.set_cookie(&page.world.web_app, COOKIE, "made-up");
    let answer = page.refresh().await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(page.cookie(), None);
}

#[tokio::test]
async fn another_sign_in_takes_the_cookie_over_and_the_token_before_is_revoked() {
    let page = Page::signed_in().await;
    let first = page.cookie().unwrap();
    assert_eq!(page.sign_in("openid offline_access").await.status, 200);
    assert_ne!(page.cookie().unwrap(), first);
    assert_eq!(page.issuers_refusal(&first).await.as_deref(), Some("invalid_grant"));
    assert_eq!(page.sign_in("openid").await.status, 200);
    assert_eq!(page.cookie(), None, "a sign-in without a refresh token leaves none behind");
}

/// The browser had the cookie of the new sign-in by then, and lost it.
#[tokio::test]
async fn a_refusal_that_crossed_a_new_sign_in_removed_its_cookie() {
    let page = Page::signed_in().await;
    let before = page.cookie().unwrap();
    assert_eq!(page.sign_in("openid offline_access").await.status, 200);
    let new = page.cookie().unwrap();
    // What was sent before that, and is answered now.
    page.browser.set_cookie(&page.world.web_app, COOKIE, &before);
    let refused = page.refresh().await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("invalid_grant")));
    assert!(refused.set_cookies().is_empty(), "{:?}", refused.set_cookies());
    page.browser.set_cookie(&page.world.web_app, COOKIE, &new);
    assert_eq!(page.refresh().await.status, 200);
    // Nor does a code that is refused: it is not about this cookie.
    let code = [("grant_type", "authorization_code"), ("client_id", "evergrant-app"), ("code", "made-up")];
    assert_eq!(page.post("token", &code).await.status, 400);
    assert_eq!(page.refresh().await.status, 200);
}

#[tokio::test]
async fn signing_out_revokes_the_token_and_removes_the_cookie() {
    let page = Page::signed_in().await;
    let token = page.cookie().unwrap();
    let answer = page.post("revoke", &[("client_id", "evergrant-app")]).await;
    assert_eq!((answer.status, page.cookie()), (200, None));
    assert_eq!(page.issuers_refusal(&token).await.as_deref(), Some("invalid_grant"));
    assert_eq!(page.post("revoke", &[("client_id", "evergrant-app")]).await.status, 200, "again is no error");
}

#[tokio::test]
async fn an_issuer_that_is_down_leaves_the_cookie_but_signing_out_removes_it() {
    let page = Page::signed_in().await;
    page.world.kill_issuer().await;
    let answer = page.refresh().await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("temporarily_unavailable")));
    assert!(page.cookie().is_some());
    assert_eq!(page.post("revoke", &[("client_id", "evergrant-app")]).await.status, 503);
    assert_eq!(page.cookie(), None);
}
