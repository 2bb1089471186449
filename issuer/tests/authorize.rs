//! `GET|POST /authorize`: the code flow from end to end, and every way in which a request can be wrong.

use evergrant_core::protocol::id_token::half_hash;
use reqwest::Method;

use crate::support::{App, Browser, CALLBACK, STATE, Server, claims, config};

#[tokio::test]
async fn a_person_signs_in_agrees_and_the_app_has_tokens_it_can_check() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app =
        App::code("app").with("scope", "openid profile email read:reports").with("audience", "https://api.example/");
    let answer = browser.authorize_as("ann", &app.query()).await;
    assert_eq!(answer.status, 303);
    let sent = answer.sent(CALLBACK, '?');
    assert_eq!(sent.first("state"), Some(STATE));
    assert_eq!(sent.first("iss"), Some(server.issuer().as_str()), "RFC 9207");
    let tokens = App::redeem(&browser, "app", sent.first("code").unwrap()).await.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["scope"], "openid profile email read:reports");

    let access_token = tokens["access_token"].as_str().unwrap();
    let id_token = tokens["id_token"].as_str().unwrap();
    let person = App::validate(&server, "app", id_token, Some(access_token), None).await.unwrap();
    assert_eq!(person.sub.as_str(), "user-ann");
    assert_eq!(person.display_name(), "Ann Example");
    assert_eq!(person.email.as_deref(), Some("ann@example.com"));
    assert_eq!(person.at_hash, Some(half_hash(access_token)));
    assert!(person.sid.is_some());

    let access = claims(access_token);
    assert_eq!(access["iss"], server.issuer());
    assert_eq!(access["aud"], "https://api.example/");
    assert_eq!(access["client_id"], "app");
    assert_eq!(access["sub"], "user-ann");
    assert_eq!(access["scope"], "openid profile email read:reports");
    assert!(access["jti"].as_str().unwrap().len() >= 22);
}

#[tokio::test]
async fn a_post_says_the_same_as_a_get() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let body = Some(App::code("app").query());
    let answer = browser.send(Method::POST, "/authorize", &[], body).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().unwrap().starts_with("/sign-in?"));
}

#[tokio::test]
async fn a_link_checker_uses_nothing_up() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    App::code("app").fresh_code(&browser).await;
    for query in [App::code("app").query(), App::code("app").with("prompt", "none").query()] {
        let answer = browser.send(Method::HEAD, &format!("/authorize?{query}"), &[], None).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST")), "RFC 9110 §9.2.1");
        assert_eq!((answer.location(), answer.header("set-cookie")), (None, None));
    }
}

#[tokio::test]
async fn nobody_is_redirected_before_client_and_redirect_uri_are_known() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let good = App::code("app");
    let query = good.query();
    let doubled_uri = format!("{query}&redirect_uri=https%3A%2F%2Fevil.example%2F");
    let doubled_client = format!("{query}&client_id=trusted");
    let untrusted = [
        good.clone().without("client_id").query(),
        good.clone().with("client_id", "").query(),
        good.clone().with("client_id", "nobody").query(),
        good.clone().without("redirect_uri").query(),
        good.clone().with("redirect_uri", "https://evil.example/").query(),
        good.clone().with("redirect_uri", "http://localhost:8080/callback/").query(),
        good.clone().with("redirect_uri", "http://localhost:8080/callback?x").query(),
        good.clone().with("redirect_uri", "HTTP://localhost:8080/callback").query(),
        good.clone().with("redirect_uri", "http://localhost:8080/callback/../callback").query(),
        doubled_uri,
        doubled_client,
        "%ff%fe&&==&client_id".to_owned(),
        String::new(),
    ];
    for query in untrusted {
        for query in [query.clone(), format!("{query}&prompt=none")] {
            let answer = browser.get(&format!("/authorize?{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
            assert_eq!(answer.location(), None, "{query}");
            assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        }
    }
}

#[tokio::test]
async fn other_mistakes_go_back_to_the_client_with_the_codes_of_the_specifications() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let code = App::code("app");
    let implicit = App::implicit("id_token token");
    let cases = [
        (code.clone().without("response_type"), "invalid_request"),
        (code.clone().with("response_type", "magic"), "unsupported_response_type"),
        (code.clone().with("response_type", "code token"), "unauthorized_client"),
        (code.clone().without("code_challenge"), "invalid_request"),
        (code.clone().without("code_challenge_method"), "invalid_request"),
        (code.clone().with("code_challenge_method", "plain"), "invalid_request"),
        (code.clone().with("code_challenge", "short"), "invalid_request"),
        (code.clone().with("scope", ""), "invalid_scope"),
        (code.clone().with("scope", "fly"), "invalid_scope"),
        (code.clone().with("audience", "https://unknown.example/"), "invalid_target"),
        (
            code.clone().with("audience", "https://api.example/").with("resource", "https://other.example/"),
            "invalid_target",
        ),
        (code.clone().with("prompt", "none login"), "invalid_request"),
        (code.clone().with("prompt", "dance"), "invalid_request"),
        (code.clone().with("max_age", "-1"), "invalid_request"),
        (code.clone().with("max_age", "soon"), "invalid_request"),
        (code.clone().with("response_mode", "smoke_signals"), "invalid_request"),
        (code.clone().with("request", "eyJ"), "request_not_supported"),
        (code.clone().with("request_uri", "https://a.example/"), "request_uri_not_supported"),
        (code.clone().with("registration", "{}"), "registration_not_supported"),
        (code.clone().with("id_token_hint", "not.a.token"), "invalid_request"),
        (implicit.clone().without("nonce"), "invalid_request"),
        (implicit.clone().with("scope", "profile"), "invalid_scope"),
        (implicit.clone().with("response_mode", "query"), "invalid_request"),
    ];
    for (request, expected) in cases {
        let query = request.query();
        let answer = browser.get(&format!("/authorize?{query}")).await;
        let separator = if query.contains("id_token+token") || query.contains("code+token") { '#' } else { '?' };
        let sent = answer.sent(CALLBACK, separator);
        assert_eq!(sent.first("error"), Some(expected), "{query}");
        assert_eq!(sent.first("state"), Some(STATE), "{query}");
        assert_eq!(sent.first("iss"), Some(server.issuer().as_str()), "{query}");
        let words = sent.first("error_description").unwrap();
        let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(!words.is_empty() && words.bytes().all(allowed), "RFC 6749 §4.1.2.1: {words}");
    }
}

/// Browsers send no cookie with it: whoever was signed in had to sign in again, and what waited in other tabs was over.
#[tokio::test]
async fn a_request_that_another_site_posted_knew_nobody_and_ended_what_other_tabs_had_begun() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    browser.authorize_as("ann", &App::code("app").query()).await;
    let tab = browser.get(&format!("/authorize?{}", App::code("app").with("prompt", "login").query())).await;
    let page = tab.location().unwrap();

    let cookieless = Browser::of(&server);
    let headers = [("sec-fetch-site", "cross-site")];
    let body = App::code("app").query();
    let posted = cookieless.send(Method::POST, "/authorize", &headers, Some(body.clone())).await;
    assert!(!posted.headers.contains_key("set-cookie"), "it would replace the one there is");
    let answer = browser.get(&posted.location().unwrap()).await;
    assert!(answer.sent(CALLBACK, '?').has("code"), "{:?}", answer.location());
    assert_eq!(browser.get(&page).await.status, 200, "the other tab goes on");

    // Whatever is no page of another site is answered at once, and so is what is too long for an address.
    assert!(cookieless.send(Method::POST, "/authorize", &[], Some(body.clone())).await.interaction().is_some());
    let long = App::code("app").with("login_hint", &"x".repeat(4000)).query();
    assert!(Browser::of(&server).send(Method::POST, "/authorize", &headers, Some(long)).await.interaction().is_some());
    // Nor does an ID token come into an address that was kept out of one.
    let hinted = App::code("app").with("id_token_hint", "secret").query();
    let posted = Browser::of(&server).send(Method::POST, "/authorize", &headers, Some(hinted)).await;
    assert!(!posted.location().unwrap().contains("secret"), "{:?}", posted.location());
}

/// RFC 6749 §3.1: "Parameters sent without a value MUST be treated as if they were omitted".
#[tokio::test]
async fn a_request_object_that_was_empty_was_refused_as_if_there_were_one() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for name in ["request", "request_uri", "registration"] {
        let answer = browser.get(&format!("/authorize?{}", App::code("app").with(name, "").query())).await;
        assert!(answer.interaction().is_some(), "{name}: {:?}", answer.location());
    }
}

#[tokio::test]
async fn a_confidential_client_may_do_without_pkce_and_a_public_one_may_not() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let bare = |client| App::code(client).without("code_challenge").without("code_challenge_method").query();
    let refused = browser.get(&format!("/authorize?{}", bare("trusted"))).await;
    assert_eq!(refused.sent(CALLBACK, '?').first("error"), Some("invalid_request"));
    let allowed = browser.get(&format!("/authorize?{}", bare("server"))).await;
    assert!(allowed.interaction().is_some());
}

#[tokio::test]
async fn doubled_parameters_are_refused_and_a_doubled_state_is_not_sent_back() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for (doubled, state) in [("scope=openid", Some(STATE)), ("nonce=x", Some(STATE)), ("state=other", None)] {
        let query = format!("{}&{doubled}", App::code("app").query());
        let sent = browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?');
        assert_eq!(sent.first("error"), Some("invalid_request"), "{doubled}");
        assert_eq!(sent.first("state"), state, "{doubled}");
    }
}

#[tokio::test]
async fn oversized_requests_are_refused_and_the_server_lives() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let long_state = App::code("app").with("state", &"s".repeat(5000)).query();
    let sent = browser.get(&format!("/authorize?{long_state}")).await.sent(CALLBACK, '?');
    assert_eq!(sent.first("error"), Some("invalid_request"));
    let huge = App::code("app").with("login_hint", &"x".repeat(100_000)).query();
    let answer = browser.send(Method::POST, "/authorize", &[], Some(huge)).await;
    assert_eq!(answer.status, 413);
    let json = browser.send(Method::POST, "/authorize", &[("content-type", "application/json")], None).await;
    assert_eq!(json.status, 415);
    assert_eq!(browser.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn more_parameters_than_any_request_has_are_refused_for_their_number() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let many = format!("{}{}", App::code("app").query(), "&x".repeat(100));
    let page = browser.get(&format!("/authorize?{many}")).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("too many parameters"), "{}", page.body);
    let answer = browser.send(Method::POST, "/oauth/token", &[], Some(many)).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_request")));
    assert!(answer.body.contains("too many parameters"), "{}", answer.body);
}

#[tokio::test]
async fn the_redirect_uris_own_query_stays() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app").with("redirect_uri", "http://localhost:8080/q?x=1").with("prompt", "none");
    let answer = browser.get(&format!("/authorize?{}", app.query())).await;
    let sent = answer.sent("http://localhost:8080/q?x=1", '&');
    assert_eq!(sent.first("error"), Some("login_required"));
}

#[tokio::test]
async fn resource_names_the_api_as_audience_does() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app").with("resource", "https://api.example/");
    let tokens = app.tokens(&browser).await;
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["aud"], "https://api.example/");
}

#[tokio::test]
async fn scopes_of_another_api_are_dropped_and_the_answer_says_so() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app")
        .with("audience", "https://other.example/")
        .with("scope", "openid read:reports write:reports fly");
    assert_eq!(app.tokens(&browser).await["scope"], "openid read:reports");
}

/// RFC 9068 §3. Clients that can name no API (MSAL) got a token for none, and without the scopes they asked for.
#[tokio::test]
async fn a_client_that_names_no_api_got_tokens_for_none() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let named = "openid write:reports offline_access";
    for scope in [named, "openid read:reports write:reports"] {
        let tokens = App::code("app").with("scope", scope).tokens(&browser).await;
        let claims = claims(tokens["access_token"].as_str().unwrap());
        assert_eq!((&claims["aud"], &claims["scope"]), (&"https://api.example/".into(), &scope.into()));
        assert_eq!(
            (&tokens["scope"], &tokens["expires_in"]),
            (&scope.into(), &40.into()),
            "as for the API that is named"
        );
        assert_eq!(tokens["refresh_token"].is_string(), scope == named);
    }
    let tokens = App::code("app").tokens(&browser).await;
    let own = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(own["aud"], format!("{}userinfo", server.issuer()), "no API's scope, no API");
}

/// Two APIs have `read:reports`, and none has all of the last ones.
#[tokio::test]
async fn scopes_that_do_not_say_which_api_they_are_for_are_refused_with_what_to_add() {
    let config = config().replacen(r#"scopes = "read:reports""#, r#"scopes = "read:reports fly""#, 1);
    let server = Server::with(&config).await;
    let browser = Browser::of(&server);
    for scope in ["openid read:reports", "openid write:reports fly"] {
        let app = App::code("app").with("scope", scope);
        let sent = browser.get(&format!("/authorize?{}", app.query())).await.sent(CALLBACK, '?');
        assert_eq!(sent.first("error"), Some("invalid_scope"), "{scope}");
        assert!(sent.first("error_description").unwrap().contains("audience or resource"), "{scope}");
        let named = app.with("resource", "https://api.example/");
        assert!(named.tokens(&browser).await["scope"].as_str().unwrap().contains(":reports"), "{scope}");
    }
}

/// As npm's `grant` asks unless it is told otherwise. What was wrong with them was not said.
#[tokio::test]
async fn scopes_with_commas_between_them_were_refused_without_a_hint_at_the_comma() {
    let server = Server::start().await;
    let app = App::code("app").with("scope", "openid,profile");
    let sent = Browser::of(&server).get(&format!("/authorize?{}", app.query())).await.sent(CALLBACK, '?');
    assert_eq!(sent.first("error"), Some("invalid_scope"));
    assert!(sent.first("error_description").unwrap().contains("separated by spaces"), "RFC 6749 §3.3");
}

/// PyIceberg asks for `catalog` unless it is told otherwise, and was told of spaces that it needs none of.
#[tokio::test]
async fn a_scope_that_nobody_knows_was_refused_without_a_hint_at_those_that_are() {
    let server = Server::start().await;
    let app = App::code("app").with("scope", "catalog");
    let sent = Browser::of(&server).get(&format!("/authorize?{}", app.query())).await.sent(CALLBACK, '?');
    assert_eq!(sent.first("error"), Some("invalid_scope"));
    assert!(sent.first("error_description").unwrap().contains("scopes_supported"));
}
