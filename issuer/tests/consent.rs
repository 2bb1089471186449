//! `GET|POST /consent`: asked once, remembered by person, client, API and scope, and refusable.

use std::time::Duration;

use crate::support::{App, Browser, CALLBACK, STATE, Server, field};

/// Goes to the consent page; its interaction and text.
async fn asked(browser: &Browser, app: &App) -> (String, String) {
    let mut answer = browser.get(&format!("/authorize?{}", app.query())).await;
    if answer.location().unwrap().starts_with("/sign-in") {
        answer = browser.sign_in(&answer.interaction().unwrap(), "ann").await;
    }
    let path = answer.location().unwrap();
    assert!(path.starts_with("/consent?"), "{path}");
    (answer.interaction().unwrap(), browser.get(&path).await.body)
}

async fn is_asked(browser: &Browser, app: &App) -> bool {
    let answer = browser.get(&format!("/authorize?{}", app.query())).await;
    answer.location().unwrap().starts_with("/consent?")
}

#[tokio::test]
async fn the_page_says_who_asks_for_what() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app")
        .with("audience", "https://api.example/")
        .with("scope", "openid email read:reports write:reports");
    let (_, page) = asked(&browser, &app).await;
    let described = "see the &#60;team&#39;s&#62; expenses";
    for words in [
        "Demo App",
        "Ann Example",
        "e-mail address",
        described,
        "read:reports",
        "use Expenses API: <code>write:reports",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("your name and picture"), "not asked for");
    assert!(page.contains(r#"name="decision" value="allow""#) && page.contains(r#"name="decision" value="deny""#));
}

/// In letters that run from right to left, the application's name stood where the person's is looked for.
#[tokio::test]
async fn names_beside_each_other_changed_places() {
    let server = Server::start().await;
    let (_, page) = asked(&Browser::of(&server), &App::code("app")).await;
    assert!(page.contains("signed in as <bdi>Ann Example</bdi>. <bdi>Demo App</bdi> asks to"), "{page}");
}

#[tokio::test]
async fn it_is_remembered_for_what_was_allowed_and_for_no_more() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    app.tokens(&browser).await;
    assert!(!is_asked(&browser, &app).await);
    assert!(!is_asked(&browser, &app.clone().with("scope", "openid")).await, "less");
    let reports = app.clone().with("audience", "https://api.example/").with("scope", "openid read:reports");
    assert!(is_asked(&browser, &reports).await, "more");
    reports.tokens(&browser).await;
    assert!(!is_asked(&browser, &reports).await);
    let elsewhere = reports.with("audience", "https://other.example/");
    assert!(is_asked(&browser, &elsewhere).await, "the same word at another API");
    assert!(is_asked(&browser, &app.with("prompt", "consent")).await, "asked for");

    let bob = Browser::of(&server);
    let answer = bob.get(&format!("/authorize?{}", App::code("app").query())).await;
    let answer = bob.sign_in(&answer.interaction().unwrap(), "bob").await;
    assert!(answer.location().unwrap().starts_with("/consent?"), "somebody else");
}

#[tokio::test]
async fn no_is_an_answer_and_is_not_remembered() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("app");
    let (interaction, _) = asked(&browser, &app).await;
    let sent = browser.decide(&interaction, "deny").await.sent(CALLBACK, '?');
    assert_eq!(sent.first("error"), Some("access_denied"));
    assert_eq!(sent.first("state"), Some(STATE));
    assert_eq!(sent.first("code"), None);
    assert!(is_asked(&browser, &app).await);
}

#[tokio::test]
async fn ones_own_applications_ask_nothing() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let answer = browser.get(&format!("/authorize?{}", App::code("trusted").query())).await;
    let answer = browser.sign_in(&answer.interaction().unwrap(), "ann").await;
    assert!(answer.sent(CALLBACK, '?').first("code").is_some());
}

#[tokio::test]
async fn an_answer_counts_for_half_a_minute_and_from_the_issuers_own_page() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let (interaction, _) = asked(&browser, &App::code("app")).await;
    let fields = [("interaction", interaction.as_str()), ("decision", "allow")];
    for foreign in [
        vec![("sec-fetch-site", "cross-site"), ("origin", server.url.as_str())],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
    ] {
        let answer = browser.post_with("/consent", &fields, &foreign).await;
        assert_eq!((answer.status, answer.location()), (403, None), "{foreign:?}");
    }
    assert!(browser.decide(&interaction, "allow").await.sent(CALLBACK, '?').has("code"));
    assert_eq!(browser.get(&format!("/consent?interaction={interaction}")).await.status, 400);
    server.clock.advance(Duration::from_secs(29));
    assert!(browser.decide(&interaction, "allow").await.sent(CALLBACK, '?').has("code"), "pressed twice");
    server.clock.advance(Duration::from_secs(1));
    let again = browser.decide(&interaction, "allow").await;
    assert_eq!((again.status, again.location()), (400, None));
}

/// The page said who allows it; whoever had signed in since then, in another tab, allowed it.
#[tokio::test]
async fn a_yes_of_one_person_was_taken_for_that_of_another_who_signed_in_meanwhile() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let (interaction, _) = asked(&browser, &App::code("app")).await;
    let page = browser.get(&format!("/consent?interaction={interaction}")).await;
    assert!(page.body.contains("Ann Example"), "{}", page.body);
    browser.authorize_as("bob", &App::code("trusted").with("prompt", "login").query()).await;

    let form_token = field(&page, "form_token");
    let yes = [("interaction", interaction.as_str()), ("form_token", &form_token), ("decision", "allow")];
    let answer = browser.post("/consent", &yes).await;
    let again = answer.location().unwrap();
    assert!(again.starts_with("/consent?"), "{again}");
    let page = browser.get(&again).await;
    assert!(page.body.contains("Bob Example"), "{}", page.body);
    let form_token = field(&page, "form_token");
    let yes = [("interaction", interaction.as_str()), ("form_token", &form_token), ("decision", "allow")];
    // Whoever the page names may have signed in again.
    browser.authorize_as("bob", &App::code("trusted").with("prompt", "login").query()).await;
    assert!(browser.post("/consent", &yes).await.sent(CALLBACK, '?').has("code"));
}

#[tokio::test]
async fn without_a_session_yes_means_nothing() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let (interaction, _) = asked(&browser, &App::code("app")).await;
    browser.set_cookie("evergrant-session", "somebody-elses");
    let answer = browser.decide(&interaction, "allow").await;
    assert!(answer.location().unwrap().starts_with("/sign-in?"));
}
