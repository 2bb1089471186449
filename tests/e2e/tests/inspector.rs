//! The inspector on the session page: what the session did is on its timeline and in its table, and each failure that can be
//! tried is seen there with what follows from it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evergrant_e2e::{App, Flow, Inspector, Setup, World, journey};
use serde_json::Value;

/// Signed in, and on the session page.
async fn inspect(world: &World) -> anyhow::Result<(App<'_>, Inspector<'_>)> {
    let app = App::of(world);
    app.sign_in(Flow::Code).await?;
    let inspector = Inspector::open(app).await?;
    Ok((app, inspector))
}

fn of_kind<'a>(export: &'a Value, what: &str) -> Vec<&'a Value> {
    export["occurrences"].as_array().unwrap().iter().filter(|occurrence| occurrence["what"] == what).collect()
}

#[test]
fn a_renewal_is_seen_on_the_timeline_in_the_table_and_in_the_export() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, inspector) = inspect(world).await?;
        assert!(inspector.timeline().await?.contains("Renewals: 0."), "{}", inspector.timeline().await?);
        app.renew_now().await?;
        inspector.wait_to_see(".point.renewed").await?;
        assert_eq!(inspector.drawn("rect.life").await?, 2, "a bar for each token");
        assert!(inspector.timeline().await?.contains("Renewals: 1. Failed: 0."));
        let row = inspector.wait_for_row("renewed").await?;
        assert!(row.contains("hidden iframe") && row.contains("You asked"), "{row}");
        let export = inspector.export().await?;
        assert_eq!(export["renewals"][0]["outcome"], "renewed");
        assert_eq!(of_kind(&export, "token").len(), 2);
        let text = export.to_string();
        assert!(!text.contains("eyJ"), "no token is in it");
        app.wait_to_be_told("tess@example.com").await?;
        app.wait_to_be_told("What the access token says").await?;
        app.wait_to_be_told("read:reports").await
    })
}

#[test]
fn what_another_tab_renewed_is_a_mark_and_a_row() -> anyhow::Result<()> {
    journey(Setup::demo().with_config("storage", "local"), async |world| {
        let (app, inspector) = inspect(world).await?;
        let watching = world.browser.tab().await?;
        world.browser.new_tab().await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        app.renew_now().await?;

        world.browser.show(&watching).await?;
        inspector.wait_to_see("line.elsewhere").await?;
        assert!(inspector.wait_for_row("renewed_elsewhere").await?.contains("Renewed in another tab"));
        assert_eq!(inspector.drawn(".point.renewed").await?, 0, "this tab renewed nothing");
        let export = inspector.export().await?;
        assert_eq!(of_kind(&export, "renewed_elsewhere").len(), 1, "{export}");
        assert_eq!(of_kind(&export, "token").len(), 2, "{export}");
        Ok(())
    })
}

#[test]
fn a_token_that_is_told_to_expire_is_renewed_at_once() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, inspector) = inspect(world).await?;
        inspector.try_failure("Expire now").await?;
        app.wait_for_renewals(1).await?;
        assert!(inspector.wait_for_row("renewed").await?.contains("The schedule"));
        let export = inspector.export().await?;
        let tokens = of_kind(&export, "token");
        let life = |token: &Value| token["expires_at"].as_i64().unwrap() - token["since"].as_i64().unwrap();
        assert_eq!(tokens.len(), 2);
        assert!(life(tokens[0]) < life(tokens[1]) / 2, "the first one ended early: {export}");
        Ok(())
    })
}

#[test]
fn the_issuers_session_is_ended_and_the_timeline_stays_to_say_so() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, inspector) = inspect(world).await?;
        inspector.try_failure("Sign out at the issuer").await?;
        app.wait_for_status("signed-out").await?;
        inspector.wait_to_see("line.ended").await?;
        assert!(inspector.wait_for_row("ended").await?.contains("login_required"));
        assert!(inspector.timeline().await?.contains("Failed: 1."));
        assert_eq!(of_kind(&inspector.export().await?, "ended")[0]["reason"], "ask_the_person");
        Ok(())
    })
}

#[test]
fn errors_slowness_and_429_are_seen_with_what_follows_from_them() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, inspector) = inspect(world).await?;
        inspector.try_failure("Fail the next renewal").await?;
        assert!(inspector.wait_for_row("failed").await?.contains("503"));
        app.wait_for_renewals(1).await?;

        inspector.try_failure("Slow the next renewal").await?;
        inspector.wait_to_see("rect.renewing").await?;
        app.wait_for_renewals(2).await?;

        inspector.try_failure("Answer 429").await?;
        app.wait_for_status("retrying").await?;
        app.wait_for_renewals(3).await?;
        inspector.wait_to_see(".point.failed").await?;

        let export = inspector.export().await?;
        let renewals = export["renewals"].as_array().unwrap();
        let outcomes: Vec<_> = renewals.iter().map(|it| (it["outcome"].as_str(), it["cause"].as_str())).collect();
        let (failed, retried) = ((Some("failed"), Some("asked")), (Some("renewed"), Some("retry")));
        assert_eq!(outcomes, [failed, retried, (Some("renewed"), Some("asked")), failed, retried]);
        assert!(renewals[2]["duration_ms"].as_i64() >= Some(4_000), "{export}");
        let waited = renewals[4]["started_at"].as_i64().unwrap() - renewals[3]["started_at"].as_i64().unwrap();
        assert!(waited >= 5_000, "it was asked to wait five seconds: {export}");
        Ok(())
    })
}

#[test]
fn a_page_that_is_cut_off_renews_when_the_network_is_back() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, inspector) = inspect(world).await?;
        inspector.try_failure("Go offline").await?;
        app.wait_for_status("retrying").await?;
        inspector.wait_to_see("rect.offline").await?;
        inspector.wait_for_row("failed").await?;
        inspector.try_failure("Go online").await?;
        app.wait_for_renewals(1).await?;
        let export = inspector.export().await?;
        assert_eq!((of_kind(&export, "offline").len(), of_kind(&export, "online").len()), (1, 1));
        Ok(())
    })
}

/// The browser showed an error page of its own, and the app was gone.
#[test]
fn without_a_network_the_app_was_left_for_a_page_of_the_issuers() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, inspector) = inspect(world).await?;
        inspector.try_failure("Go offline").await?;
        app.wait_for_status("retrying").await?;
        app.press("Sign out").await?;
        app.wait_to_be_told("You are signed out here, but the issuer could not be told.").await?;
        assert_eq!(app.stored_names().await?, Vec::<String>::new());
        app.press("Sign in").await?;
        app.wait_to_be_told("The issuer could not be reached.").await?;
        assert_eq!(app.status().await?, "signed-out");
        Ok(())
    })
}

#[test]
fn a_sleep_is_seen_and_what_was_due_meanwhile_is_renewed() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(300), async |world| {
        let (app, inspector) = inspect(world).await?;
        let before = app.stored_session().await?;
        inspector.try_failure("Sleep ten minutes").await?;
        app.wait_for_renewals(1).await?;
        inspector.wait_to_see("rect.still").await?;
        assert!(inspector.wait_for_row("stood_still").await?.contains("10 min"));
        assert!(inspector.wait_for_row("renewed").await?.contains("woke"));
        assert_ne!(app.stored_session().await?.access_token()?, before.access_token()?);
        // The clock is right again, and nobody is signed out for it.
        world.browser.reload().await?;
        app.wait_for_status("signed-in").await?;
        app.renew_now().await
    })
}

#[test]
fn another_tabs_sign_out_is_on_the_timeline() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, inspector) = inspect(world).await?;
        let (first, browser) = (world.browser.tab().await?, &world.browser);
        browser.new_tab().await?;
        app.open("/").await?;
        // The issuer knows the person already, and what they consented to.
        app.press("Sign in").await?;
        app.wait_for_status("signed-in").await?;
        app.press("Sign out").await?;
        app.wait_for_status("signed-out").await?;
        browser.show(&first).await?;
        inspector.wait_to_see("line.ended").await?;
        inspector.wait_for_row("ended").await?;
        assert_eq!(of_kind(&inspector.export().await?, "ended")[0]["reason"], "signed_out_elsewhere");
        browser.wait_for_text("You were signed out in another tab.").await
    })
}
