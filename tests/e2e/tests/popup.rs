//! Signing in in a popup: the page stays where it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::UNIX_EPOCH;

use evergrant_e2e::{App, IssuerPages, Setup, journey};

#[test]
fn a_person_signs_in_in_a_popup_and_the_page_stays() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        browser.mark_document().await?;
        let page = browser.tab().await?;
        app.press("Use a popup").await?;
        let popup = browser.other_tab(&page).await?;
        browser.show(&popup).await?;
        let issuer = IssuerPages::of(world);
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        browser.show(&page).await?;
        app.wait_for_status("signed-in").await?;
        browser.wait_for_text("Signed in as Tess").await?;
        assert!(browser.is_marked().await?, "the page was left");
        browser.wait_until_alone().await
    })
}

#[test]
fn an_issuer_that_may_answers_the_popup_itself_after_its_pages() -> anyhow::Result<()> {
    journey(Setup::demo().with_config("silent_response", "web_message"), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        browser.mark_document().await?;
        let page = browser.tab().await?;
        for answer in ["deny", "allow"] {
            app.press("Use a popup").await?;
            let popup = browser.other_tab(&page).await?;
            browser.show(&popup).await?;
            let issuer = IssuerPages::of(world);
            // After the first time, the issuer knows who it is.
            if answer == "deny" {
                issuer.sign_in("test", "test").await?;
            }
            issuer.decide(answer).await?;
            browser.show(&page).await?;
            app.wait_for_status(if answer == "deny" { "signed-out" } else { "signed-in" }).await?;
            browser.wait_until_alone().await?;
        }
        browser.wait_for_text("Signed in as Tess").await?;
        assert!(browser.is_marked().await?, "the page was left");
        let requests = browser.requests_since(UNIX_EPOCH).await?;
        let asked: Vec<_> = requests.iter().filter(|request| request.url.path() == "/authorize").collect();
        assert!(
            asked.iter().all(|request| request.query("response_mode").as_deref() == Some("web_message")),
            "{asked:?}"
        );
        assert!(!requests.iter().any(|request| request.url.path() == "/silent"), "{requests:?}");
        assert!(browser.console().await?.is_empty(), "{:?}", browser.console().await?);
        Ok(())
    })
}

#[test]
fn a_popup_that_is_closed_leaves_the_person_signed_out_and_says_so() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        let page = browser.tab().await?;
        app.press("Use a popup").await?;
        let popup = browser.other_tab(&page).await?;
        app.wait_for_status("signing-in").await?;
        browser.show(&popup).await?;
        browser.close_tab(&page).await?;
        app.wait_for_status("signed-out").await?;
        app.wait_to_be_told("the popup was closed before the sign-in was complete").await
    })
}
