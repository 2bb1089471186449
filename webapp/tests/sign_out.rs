//! `POST /sign-out`: only a page of this session may, and then everything ends.

use reqwest::{Method, Url};

use crate::support::{Browser, World};

async fn signed_in(world: &World) -> (Browser, String) {
    let browser = Browser::new();
    let begun = browser.get(&format!("{}/sign-in", world.web_app)).await;
    let page = browser.follow(begun, "").await;
    assert_eq!(browser.submit(&page, |_| ()).await.status, 303);
    let form_token = browser.get(&world.web_app).await.field("form_token").unwrap();
    (browser, form_token)
}

#[tokio::test]
async fn the_session_ends_here_and_the_person_goes_to_the_issuer() {
    let world = World::start().await;
    let (browser, form_token) = signed_in(&world).await;
    let session = browser.cookie(&world.web_app, "evergrant-web").unwrap();
    let answer = browser.post(&format!("{}/sign-out", world.web_app), &[("form_token", &form_token)]).await;
    assert_eq!(answer.status, 303);
    let location: Url = answer.location().unwrap().parse().unwrap();
    assert!(location.as_str().starts_with(&format!("{}/oidc/logout?", world.issuer)), "{}", location.path());
    let names: Vec<String> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["client_id", "id_token_hint", "post_logout_redirect_uri"]);

    let back = browser.get(location.as_str()).await;
    assert_eq!(back.location().as_deref(), Some(format!("{}/", world.web_app).as_str()), "{}", back.body);
    browser.set_cookie(&world.web_app, "evergrant-web", &session);
    assert!(browser.get(&world.web_app).await.body.contains("Nobody is signed in"), "the old cookie opens nothing");
}

#[tokio::test]
async fn another_page_cannot_sign_anybody_out() {
    let world = World::start().await;
    let (browser, form_token) = signed_in(&world).await;
    let url = format!("{}/sign-out", world.web_app);
    let form = format!("form_token={form_token}");
    let attempts: [(&[(&str, &str)], &str); 5] = [
        (&[], "form_token=another"),
        (&[], ""),
        (&[("sec-fetch-site", "cross-site")], &form),
        (&[("sec-fetch-site", "same-site")], &form),
        (&[("origin", "http://localhost:8080")], &form),
    ];
    for (headers, body) in attempts {
        let answer = browser.send(Method::POST, &url, headers, Some(body.to_owned())).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    assert!(browser.get(&world.web_app).await.body.contains("Signed in as"));
}

#[tokio::test]
async fn an_issuer_that_is_down_keeps_nobody_signed_in() {
    let world = World::start().await;
    let (browser, form_token) = signed_in(&world).await;
    world.kill_issuer().await;
    let answer = browser.post(&format!("{}/sign-out", world.web_app), &[("form_token", &form_token)]).await;
    assert_eq!(answer.status, 502);
    assert!(answer.body.contains("the issuer could not be told"), "{}", answer.body);
    assert!(browser.get(&world.web_app).await.body.contains("Nobody is signed in"));
}
