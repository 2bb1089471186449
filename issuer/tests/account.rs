//! `/account`: a person sees where they are signed in, and what they allowed whom, and ends one of it or all, and nobody else's.

use std::time::Duration;

use crate::support::{Answer, App, Browser, CALLBACK, Server, config, field};

const OFFLINE: &str = "refresh_token";

async fn sign_out(browser: &Browser, page: &Answer, name: &str, value: &str) -> Answer {
    let token = field(page, "form_token");
    browser.post("/account/sign-out", &[("form_token", &token), (name, value)]).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    let query = App::offline("app").with("prompt", "none").query();
    browser.get(&format!("/authorize?{query}")).await.sent(CALLBACK, '?').has("code")
}

async fn refresh_token(browser: &Browser) -> String {
    App::offline("app").tokens(browser).await[OFFLINE].as_str().unwrap().to_owned()
}

async fn status(browser: &Browser, token: &str) -> u16 {
    App::refresh(browser, token).await.status
}

#[tokio::test]
async fn browsers_and_applications_are_listed_with_their_times() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    refresh_token(&browser).await;
    Browser::of(&server).authorize_as("bob", &App::offline("app").query()).await;
    server.clock.advance(Duration::from_secs(120));
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    for words in ["Ann Example", "Demo App", "this browser", "signed in 2 minutes ago, last used 2 minutes ago"] {
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
    }
    // Of two alike, the one in hand was known by sight alone.
    assert!(page.body.contains(r#", this browser, signed in 2 minutes ago">Sign out"#), "{}", page.body);
    assert_eq!(page.body.matches(r#"name="browser""#).count(), 1, "nobody else's");
    assert_eq!(page.body.matches(r#"name="application""#).count(), 1);
}

#[tokio::test]
async fn one_application_is_signed_out_and_the_others_go_on() {
    let server = Server::start().await;
    let (browser, phone) = (Browser::of(&server), Browser::of(&server));
    let older = refresh_token(&phone).await;
    server.clock.advance(Duration::from_secs(10));
    let newer = refresh_token(&browser).await;
    let page = browser.get("/account").await;
    let answer = sign_out(&browser, &page, "application", &field(&page, "application")).await;
    assert_eq!(answer.location().as_deref(), Some("/account"));
    assert_eq!(status(&browser, &newer).await, 400, "the one used last stands first");
    assert_eq!(status(&phone, &older).await, 200);
    assert!(is_signed_in(&browser).await && is_signed_in(&phone).await);
}

#[tokio::test]
async fn one_browser_is_signed_out_with_all_that_was_granted_there() {
    let server = Server::start().await;
    let (browser, phone) = (Browser::of(&server), Browser::of(&server));
    let token = refresh_token(&phone).await;
    server.clock.advance(Duration::from_secs(10));
    let kept = refresh_token(&browser).await;
    let page = browser.get("/account").await;
    let (_, second) = page.body.split_once("this browser").unwrap();
    let other = Answer { body: second.to_owned(), ..browser.get("/account").await };
    sign_out(&browser, &page, "browser", &field(&other, "browser")).await;
    assert!(is_signed_in(&browser).await && !is_signed_in(&phone).await);
    assert_eq!(status(&phone, &token).await, 400);
    assert_eq!(status(&browser, &kept).await, 200);
}

#[tokio::test]
async fn one_application_is_signed_out_everywhere_and_the_others_go_on() {
    let with_another = config().replacen(r#"client_id = "app""#, r#"client_id = "second""#, 1);
    let (_, second) = with_another.split_once("[[client]]").unwrap();
    let (second, _) = second.split_once("[[client]]").unwrap();
    let server = Server::with(&format!("{}\n[[client]]{second}", config())).await;
    let (browser, phone) = (Browser::of(&server), Browser::of(&server));
    let here = refresh_token(&browser).await;
    let page = browser.get("/account").await;
    assert!(!page.body.contains("everywhere_at"), "there is one place alone");
    let there = refresh_token(&phone).await;
    let other = App::offline("second").tokens(&browser).await[OFFLINE].as_str().unwrap().to_owned();
    let page = browser.get("/account").await;
    assert!(page.body.contains("Sign out of Demo App everywhere"), "{}", page.body);
    sign_out(&browser, &page, "everywhere_at", "app").await;
    assert_eq!((status(&browser, &here).await, status(&phone, &there).await), (400, 400));
    let fields = [("grant_type", "refresh_token"), ("client_id", "second"), ("refresh_token", other.as_str())];
    assert_eq!(browser.post_with("/oauth/token", &fields, &[]).await.status, 200);
    assert!(is_signed_in(&browser).await && is_signed_in(&phone).await);
}

#[tokio::test]
async fn everywhere_is_everywhere_and_this_person_alone() {
    let server = Server::start().await;
    let (browser, phone, bobs) = (Browser::of(&server), Browser::of(&server), Browser::of(&server));
    let tokens = [refresh_token(&browser).await, refresh_token(&phone).await];
    let unused = App::offline("app").fresh_code(&phone).await;
    bobs.authorize_as("bob", &App::offline("app").query()).await;
    let page = browser.get("/account").await;
    let answer = sign_out(&browser, &page, "everywhere", "yes").await;
    assert!(answer.body.contains("signed out everywhere"), "{}", answer.body);
    assert!(browser.cookie("evergrant-session").is_none());
    for token in &tokens {
        assert_eq!(status(&browser, token).await, 400);
    }
    assert_eq!(App::redeem(&phone, "app", &unused).await.status, 400, "a code on its way");
    assert!(!is_signed_in(&browser).await && !is_signed_in(&phone).await && is_signed_in(&bobs).await);
}

#[tokio::test]
async fn a_forged_post_and_somebody_elses_sign_in_change_nothing() {
    let server = Server::start().await;
    let (browser, bobs) = (Browser::of(&server), Browser::of(&server));
    let token = refresh_token(&browser).await;
    let page = browser.get("/account").await;
    let id = field(&page, "application");
    let good = field(&page, "form_token");
    let fields = [("form_token", good.as_str()), ("application", id.as_str())];
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(browser.post_with("/account/sign-out", &fields, &foreign).await.status, 403);
    let wrong = [("form_token", "made-up"), ("application", id.as_str())];
    assert_eq!(browser.post("/account/sign-out", &wrong).await.status, 403);
    assert_eq!(sign_out(&browser, &page, "nothing", "x").await.status, 400);

    bobs.authorize_as("bob", &App::offline("app").query()).await;
    let bobs_page = bobs.get("/account").await;
    sign_out(&bobs, &bobs_page, "application", &id).await;
    sign_out(&bobs, &bobs_page, "browser", &field(&page, "browser")).await;
    assert!(is_signed_in(&browser).await);
    assert_eq!(status(&browser, &token).await, 200);
}

async fn is_asked(browser: &Browser, query: &str) -> bool {
    browser.get(&format!("/authorize?{query}")).await.location().unwrap().starts_with("/consent?")
}

/// It was remembered for good, and nobody could take it back.
#[tokio::test]
async fn what_an_application_was_allowed_could_not_be_taken_back() {
    let second = format!("[[client]]{}", config().split("[[client]]").nth(1).unwrap()).replace("\"app\"", "\"second\"");
    let server = Server::with(&format!("{}\n{}", config(), second.replace("Demo App", "Second <App>"))).await;
    let (browser, phone, bobs) = (Browser::of(&server), Browser::of(&server), Browser::of(&server));
    let reports = App::offline("app").with("scope", "openid profile offline_access read:reports write:reports");
    let tokens = [reports.tokens(&browser).await, reports.tokens(&phone).await];
    server.clock.advance(Duration::from_secs(120));
    let (other, query) = (App::offline("second"), reports.query());
    let kept = other.tokens(&browser).await;
    bobs.authorize_as("bob", &query).await;

    let page = browser.get("/account").await;
    let (_, allowed) = page.body.split_once("What you allowed").unwrap();
    for words in [
        "<bdi>Demo App</bdi>",
        "allowed 2 minutes ago to",
        "<li>know that it is you who signs in</li>",
        "<li>see your name and picture</li>",
        r#"<li>see the &#60;team&#39;s&#62; expenses <span class="muted">(Expenses API)</span></li>"#,
        "<li>use Expenses API: <code>write:reports</code></li>",
        r#"aria-label="Withdraw what you allowed Demo App">Withdraw</button>"#,
        r#"aria-label="Withdraw what you allowed Second &#60;App&#62;">Withdraw</button>"#,
        "allowed just now to",
    ] {
        assert!(allowed.contains(words), "{words} is not in {allowed}");
    }
    let form_token = field(&page, "form_token");
    let form = [("form_token", form_token.as_str()), ("client_id", "app")];
    for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        assert_eq!(browser.post_with("/account/withdraw", &form, &[foreign]).await.status, 403);
    }
    let of_bob = field(&bobs.get("/account").await, "form_token");
    for wrong in [of_bob.as_str(), "made-up"] {
        let form = [("form_token", wrong), ("client_id", "app")];
        assert_eq!(browser.post("/account/withdraw", &form).await.status, 403);
    }
    assert_eq!(browser.post("/account/withdraw", &[("client_id", "app")]).await.status, 403);
    assert_eq!(browser.post("/account/withdraw", &form[..1]).await.status, 400);
    assert!(!is_asked(&browser, &query).await);

    assert_eq!(browser.post("/account/withdraw", &form).await.location().as_deref(), Some("/account"));
    assert!(is_asked(&browser, &query).await && !is_asked(&bobs, &query).await);
    assert!(!is_asked(&browser, &other.query()).await, "it is still signed in, and another is allowed what it was");
    for tokens in &tokens {
        assert_eq!(status(&browser, tokens[OFFLINE].as_str().unwrap()).await, 400);
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let answer = browser.send(reqwest::Method::GET, "/userinfo", &[("authorization", &bearer)], None).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    let fields = [("grant_type", "refresh_token"), ("client_id", "second"), (OFFLINE, kept[OFFLINE].as_str().unwrap())];
    assert_eq!(browser.post_with("/oauth/token", &fields, &[]).await.status, 200);
    let page = browser.get("/account").await;
    assert!(!page.body.contains("Demo App") && page.body.contains("Second"), "{}", page.body);
    // Pressed twice, or on a page that is out of date.
    assert_eq!(browser.post("/account/withdraw", &form).await.status, 303);
}

/// One that was taken out of the configuration is asked for by its identifier, and its API by its own.
#[tokio::test]
async fn what_was_allowed_under_another_configuration_can_be_withdrawn() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let server = Server::launch(&config(), &database, 0, false).await;
    let browser = Browser::of(&server);
    App::offline("app").tokens(&browser).await;
    let other = config().replace(r#"client_id = "app""#, r#"client_id = "new""#);
    let other = other.replace("https://api.example/", "https://new.example/");
    let port = server.kill().await;
    let _server = Server::launch(&other, &database, port, false).await;
    let page = browser.get("/account").await;
    for words in ["<bdi>app</bdi>", "use https://api.example/: <code>read:reports</code>"] {
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
    }
    let form = [("form_token", field(&page, "form_token")), ("client_id", "app".to_owned())];
    browser.post("/account/withdraw", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    let page = browser.get("/account").await;
    assert!(page.body.contains(r#"<p class="muted">Nothing.</p>"#), "{}", page.body);
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_see() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    assert!(browser.get("/account").await.body.contains("Nobody is signed in"));
    assert!(browser.post("/account/sign-out", &[("everywhere", "yes")]).await.body.contains("Nobody is signed in"));
    assert!(browser.post("/account/withdraw", &[("client_id", "app")]).await.body.contains("Nobody is signed in"));
}
