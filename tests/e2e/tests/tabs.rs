//! One session in several tabs: they renew once for all, sign in and out together, and survive each other's end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::ensure;
use evergrant_e2e::browser::Tab;
use evergrant_e2e::{App, Flow, Request, Setup, World, eventually, eventually_within, journey};
use fantoccini::Locator;

/// A renewal is due every five seconds or so.
const LIFETIME: u32 = 10;

/// Less than a renewal is due after, and more than tabs that renew each for itself leave between two of them.
const LEAST_BETWEEN: Duration = Duration::from_secs(4);

#[test]
fn a_sign_in_in_one_tab_signs_in_the_others() -> anyhow::Result<()> {
    journey(one_session(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        browser.mark_document().await?;
        let waiting = browser.tab().await?;
        browser.new_tab().await?;
        app.sign_in(Flow::Code).await?;
        let signed_in_at = SystemTime::now();

        browser.show(&waiting).await?;
        app.wait_for_status("signed-in").await?;
        browser.wait_for_text("Signed in as Tess").await?;
        assert!(browser.is_marked().await?, "the page was left");
        assert!(browser.requests_since(signed_in_at).await?.is_empty(), "nobody had to be asked");
        Ok(())
    })
}

#[test]
fn five_tabs_renew_once_for_all_by_refresh_token() -> anyhow::Result<()> {
    renew_once_for_all(one_session().with_refresh_tokens(), 5, "refresh_token")
}

#[test]
fn twenty_tabs_renew_once_for_all_by_iframe() -> anyhow::Result<()> {
    renew_once_for_all(one_session(), 20, "iframe")
}

/// Renewals go on while the tabs are opened; two more have to come when all are there.
fn renew_once_for_all(setup: Setup, count: usize, method: &str) -> anyhow::Result<()> {
    journey(setup.with_access_token_lifetime(LIFETIME), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let mut tabs = vec![browser.tab().await?];
        while tabs.len() < count {
            tabs.push(browser.new_tab().await?);
            app.open("/").await?;
            app.wait_for_status("signed-in").await?;
        }
        let complete_at = SystemTime::now();
        let begun_with = app.renewals().await?;
        app.wait_for_renewals(begun_with + 2).await?;
        assert_eq!(app.last_method().await?, method);
        let agreed = show_the_same_expiry(world, &tabs).await?;
        assert!(agreed > SystemTime::now());

        // Renewals of one session, whichever tab made them: each is told apart by its request for tokens.
        let requests = browser.requests_since(UNIX_EPOCH).await?;
        let renewals: Vec<&Request> = requests.iter().filter(|it| it.url.path() == "/oauth/token").skip(1).collect();
        for pair in renewals.windows(2) {
            let between = pair[1].sent_at.duration_since(pair[0].sent_at)?;
            assert!(between > LEAST_BETWEEN, "{between:?} between two renewals of {count} tabs");
        }
        assert!(renewals.iter().filter(|it| it.sent_at > complete_at).count() >= 2, "{renewals:?}");
        // One answer was to the sign-in. A renewal may be under way just now.
        let answered = world.issuer.answered("/oauth/token", 200) - 1;
        let renewed = app.stored_session().await?.renewals()?;
        assert!((renewed..=renewed + 1).contains(&answered), "{answered} answers for {renewed} renewals");
        assert_eq!(world.issuer.answered("/oauth/token", 400), 0);
        assert_none_sent_twice(world).await
    })
}

#[test]
fn a_tab_closed_in_the_middle_of_a_renewal_is_survived_by_the_others() -> anyhow::Result<()> {
    journey(one_session().with_refresh_tokens().with_access_token_lifetime(LIFETIME), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        browser.mark_document().await?;
        let survivor = browser.tab().await?;
        browser.new_tab().await?;
        app.open("/").await?;
        // Once renewed, this tab knows the issuer's metadata, and needs one request.
        app.renew_now().await?;

        world.issuer.pause()?;
        let pressed_at = SystemTime::now();
        app.press("Renew now").await?;
        eventually("the refresh token is sent", async || {
            let requests = browser.requests_since(pressed_at).await?;
            ensure!(requests.iter().any(|request| request.form("refresh_token").is_some()), "{requests:?}");
            Ok(())
        })
        .await?;
        let renewals = app.renewals().await?;
        browser.close_tab(&survivor).await?;
        world.issuer.resume()?;

        app.wait_for_renewals(renewals + 1).await?;
        assert_eq!(
            app.last_method().await?,
            "iframe",
            "the refresh token was sent, and nobody knows what became of it"
        );
        app.wait_for_renewals(renewals + 2).await?;
        assert_eq!(app.last_method().await?, "refresh_token");
        assert!(browser.is_marked().await?, "nobody was signed out and in again");
        assert_none_sent_twice(world).await
    })
}

#[test]
fn a_sign_out_in_one_tab_signs_out_all_at_once_and_leaves_nothing() -> anyhow::Result<()> {
    journey(one_session().with_refresh_tokens().with_access_token_lifetime(LIFETIME), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        let tabs = signed_in_in_three_tabs(world).await?;
        assert!(app.kept().await?.holds_a_token());

        // The issuer answers nobody: what the other tabs learn, they learn from this one.
        world.issuer.pause()?;
        let pressed_at = SystemTime::now();
        app.press("Sign out").await?;
        for tab in &tabs[..2] {
            browser.show(tab).await?;
            app.wait_for_status("signed-out").await?;
            browser.wait_for_text("signed out in another tab").await?;
            eventually("nothing is kept", async || {
                let kept = app.kept().await?;
                ensure!(!kept.holds_a_token() && kept.names().is_empty(), "{kept:?}");
                Ok(())
            })
            .await?;
        }
        world.issuer.resume()?;
        browser.show(&tabs[2]).await?;
        back_in_the_app(world).await?;
        let returned_at = SystemTime::now();
        app.watch_for(Duration::from_secs(u64::from(LIFETIME))).await?;
        assert_eq!(browser.requests_since(returned_at).await?, []);
        assert!(!app.kept().await?.holds_a_token());

        let requests = browser.requests_since(pressed_at).await?;
        let of_the_issuer = requests.iter().filter(|request| request.endpoint().starts_with(world.issuer.origin()));
        let paths: Vec<&str> = of_the_issuer.map(|request| request.url.path()).collect();
        // This tab has not renewed yet, and so has to ask where sign-outs go.
        assert_eq!(paths, ["/.well-known/openid-configuration", "/oauth/revoke", "/oidc/logout"], "{requests:?}");
        Ok(())
    })
}

#[test]
fn when_somebody_else_signs_in_the_other_tabs_follow() -> anyhow::Result<()> {
    journey(one_session(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        let tabs = signed_in_in_three_tabs(world).await?;
        app.press("Sign out").await?;
        back_in_the_app(world).await?;
        app.press("Sign in").await?;
        app.sign_in_at_the_issuer("robin", "robin").await?;
        for tab in &tabs {
            browser.show(tab).await?;
            browser.wait_for_text("Signed in as Robin").await?;
            app.wait_for_status("signed-in").await?;
        }
        // The others can renew what they took over.
        browser.show(&tabs[0]).await?;
        app.renew_now().await?;
        browser.wait_for_text("Signed in as Robin").await
    })
}

fn one_session() -> Setup {
    Setup::demo().with_config("storage", "local")
}

/// The last of the three is shown.
async fn signed_in_in_three_tabs(world: &World) -> anyhow::Result<Vec<Tab>> {
    let (app, browser) = (App::of(world), &world.browser);
    app.sign_in(Flow::Code).await?;
    let mut tabs = vec![browser.tab().await?];
    for _ in 0..2 {
        tabs.push(browser.new_tab().await?);
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
    }
    Ok(tabs)
}

async fn back_in_the_app(world: &World) -> anyhow::Result<()> {
    world.browser.find(Locator::XPath("//main//button[normalize-space()='Sign in']")).await?;
    App::of(world).wait_for_status("signed-out").await
}

/// Waits until every tab shows when the stored session expires, give or take what a countdown in whole seconds loses.
async fn show_the_same_expiry(world: &World, tabs: &[Tab]) -> anyhow::Result<SystemTime> {
    let (app, browser) = (App::of(world), &world.browser);
    let limit = Duration::from_secs(30);
    eventually_within(limit, "all tabs show the same expiry", async || {
        let expires_at = app.stored_session().await?.expires_at()?;
        for (number, tab) in tabs.iter().enumerate() {
            browser.show(tab).await?;
            let shown = SystemTime::now() + Duration::from_secs(app.expires_in().await?.try_into()?);
            let apart = shown.duration_since(expires_at).unwrap_or_else(|earlier| earlier.duration());
            ensure!(apart < Duration::from_millis(2500), "tab {number} is {apart:?} off");
        }
        let now = app.stored_session().await?.expires_at()?;
        ensure!(now == expires_at, "it was renewed meanwhile");
        Ok(expires_at)
    })
    .await
}

async fn assert_none_sent_twice(world: &World) -> anyhow::Result<()> {
    let requests = world.browser.requests_since(UNIX_EPOCH).await?;
    let mut sent: Vec<String> = requests.iter().filter_map(|request| request.form("refresh_token")).collect();
    let count = sent.len();
    sent.sort();
    sent.dedup();
    ensure!(sent.len() == count, "a refresh token was sent twice: {requests:?}");
    Ok(())
}
