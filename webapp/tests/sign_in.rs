//! `GET /sign-in` and `POST /callback`: the hybrid flow, and what does not pass.

use std::collections::BTreeMap;

use crate::support::{Answer, Browser, World};

/// The page by which the issuer posts its response, as it stands.
async fn response(world: &World, browser: &Browser) -> Answer {
    let begun = browser.get(&format!("{}/sign-in", world.web_app)).await;
    let page = browser.follow(begun, "").await;
    assert!(page.field("id_token").is_some(), "{}", page.url.path());
    page
}

#[tokio::test]
async fn somebody_signs_in_and_their_tokens_stay_on_the_server() {
    let (world, browser) = (World::start().await, Browser::new());
    let page = response(&world, &browser).await;
    let answer = browser.submit(&page, |_| ()).await;
    assert_eq!((answer.status, answer.location().as_deref()), (303, Some("/expenses")));
    let cookies = answer.set_cookies();
    let session = cookies.iter().find(|cookie| cookie.starts_with("evergrant-web=")).unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(attribute), "{session}");
    }
    assert!(!session.contains("eyJ"), "no token is in the cookie");
    assert!(cookies.iter().any(|cookie| cookie.contains("sign-in-") && cookie.contains("Max-Age=0")), "{cookies:?}");

    let home = browser.get(&world.web_app).await;
    assert!(home.body.contains("Signed in as <bdi>Tess Tester</bdi>"), "{}", home.body);
    assert!(!home.body.contains("eyJ"), "no token is in the page");
}

#[tokio::test]
async fn pages_have_no_script_and_strict_headers() {
    let (world, browser) = (World::start().await, Browser::new());
    let home = browser.get(&world.web_app).await;
    assert!(!home.body.contains("<script"));
    let policy = home.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(home.header("cache-control"), Some("no-store"));
    assert_eq!(home.header("x-content-type-options"), Some("nosniff"));
    let stylesheet = home.body.split_once("stylesheet\" href=\"").unwrap().1.split('"').next().unwrap();
    assert_eq!(browser.get(&format!("{}{stylesheet}", world.web_app)).await.status, 200);
}

/// Chromium stops a redirect that follows a post and that `form-action` does not name.
#[tokio::test]
async fn a_provider_may_end_sessions_at_another_origin() {
    let (world, browser) = (World::start().await, Browser::new());
    let home = browser.get(&world.web_app).await;
    assert!(!home.header("content-security-policy").unwrap().contains("form-action"));
}

#[tokio::test]
async fn a_response_in_another_browser_is_refused() {
    let (world, browser) = (World::start().await, Browser::new());
    let page = response(&world, &browser).await;
    let other = Browser::new();
    let answer = other.submit(&page, |_| ()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("begun in another browser"), "{}", answer.body);
    assert!(other.get(&world.web_app).await.body.contains("Nobody is signed in"));
}

#[tokio::test]
async fn a_response_is_good_once() {
    let (world, browser) = (World::start().await, Browser::new());
    let page = response(&world, &browser).await;
    assert_eq!(browser.submit(&page, |_| ()).await.status, 303);
    assert_eq!(browser.submit(&page, |_| ()).await.status, 400);
}

#[tokio::test]
async fn what_was_changed_on_the_way_is_refused_and_nobody_is_signed_in() {
    let world = World::start().await;
    // A code and an ID token of another sign-in, good in themselves.
    let other = response(&world, &Browser::new()).await;
    let of_the_other = |name| other.field(name);
    let changes = [
        ("another sign-in's code", "code", of_the_other("code"), 502),
        ("another sign-in's ID token", "id_token", of_the_other("id_token"), 502),
        ("no ID token", "id_token", None, 502),
        ("another issuer", "iss", Some("https://elsewhere.example/".to_owned()), 502),
        ("another sign-in's state", "state", of_the_other("state"), 400),
        ("a refusal", "error", Some("access_denied".to_owned()), 403),
    ];
    for (what, name, value, status) in changes {
        let browser = Browser::new();
        let page = response(&world, &browser).await;
        let answer = browser.submit(&page, |fields| change(fields, name, value.clone())).await;
        assert_eq!(answer.status, status, "{what}: {}", answer.body);
        assert!(browser.get(&world.web_app).await.body.contains("Nobody is signed in"), "{what}");
    }
}

fn change(fields: &mut BTreeMap<String, String>, name: &str, value: Option<String>) {
    match value {
        Some(value) => fields.insert(name.to_owned(), value),
        None => fields.remove(name),
    };
}

#[tokio::test]
async fn two_tabs_sign_in_at_once() {
    let (world, browser) = (World::start().await, Browser::new());
    let (first, second) = (response(&world, &browser).await, response(&world, &browser).await);
    assert_eq!(browser.submit(&first, |_| ()).await.status, 303);
    assert_eq!(browser.submit(&second, |_| ()).await.status, 303);
}

/// Another site's page with a hundred images had a browser begin as many sign-ins, and keep a cookie of each.
#[tokio::test]
async fn sign_ins_that_another_page_had_begun_filled_the_browser_with_cookies() {
    let (world, browser) = (World::start().await, Browser::new());
    let first = response(&world, &browser).await;
    for _ in 0..5 {
        response(&world, &browser).await;
    }
    assert_eq!(browser.submit(&first, |_| ()).await.status, 303, "a few at once are nothing unusual");
    for _ in 0..30 {
        browser.get(&format!("{}/sign-in", world.web_app)).await;
    }
    let last = response(&world, &browser).await;
    let names = browser.cookie_names(&world.web_app);
    assert_eq!(names.iter().filter(|name| name.contains("sign-in-")).count(), 8, "{names:?}");
    assert!(names.contains(&"evergrant-web".to_owned()));
    assert_eq!(browser.submit(&last, |_| ()).await.status, 303, "the newest goes on");
}

#[tokio::test]
async fn a_sign_in_gives_the_session_another_name() {
    let (world, browser) = (World::start().await, Browser::new());
    browser.set_cookie(&world.web_app, "evergrant-web", "planted");
    let page = response(&world, &browser).await;
    browser.submit(&page, |_| ()).await;
    let name = browser.cookie(&world.web_app, "evergrant-web").unwrap();
    assert_ne!(name, "planted");
    let again = response(&world, &browser).await;
    browser.submit(&again, |_| ()).await;
    assert_ne!(browser.cookie(&world.web_app, "evergrant-web").unwrap(), name);
    let old = Browser::new();
    old.set_cookie(&world.web_app, "evergrant-web", &name);
    assert!(old.get(&world.web_app).await.body.contains("Nobody is signed in"), "the session before is over");
}

#[tokio::test]
async fn an_issuer_that_is_down_is_told_in_words() {
    let (world, browser) = (World::start().await, Browser::new());
    world.kill_issuer().await;
    let answer = browser.get(&format!("{}/sign-in", world.web_app)).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("cannot be reached"), "{}", answer.body);
}

#[tokio::test]
async fn an_api_that_is_down_is_told_in_words_and_nobody_is_signed_out() {
    let (world, browser) = (World::start().await, Browser::new());
    let expenses = format!("{}/expenses", world.web_app);
    assert_eq!(browser.get(&expenses).await.location().as_deref(), Some("/sign-in"), "it needs somebody signed in");
    let page = response(&world, &browser).await;
    browser.submit(&page, |_| ()).await;
    let answer = browser.get(&expenses).await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("the expenses API cannot be reached"), "{}", answer.body);
    assert!(browser.get(&world.web_app).await.body.contains("Signed in as"));
}

#[tokio::test]
async fn the_callback_opened_by_hand_leads_home() {
    let (world, browser) = (World::start().await, Browser::new());
    let answer = browser.get(&format!("{}/callback", world.web_app)).await;
    assert_eq!((answer.status, answer.location().as_deref()), (303, Some("/")));
}
