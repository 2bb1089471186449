//! `/oidc/logout`, `/v2/logout`, `/sign-out` and the page at `/`.

use std::time::Duration;

use evergrant_core::protocol::params::encode;
use reqwest::Method;

use crate::support::{App, Browser, CALLBACK, Server};

const BACK: &str = "http://localhost:8080/";

async fn signed_in(server: &Server) -> (Browser, String) {
    let browser = Browser::of(server);
    let tokens = App::code("app").tokens(&browser).await;
    (browser, tokens["id_token"].as_str().unwrap().to_owned())
}

async fn is_signed_in(browser: &Browser) -> bool {
    let query = App::code("app").with("prompt", "none").query();
    let sent = browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?');
    sent.has("code")
}

fn path(parameters: &[(&str, &str)]) -> String {
    format!("/oidc/logout?{}", encode(parameters.iter().copied()))
}

fn form_token(page: &str) -> String {
    let (_, rest) = page.split_once(r#"name="form_token" value=""#).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn with_an_id_token_the_session_ends_at_once_and_the_way_back_is_taken() {
    let server = Server::start().await;
    let (browser, id_token) = signed_in(&server).await;
    server.clock.advance(Duration::from_secs(3000));
    let parameters = [
        ("id_token_hint", id_token.as_str()),
        ("post_logout_redirect_uri", BACK),
        ("state", "a&b"),
        ("client_id", "app"),
    ];
    let answer = browser.get(&path(&parameters)).await;
    assert_eq!(answer.status, 303, "an expired ID token will do");
    assert_eq!(answer.sent(BACK, '?').first("state"), Some("a&b"));
    assert_eq!(browser.cookie("evergrant-session"), None);
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_link_checker_signs_nobody_out() {
    let server = Server::start().await;
    let (browser, id_token) = signed_in(&server).await;
    for (path, allowed) in
        [(path(&[("id_token_hint", &id_token)]), "GET, POST"), ("/v2/logout?client_id=app".into(), "GET")]
    {
        let answer = browser.send(Method::HEAD, &path, &[], None).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)));
        assert!(is_signed_in(&browser).await, "{path}");
    }
}

#[tokio::test]
async fn a_post_from_another_site_ends_the_session_the_token_names() {
    let server = Server::start().await;
    let (browser, id_token) = signed_in(&server).await;
    let without_cookie = Browser::of(&server);
    let fields = [("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", "http://localhost:8080/?bye")];
    let answer = without_cookie.post_with("/oidc/logout", &fields, &[]).await;
    let answer = browser.get(&answer.location().unwrap()).await;
    assert_eq!(answer.location().as_deref(), Some("http://localhost:8080/?bye"));
    assert!(!is_signed_in(&browser).await);
}

/// Browsers keep the cookie out of such a post, and take from its answer that there is none any more.
#[tokio::test]
async fn another_sites_post_signed_somebody_out_without_a_question() {
    let server = Server::start().await;
    let (browser, _) = signed_in(&server).await;
    let bob = Browser::of(&server);
    let answer = bob.authorize_as("bob", &App::code("trusted").query()).await;
    let code = answer.sent(CALLBACK, '?').first("code").unwrap().to_owned();
    let bobs = App::redeem(&bob, "trusted", &code).await.json();
    let (back, state) = (("post_logout_redirect_uri", BACK), ("state", "a&b"));
    let long = "s".repeat(5000);
    let posts: [&[(&str, &str)]; 5] = [
        &[],
        &[("client_id", "app"), back, state],
        &[("id_token_hint", bobs["id_token"].as_str().unwrap())],
        &[("id_token_hint", "made.up.token"), back],
        &[back, ("state", &long)],
    ];
    for fields in posts {
        let without_cookie = Browser::of(&server);
        let answer = without_cookie.post_with("/oidc/logout", fields, &[("sec-fetch-site", "cross-site")]).await;
        assert_eq!(answer.header("set-cookie"), None, "{fields:?}");
        let Some(location) = answer.location() else {
            assert!(answer.status == 400 && fields.contains(&("state", &long)), "{fields:?}");
            continue;
        };
        assert!(location.starts_with("/oidc/logout?") && !location.contains("id_token_hint"), "{location}");
        let page = browser.get(&location).await;
        assert!(page.body.contains("Sign out?") && is_signed_in(&browser).await, "{fields:?}");
        if fields.contains(&state) {
            assert!(page.body.contains(r#"name="state" value="a&#38;b""#), "{}", page.body);
        }
    }
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_a_forged_yes_is_none() {
    let server = Server::start().await;
    let (browser, _) = signed_in(&server).await;
    let page = browser.get(&path(&[("client_id", "app"), ("post_logout_redirect_uri", BACK), ("state", "s")])).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Ann Example") && is_signed_in(&browser).await);

    let token = form_token(&page.body);
    let forged = browser.post_with("/sign-out", &[("form_token", &token)], &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(forged.status, 403);
    let guessed = browser.post("/sign-out", &[("form_token", "guess")]).await;
    assert_eq!(guessed.status, 403);
    assert!(is_signed_in(&browser).await);

    let fields =
        [("form_token", token.as_str()), ("client_id", "app"), ("post_logout_redirect_uri", BACK), ("state", "s")];
    let answer = browser.post("/sign-out", &fields).await;
    assert_eq!(answer.sent(BACK, '?').first("state"), Some("s"));
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn somebody_elses_token_ends_nothing_unasked() {
    let server = Server::start().await;
    let (ann, _) = signed_in(&server).await;
    let bob = Browser::of(&server);
    let answer = bob.authorize_as("bob", &App::code("trusted").query()).await;
    let code = answer.sent(CALLBACK, '?').first("code").unwrap().to_owned();
    let tokens = App::redeem(&bob, "trusted", &code).await.json();
    let page = ann.get(&path(&[("id_token_hint", tokens["id_token"].as_str().unwrap())])).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Sign out?") && is_signed_in(&ann).await);
}

/// Every API has the access tokens of its callers.
#[tokio::test]
async fn an_access_token_ended_the_session_as_an_id_token_does() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let tokens = App::code("app").tokens(&browser).await;
    let hint = ("id_token_hint", tokens["access_token"].as_str().unwrap());
    let page = browser.get(&path(&[hint])).await;
    assert!(page.body.contains("Sign out?") && is_signed_in(&browser).await, "{}", page.body);
    let (name, token) = hint;
    let asked = browser.get(&format!("/authorize?{}", App::code("app").with(name, token).query())).await;
    assert_eq!(asked.sent(CALLBACK, '?').first("error"), Some("invalid_request"));
}

#[tokio::test]
async fn the_way_back_is_registered_to_the_letter_or_not_taken() {
    let server = Server::start().await;
    let (browser, id_token) = signed_in(&server).await;
    let hint = ("id_token_hint", id_token.as_str());
    let cases: [&[(&str, &str)]; 6] = [
        &[hint, ("post_logout_redirect_uri", "https://evil.example/")],
        &[hint, ("post_logout_redirect_uri", "http://localhost:8080")],
        &[("post_logout_redirect_uri", "https://evil.example/")],
        &[hint, ("client_id", "trusted"), ("post_logout_redirect_uri", BACK)],
        &[("client_id", "nobody")],
        &[hint, hint],
    ];
    for parameters in cases {
        let answer = browser.get(&path(parameters)).await;
        assert_eq!((answer.status, answer.location()), (400, None), "{parameters:?}");
    }
    assert!(is_signed_in(&browser).await);
}

/// Whoever was sent to sign out with an address that is not registered stayed signed in, and did not learn so, or how to go on.
#[tokio::test]
async fn whoever_could_not_be_signed_out_was_not_told_so() {
    let server = Server::start().await;
    let (browser, id_token) = signed_in(&server).await;
    let (hint, evil) =
        (("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", "https://app.example/?logout=1"));
    for parameters in [&[hint, evil][..], &[evil], &[("client_id", "nobody")]] {
        let page = browser.get(&path(parameters)).await.body;
        assert!(page.contains("You have not been signed out here"), "{page}");
        assert!(page.contains(r#"<a href="/">Sign out here</a>"#), "{page}");
        assert_eq!(page.contains("(post_logout_redirect_uri)"), parameters.contains(&evil), "what to register: {page}");
    }
    assert!(browser.get("/").await.body.contains("Sign out"), "where it leads");
}

#[tokio::test]
async fn nobody_was_offered_to_sign_out() {
    let server = Server::start().await;
    let nobody = Browser::of(&server);
    let query = encode([("client_id", "nobody")]);
    for path in ["/oidc/logout", "/v2/logout"].map(|path| format!("{path}?{query}")) {
        let answer = nobody.get(&path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body.contains("Nobody is signed in here in this browser"), "{}", answer.body);
        assert!(answer.body.contains("(client_id)") && !answer.body.contains("Sign out here"), "{}", answer.body);
    }
    // A post from another site has no cookie, whoever is signed in.
    let posted = nobody.post_with("/oidc/logout", &[("client_id", "nobody")], &[]).await.body;
    assert!(posted.contains("You have not been signed out here") && posted.contains("Sign out here"), "{posted}");
}

#[tokio::test]
async fn a_sign_out_that_named_no_application_got_an_error_page() {
    let server = Server::start().await;
    for names_none in [&[][..], &[("id_token_hint", "signed.with.a-key-that-is-gone")]] {
        let (browser, _) = signed_in(&server).await;
        let parameters = [names_none, &[("post_logout_redirect_uri", BACK), ("state", "s")]].concat();
        let page = browser.get(&path(&parameters)).await;
        assert_eq!(page.status, 200, "{names_none:?}");
        assert!(page.body.contains("Sign out?") && is_signed_in(&browser).await);
        let token = form_token(&page.body);
        let fields =
            [("form_token", token.as_str()), ("client_id", ""), ("post_logout_redirect_uri", BACK), ("state", "s")];
        let answer = browser.post("/sign-out", &fields).await;
        assert_eq!(answer.sent(BACK, '?').first("state"), Some("s"));
        assert!(!is_signed_in(&browser).await);
    }
    let (browser, _) = signed_in(&server).await;
    let page = browser.get("/v2/logout?returnTo=http%3A%2F%2Flocalhost%3A8080%2F").await;
    assert!(page.body.contains("Sign out?") && is_signed_in(&browser).await);
}

#[tokio::test]
async fn nobody_signed_in_is_signed_out_already() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let page = browser.get("/oidc/logout").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("You are signed out"));
    let back = browser.get(&path(&[("client_id", "app"), ("post_logout_redirect_uri", BACK)])).await;
    assert_eq!(back.location().as_deref(), Some(BACK));
}

#[tokio::test]
async fn auth0s_form_of_it() {
    let server = Server::start().await;
    let (browser, _) = signed_in(&server).await;
    let unregistered = browser.get("/v2/logout?client_id=app&returnTo=https%3A%2F%2Fevil.example%2F").await;
    assert_eq!((unregistered.status, unregistered.location()), (400, None));
    let asked = browser.get("/v2/logout").await;
    assert!(asked.body.contains("Sign out?") && is_signed_in(&browser).await);
    let answer = browser.get("/v2/logout?client_id=app&returnTo=http%3A%2F%2Flocalhost%3A8080%2F").await;
    assert_eq!(answer.location().as_deref(), Some(BACK));
    assert!(!is_signed_in(&browser).await);
}

/// Every visitor of an application learns its client_id.
#[tokio::test]
async fn any_site_that_knew_a_client_id_signed_people_out_by_auth0s_form_of_it() {
    let server = Server::start().await;
    let sent = async |browser: &Browser, headers: &[(&str, &str)]| {
        browser.send(Method::GET, "/v2/logout?client_id=app", headers, None).await
    };
    let (browser, _) = signed_in(&server).await;
    let cross_site = ("sec-fetch-site", "cross-site");
    for says in [
        &[][..],
        &[("referer", "https://evil.example/")],
        &[("referer", "https://evil.example/?http://localhost:8080/")],
        &[("referer", "http://localhost:8080.evil.example/")],
        &[("origin", "null"), ("referer", "")],
        &[("referer", "http://localhost:9999/")],
    ] {
        let page = sent(&browser, &[&[cross_site], says].concat()).await;
        assert!(page.body.contains("Sign out?") && is_signed_in(&browser).await, "{says:?}");
    }
    let own: [&[(&str, &str)]; 6] = [
        &[cross_site, ("referer", "http://localhost:8080/")],
        &[cross_site, ("referer", "http://localhost:3001/any/page")],
        &[cross_site, ("origin", "http://localhost:8080")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("referer", "https://evil.example/")],
    ];
    for headers in own {
        let (browser, _) = signed_in(&server).await;
        let answer = sent(&browser, headers).await;
        assert!(answer.body.contains("You are signed out") && !is_signed_in(&browser).await, "{headers:?}");
    }
}

#[tokio::test]
async fn the_front_page_signs_out_with_one_click() {
    let server = Server::start().await;
    let (browser, _) = signed_in(&server).await;
    let page = browser.get("/").await.body;
    assert!(page.contains("Signed in as <bdi>Ann Example</bdi>") && page.contains("Sign out"));
    let answer = browser.post("/sign-out", &[("form_token", &form_token(&page))]).await;
    assert!(answer.body.contains("You are signed out"));
    assert!(browser.get("/").await.body.contains("Nobody is signed in"));
    assert!(!is_signed_in(&browser).await);
}
