//! Who tries too often is told to wait, by address, by person and by client; and nobody else is.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Answer, App, Browser, PASSWORD, Server, config};

type Fields<'a> = [(&'a str, &'a str)];

const SERVER: [(&str, &str); 2] = [("client_id", "server"), ("client_secret", "s3cret")];

fn with_limits(limits: &str) -> String {
    config().replace("[lifetimes]", &format!("[limits]\n{limits}\n\n[lifetimes]"))
}

async fn password_grant(browser: &Browser, username: &str, password: &str, headers: &Fields<'_>) -> Answer {
    let fields = [("grant_type", "password"), ("username", username), ("password", password), ("scope", "openid")];
    browser.post_with("/oauth/token", &[&fields[..], &SERVER].concat(), headers).await
}

/// 429 with a time to come back at, and the RFC's words.
fn assert_held_back(answer: &Answer) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (429, Some("temporarily_unavailable")));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_person_and_an_address_are_held_back_at_the_token_endpoint_as_on_the_page() {
    let server = Server::with(&with_limits("sign_ins_per_person = 2\nsign_ins_per_address = 5")).await;
    let browser = Browser::of(&server);
    for _ in 0..2 {
        assert_eq!(password_grant(&browser, "ann", "guess", &[]).await.status, 400);
    }
    assert_held_back(&password_grant(&browser, "ann", PASSWORD, &[]).await);
    assert_eq!(password_grant(&browser, "bob", PASSWORD, &[]).await.status, 200, "another person");
    password_grant(&browser, "eve", PASSWORD, &[]).await;
    assert_held_back(&password_grant(&browser, "joe", PASSWORD, &[]).await);
}

#[tokio::test]
async fn only_failures_hold_a_person_back() {
    let server = Server::with(&with_limits("sign_ins_per_person = 2")).await;
    let browser = Browser::of(&server);
    for _ in 0..4 {
        assert_eq!(password_grant(&browser, "ann", "guess", &[]).await.status, 400);
        assert_eq!(password_grant(&browser, "ann", PASSWORD, &[]).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_that_fails_too_often_is_held_back_with_the_right_secret_as_well() {
    let server = Server::with(&with_limits("failures_per_client = 3")).await;
    let browser = Browser::of(&server);
    let call = async |path: &str, fields: &Fields<'_>| browser.post_with(path, fields, &[]).await;
    let own = [&SERVER[..], &[("grant_type", "client_credentials")]].concat();
    assert_eq!(call("/oauth/token", &own).await.status, 200);
    // Wherever it authenticates, it is one count.
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        let guess = [("client_id", "server"), ("client_secret", "guess"), ("grant_type", "client_credentials")];
        assert_eq!(call(path, &guess).await.json()["error"], "invalid_client", "{path}");
    }
    for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        assert_held_back(&call(path, &[&own[..], &[("token", "a")]].concat()).await);
    }
    let another = [("client_id", "app"), ("token", "unknown")];
    assert_eq!(call("/oauth/revoke", &another).await.status, 200);
    for made_up in ["a", "b", "c"] {
        assert_eq!(call("/oauth/revoke", &[("client_id", made_up), ("token", "x")]).await.status, 401);
    }
    assert_held_back(&call("/oauth/revoke", &[("client_id", "d"), ("token", "x")]).await);
}

/// There is no secret to guess, and all who used the app at that address could not renew their session.
#[tokio::test]
async fn an_app_without_a_secret_was_held_back_for_those_that_somebody_made_up() {
    let server = Server::with(&with_limits("failures_per_client = 3")).await;
    let browser = Browser::of(&server);
    let tokens = App::offline("app").tokens(&browser).await;
    for _ in 0..4 {
        let fields = [("client_id", "app"), ("client_secret", "made up"), ("token", "any")];
        let answer = browser.post_with("/oauth/revoke", &fields, &[]).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
    }
    assert_eq!(App::refresh(&browser, tokens["refresh_token"].as_str().unwrap()).await.status, 200);
}

#[tokio::test]
async fn behind_a_proxy_its_word_counts_and_without_one_nobodys() {
    let from = |address: &'static str| [("x-forwarded-for", address)];
    for (limits, held_back) in [("behind_proxy = true", false), ("", true)] {
        let server = Server::with(&with_limits(&format!("sign_ins_per_address = 1\n{limits}"))).await;
        let browser = Browser::of(&server);
        password_grant(&browser, "ann", PASSWORD, &from("192.0.2.1")).await;
        let answer = password_grant(&browser, "bob", PASSWORD, &from("192.0.2.1, 192.0.2.2")).await;
        assert_eq!(answer.status == 429, held_back, "{limits}");
        assert_held_back(&password_grant(&browser, "bob", PASSWORD, &from("192.0.2.2")).await);
    }
}

/// Somebody who guesses at Ann's password from everywhere, until that is held back.
async fn guess_from_everywhere(server: &Server) {
    let guesser = Browser::of(server);
    for n in 0..=40 {
        let address = format!("192.0.2.{n}");
        if password_grant(&guesser, "ann", "guess", &[("x-forwarded-for", &address)]).await.status == 429 {
            return;
        }
    }
    panic!("nobody is held back");
}

/// Comes to the sign-in page, and sends it with this password.
async fn sign_in(browser: &Browser, username: &str, password: &str) -> Answer {
    let begun = browser.get(&format!("/authorize?{}&prompt=login", App::code("trusted").query())).await;
    let fields = [("interaction", &*begun.interaction().unwrap()), ("username", username), ("password", password)];
    browser.post("/sign-in", &fields).await
}

/// They could not sign in anywhere for as long as it went on.
#[tokio::test]
async fn whoever_guessed_from_everywhere_kept_a_person_out_of_their_own_browser() {
    let server = Server::with(&with_limits("sign_ins_per_person = 2\nbehind_proxy = true")).await;
    let (own, new) = (Browser::of(&server), Browser::of(&server));
    assert_eq!(sign_in(&own, "ann", PASSWORD).await.status, 303);
    guess_from_everywhere(&server).await;
    assert_eq!(sign_in(&new, "ann", PASSWORD).await.status, 429, "nobody knows whose it is");
    for _ in 0..3 {
        assert_eq!(sign_in(&own, "ann", "mistyped").await.status, 422);
        assert_eq!(sign_in(&own, "ann", PASSWORD).await.status, 303);
    }
    for _ in 0..2 {
        assert_eq!(sign_in(&own, "ann", "guess").await.status, 422);
    }
    assert_eq!(sign_in(&own, "ann", PASSWORD).await.status, 429, "it is guessed at here as seldom as anywhere");
}

#[tokio::test]
async fn a_browser_is_known_for_the_person_who_signed_in_there_alone() {
    let server = Server::with(&with_limits("sign_ins_per_person = 2\nbehind_proxy = true")).await;
    let bobs = Browser::of(&server);
    assert_eq!(sign_in(&bobs, "bob", PASSWORD).await.status, 303);
    guess_from_everywhere(&server).await;
    assert_eq!(sign_in(&bobs, "ann", PASSWORD).await.status, 429);
    let cookie = bobs.cookie("evergrant-known").unwrap();
    for made_up in ["", "AAAA", &"A".repeat(86), &cookie.replace(|letter: char| letter.is_lowercase(), "a")] {
        bobs.set_cookie("evergrant-known", made_up);
        assert_eq!(sign_in(&bobs, "ann", PASSWORD).await.status, 429, "{made_up}");
        assert_eq!(sign_in(&bobs, "bob", PASSWORD).await.status, 303, "and nobody else is kept out");
    }
}

/// Passwords that take their time, and limits that hold nobody back.
fn for_a_crowd() -> String {
    let costly = evergrant_issuer::passwords::hash(PASSWORD).unwrap();
    let config = with_limits("sign_ins_per_person = 1000\nsign_ins_per_address = 1000");
    let cheap = config.split_once("password_hash = \"").unwrap().1.split('"').next().unwrap();
    config.replace(cheap, &costly)
}

#[tokio::test]
async fn a_crowd_at_the_password_queue_is_sent_away_and_the_rest_is_served() {
    let server = Server::with(&for_a_crowd()).await;
    let browser = Arc::new(Browser::of(&server));
    let crowd: Vec<_> = (0..300)
        .map(|_| {
            let browser = Arc::clone(&browser);
            tokio::spawn(async move { password_grant(&browser, "ann", PASSWORD, &[]).await })
        })
        .collect();
    let (mut served, mut sent_away) = (0, 0);
    for one in crowd {
        let answer = one.await.unwrap();
        match answer.status {
            200 => served += 1,
            503 => {
                assert_eq!(answer.json()["error"], "temporarily_unavailable");
                assert!(answer.header("retry-after").is_some());
                sent_away += 1;
            }
            other => panic!("{other} {}", answer.body),
        }
    }
    assert!(served >= 64 && sent_away > 0, "{served} {sent_away}");
    assert_eq!(password_grant(&browser, "ann", PASSWORD, &[]).await.status, 200, "the crowd is gone");
}

/// Who exists could be told while many signed in at once: for unknown names alone it was not said that too many are waiting.
#[tokio::test]
async fn of_a_crowd_at_the_sign_in_page_strangers_are_sent_away_like_everybody() {
    let server = Server::with(&for_a_crowd()).await;
    let browser = Arc::new(Browser::of(&server));
    let asked = browser.get(&format!("/authorize?{}", App::code("app").query())).await;
    let interaction = asked.interaction().unwrap();
    let crowd: Vec<_> = (0..300)
        .map(|number| {
            let (browser, interaction) = (Arc::clone(&browser), interaction.clone());
            let stranger = format!("stranger-{number}");
            tokio::spawn(async move { browser.sign_in(&interaction, &stranger).await })
        })
        .collect();
    let (mut told_wrong, mut sent_away) = (0, 0);
    for one in crowd {
        match one.await.unwrap().status {
            422 => told_wrong += 1,
            429 => sent_away += 1,
            other => panic!("{other}"),
        }
    }
    assert!(told_wrong >= 64 && sent_away > 0, "{told_wrong} {sent_away}");
}

/// Opens a sign-in page as a browser that is new here; the address of the page.
async fn open(server: &Server, browser: &Browser, more: &str) -> String {
    let answer = browser.get(&format!("/authorize?{}{more}", App::code("app").query())).await;
    assert!(answer.interaction().is_some(), "{}", server.url);
    answer.location().unwrap()
}

/// An anonymous request was kept for an hour, with all that it said: a few thousand of them filled the disk.
#[tokio::test]
async fn sign_ins_that_nobody_answers_were_kept_without_a_bound() {
    let server = Server::with(&with_limits("open_interactions_per_address = 5")).await;
    let person = Browser::of(&server);
    let page = open(&server, &person, "").await;
    assert_eq!(person.get(&page).await.status, 200);
    let mut strangers = Vec::new();
    for _ in 0..12 {
        let stranger = Browser::of(&server);
        let page = open(&server, &stranger, "").await;
        strangers.push((stranger, page));
    }
    let mut left = 0;
    for (stranger, page) in &strangers {
        left += usize::from(stranger.get(page).await.status == 200);
    }
    assert_eq!(left, 4);
    let interaction = page.split("interaction=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(person.sign_in(interaction, "ann").await.status, 303, "who sat at the page still signs in");
}

#[tokio::test]
async fn sign_ins_in_all_are_bounded_and_those_of_one_browser_as_well() {
    let server = Server::with(&with_limits("open_interactions = 3")).await;
    let tabs = Browser::of(&server);
    let mut pages = Vec::new();
    for _ in 0..22 {
        // Of two in one millisecond neither is the older one; and clocks are set back by a little.
        server.clock.advance(Duration::from_secs(1));
        pages.push(open(&server, &tabs, "").await);
    }
    assert_eq!(tabs.get(&pages[1]).await.status, 400, "the oldest tab");
    assert_eq!(tabs.get(&pages[2]).await.status, 200);
    for _ in 22..501 {
        open(&server, &Browser::of(&server), "").await;
    }
    assert_eq!(tabs.get(&pages[2]).await.status, 200, "it was shown");
    assert_eq!(tabs.get(&pages[3]).await.status, 400);
}

/// What strangers added to a request was kept with it, sixty thousand bytes of it.
#[tokio::test]
async fn of_a_request_that_waits_only_what_is_read_of_it_is_kept() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let page = open(&server, &browser, &format!("&junk={}", "x".repeat(50_000))).await;
    let token = page.split("interaction=").nth(1).unwrap().split('&').next().unwrap();
    let hash = |text: &str| evergrant_issuer::secret::SecretHash::of(text);
    let browser_hash = hash(&browser.cookie("evergrant-browser").unwrap());
    let kept = server.provider.store.interaction(hash(token), browser_hash, server.clock.now()).await.unwrap().unwrap();
    assert!(kept.request.len() < 1000, "{} bytes", kept.request.len());
    let answer = browser.sign_in(token, "ann").await;
    assert!(answer.location().unwrap().starts_with("/consent?"), "and the sign-in goes on");
    let long = App::code("app").with("nonce", &"n".repeat(17_000));
    let refused = browser.get(&format!("/authorize?{}&prompt=login", long.query())).await;
    assert_eq!(refused.sent(crate::support::CALLBACK, '?').first("error"), Some("invalid_request"));
}
