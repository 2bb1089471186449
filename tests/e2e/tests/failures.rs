//! What can go wrong between the app, the issuer and the network: each gives a sentence, and the app goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use anyhow::ensure;
use evergrant_e2e::{App, Flow, IssuerPages, Setup, eventually, eventually_within, journey};
use fantoccini::Locator;
use serde_json::json;

#[test]
fn an_issuer_that_is_down_at_sign_in_is_told_and_the_next_try_works() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer) = (App::of(world), IssuerPages::of(world));
        app.open("/").await?;
        world.issuer.kill();
        app.press("Sign in").await?;
        world.browser.wait_for_text("Check your connection").await?;
        app.wait_to_be_told("could not be reached").await?;
        app.wait_for_status("signed-out").await?;

        world.issuer.restart()?;
        app.press("Sign in").await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn a_person_who_stops_the_way_to_the_issuer_can_sign_in_all_the_same() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer) = (App::of(world), IssuerPages::of(world));
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        // The issuer's page does not come, and the browser's stop button is pressed.
        let script = "
            const order = new URLSearchParams({ endpoint: '/authorize', delay: '20000' });
            return fetch(arguments[0], { method: 'POST', body: order }).then(answer => {
                document.querySelector('main button.primary').click();
                setTimeout(() => window.stop(), 3000);
                return answer.status;
            });";
        let control = format!("{}/dev/failure", world.issuer.origin());
        let taken = world.browser.script(script, vec![json!(control)]).await?;
        assert!(taken.as_u64().is_some_and(|status| status < 300), "{taken}");
        eventually_within(Duration::from_secs(90), "the app has noticed", async || {
            let status = app.status().await?;
            ensure!(status == "signed-out", "it is {status}");
            Ok(())
        })
        .await?;
        app.wait_to_be_told("could not be reached").await?;
        app.press("Sign in").await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn an_issuer_that_is_down_during_a_renewal_costs_nobody_the_session() -> anyhow::Result<()> {
    let setup = Setup::demo().with_access_token_lifetime(12).with_config("iframe_timeout_seconds", 2);
    journey(setup, async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let session = app.stored_session().await?;
        world.issuer.kill();
        app.wait_for_status("retrying").await?;
        world.browser.wait_for_text("Nothing is lost").await?;
        assert_eq!(app.stored_session().await?.id_token()?, session.id_token()?);
        world.browser.wait_for_text("Signed in as ").await?;

        world.issuer.restart()?;
        app.wait_for_renewals(1).await?;
        assert_ne!(app.stored_session().await?.access_token()?, session.access_token()?);
        Ok(())
    })
}

#[test]
fn an_issuer_that_does_not_answer_during_a_renewal_costs_nobody_the_session() -> anyhow::Result<()> {
    let setup = Setup::demo().with_access_token_lifetime(12).with_config("iframe_timeout_seconds", 1);
    journey(setup, async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        world.issuer.pause()?;
        app.wait_for_status("retrying").await?;
        app.wait_to_be_told("the issuer did not answer in time").await?;
        assert_eq!(app.iframes().await?, 0, "a silent renewal that failed takes its iframe along");
        world.issuer.resume()?;
        app.wait_for_renewals(1).await
    })
}

#[test]
fn a_session_outlives_an_expired_token_while_the_issuer_is_down() -> anyhow::Result<()> {
    let setup = Setup::demo().with_access_token_lifetime(6).with_config("iframe_timeout_seconds", 1);
    journey(setup, async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        world.issuer.kill();
        eventually_within(Duration::from_secs(30), "the token has expired", async || {
            let seconds = app.expires_in().await?;
            ensure!(seconds <= 0, "{seconds} s left");
            Ok(())
        })
        .await?;
        let status = app.status().await?;
        assert!(["retrying", "renewing", "stale"].contains(&status.as_str()), "{status}");
        world.browser.wait_for_text("Signed in as ").await?;
        world.issuer.restart()?;
        app.wait_for_renewals(1).await
    })
}

#[test]
fn a_client_the_issuer_does_not_know_stays_there_and_the_app_is_usable_after_going_back() -> anyhow::Result<()> {
    journey(Setup::demo().with_config("client_id", "nobody"), async |world| {
        let app = App::of(world);
        app.open("/").await?;
        app.press("Sign in").await?;
        eventually("the issuer shows its error page", async || {
            let address = world.browser.address().await?;
            ensure!(address.as_str().starts_with(world.issuer.origin()), "not at the issuer");
            ensure!(world.browser.text().await?.contains("is not registered"), "it does not say why");
            Ok(())
        })
        .await?;
        world.browser.back().await?;
        app.wait_for_status("signed-out").await?;
        app.press("Sign in").await?;
        eventually("the issuer is asked again", async || {
            ensure!(world.browser.address().await?.as_str().starts_with(world.issuer.origin()));
            Ok(())
        })
        .await
    })
}

#[test]
fn a_person_who_comes_back_from_the_sign_in_page_can_begin_again() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer) = (App::of(world), IssuerPages::of(world));
        app.open("/").await?;
        app.press("Sign in").await?;
        world.browser.find(Locator::Css("input[name=username]")).await?;
        world.browser.back().await?;
        app.wait_for_status("signed-out").await?;
        app.press("Sign in").await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn an_unknown_key_in_the_configuration_is_named_and_trying_again_works_once_it_is_gone() -> anyhow::Result<()> {
    journey(Setup::demo().with_config("isuer", "http://localhost/"), async |world| {
        let app = App::of(world);
        let good = {
            let mut config: serde_json::Value = serde_json::from_str(&world.app_dir.read_config()?)?;
            config.as_object_mut().unwrap().remove("isuer");
            config.to_string()
        };
        app.open("/").await?;
        world.browser.wait_for_text("isuer").await?;
        world.browser.wait_for_text("config.json").await?;
        world.app_dir.write_config(&good)?;
        app.press("Try again").await?;
        app.wait_for_status("signed-out").await
    })
}

#[test]
fn a_configuration_that_is_no_json_or_not_there_is_explained() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        world.app_dir.write_config("{ \"issuer\": ")?;
        app.open("/").await?;
        world.browser.wait_for_text("config.json cannot be used").await?;
        world.app_dir.remove_config()?;
        app.open("/").await?;
        world.browser.wait_for_text("config.json could not be loaded").await
    })
}

#[test]
fn a_browser_that_stores_nothing_is_told_what_to_allow() -> anyhow::Result<()> {
    journey(Setup::demo().with_site_data_blocked(), async |world| {
        let app = App::of(world);
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("Allow site data for this site").await?;
        app.press("Sign in").await?;
        world.browser.wait_for_text("Allow site data (cookies) for this site").await?;
        app.wait_to_be_told("site data is blocked for this site").await?;
        app.wait_for_status("signed-out").await
    })
}

#[test]
fn a_forged_answer_leaves_the_session_and_the_address_alone() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let session = app.stored_session().await?;
        for forged in [
            "/callback?code=x&state=forged",
            "/callback#access_token=x&state=forged",
            "/?error=login_required&state=forged",
        ] {
            app.open(forged).await?;
            app.wait_for_status("signed-in").await?;
            let address = world.browser.address().await?;
            assert!(address.query().is_none() && address.fragment().is_none(), "{forged} stays in the address bar");
            assert_eq!(app.stored_session().await?, session, "{forged}");
        }
        app.press("Renew now").await?;
        app.wait_for_renewals(1).await
    })
}

#[test]
fn a_forged_answer_to_nobody_signs_nobody_in() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.open("/callback?code=x&state=forged").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("That sign-in was begun elsewhere").await?;
        assert_eq!(app.stored_names().await?, Vec::<String>::new());
        Ok(())
    })
}
