//! `GET /expenses` with an access token that has expired: refreshed first, once for all who ask.

use std::time::{Duration, Instant};

use crate::support::{Browser, World};

#[tokio::test]
async fn requests_at_once_share_one_refresh_and_the_session_goes_on() {
    let (world, browser) = (World::with_short_tokens().await, Browser::new());
    let begun = browser.get(&format!("{}/sign-in", world.web_app)).await;
    let page = browser.follow(begun, "").await;
    assert_eq!(browser.submit(&page, |_| ()).await.status, 303);

    let expenses = format!("{}/expenses", world.web_app);
    let started = Instant::now();
    // Over several expiries. The issuer takes a refresh token that comes a second time for stolen, and ends the session.
    while refreshes(&world, &browser, "Accepted").await < 3 {
        assert!(started.elapsed() < Duration::from_secs(30), "the token is not refreshed");
        let answers = tokio::join!(browser.get(&expenses), browser.get(&expenses), browser.get(&expenses));
        for answer in [answers.0, answers.1, answers.2] {
            assert_eq!(answer.status, 503, "{}", answer.body);
            assert!(answer.body.contains("the expenses API cannot be reached"), "{}", answer.body);
        }
    }
    assert_eq!(refreshes(&world, &browser, "Replayed").await, 0);
}

/// The used refresh token was presented again when the person came back, and the issuer took it for stolen.
#[tokio::test]
async fn an_answer_of_the_issuers_that_was_lost_cost_the_session() {
    let (world, browser) = (World::with_first_refresh_lost().await, Browser::new());
    let begun = browser.get(&format!("{}/sign-in", world.web_app)).await;
    let page = browser.follow(begun, "").await;
    assert_eq!(browser.submit(&page, |_| ()).await.status, 303);

    let started = Instant::now();
    while refreshes(&world, &browser, "Accepted").await < 2 {
        assert!(started.elapsed() < Duration::from_secs(30), "the token is not refreshed");
        let answer = browser.get(&format!("{}/expenses", world.web_app)).await;
        assert!(answer.body.contains("the expenses API cannot be reached"), "{}", answer.body);
    }
    assert_eq!((refreshes(&world, &browser, "Repeated").await, refreshes(&world, &browser, "Replayed").await), (1, 0));
}

/// How many refresh tokens came to the issuer and had this outcome, by its own count.
async fn refreshes(world: &World, browser: &Browser, outcome: &str) -> u64 {
    let metrics = browser.get(&format!("{}/metrics", world.issuer)).await.body;
    let name = format!("evergrant_refresh_tokens_total{{outcome=\"{outcome}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}
