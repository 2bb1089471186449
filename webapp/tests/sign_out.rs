//! `POST /sign-out`: only a page of this session may, and then everything ends.

use std::time::Duration;

use reqwest::{Method, Url};
use tokio::time::timeout;

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

/// An end to waiting.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until so many refresh tokens are good at the issuer.
async fn are_left(world: &World, number: usize) {
    let left = timeout(PATIENCE, async {
        while world.refresh_tokens().await != number {
            tokio::task::yield_now().await;
        }
    });
    left.await.unwrap_or_else(|_| panic!("{number} should be left"));
}

/// It was good for as long as it could be, and nobody had it any more.
#[tokio::test]
async fn who_closed_the_page_while_they_signed_out_left_their_refresh_token_behind() {
    let (world, held) = World::with_held_revocations().await;
    let (browser, form_token) = signed_in(&world).await;
    assert_eq!(world.refresh_tokens().await, 1);
    let url = format!("{}/sign-out", world.web_app);
    let fields = [("form_token", form_token.as_str())];
    tokio::select! {
        _ = browser.post(&url, &fields) => panic!("the issuer has not answered"),
        arrived = held.arrived.acquire() => arrived.unwrap().forget(),
    }
    // Until the web app has seen that the browser is gone.
    for _ in 0..20 {
        Browser::new().get(&world.web_app).await;
    }
    held.let_go.add_permits(1);
    are_left(&world, 0).await;
}

#[tokio::test]
async fn who_signed_in_again_left_the_refresh_token_before_behind() {
    let world = World::start().await;
    let (browser, _) = signed_in(&world).await;
    assert_eq!(world.refresh_tokens().await, 1);
    let begun = browser.get(&format!("{}/sign-in", world.web_app)).await;
    let page = browser.follow(begun, "").await;
    assert_eq!(browser.submit(&page, |_| ()).await.status, 303);
    are_left(&world, 1).await;
    assert!(browser.get(&world.web_app).await.body.contains("Signed in as"));
}
