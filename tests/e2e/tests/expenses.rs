//! The Expenses page: with a good token always, and with a sentence when there is nothing new to show.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use anyhow::ensure;
use evergrant_e2e::{App, Expenses, Flow, IssuerEndpoints, IssuerPages, Setup, eventually, journey};
use serde_json::json;

/// In seconds.
const LIFETIME: u32 = 10;

#[test]
fn a_token_that_has_expired_is_renewed_before_the_api_is_called() -> anyhow::Result<()> {
    let setup = Setup::demo().with_access_token_lifetime(LIFETIME).with_config("renewal_lead_seconds", 0);
    journey(setup, async |world| {
        let (app, expenses) = (App::of(world), Expenses::of(world));
        app.sign_in(Flow::Code).await?;
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        let first = expenses.token_issued_at().await?;
        assert_eq!(expenses.table().await?.len(), 6);
        assert!(expenses.table().await?[5].contains("625.40 EUR"), "{:?}", expenses.table().await?);

        app.watch_for(Duration::from_secs(u64::from(LIFETIME) + 1)).await?;
        expenses.load_again().await?;
        let second = expenses.token_issued_at().await?;
        assert!(second > first, "{first:?} {second:?}");

        let logged = world.api.issued_at();
        assert!(logged.len() == 2 && logged[0] < logged[1], "{logged:?}");
        assert!(!world.api.output().contains("refused"), "{}", world.api.output());
        Ok(())
    })
}

#[test]
fn a_day_of_the_calendar_is_the_same_day_west_of_greenwich() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, expenses) = (App::of(world), Expenses::of(world));
        world.browser.devtools("Emulation.setLocaleOverride", &json!({ "locale": "en-GB" })).await?;
        let west = json!({ "timezoneId": "America/Los_Angeles" });
        world.browser.devtools("Emulation.setTimezoneOverride", &west).await?;
        app.sign_in(Flow::Code).await?;
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        let table = expenses.table().await?;
        assert!(table[0].starts_with("5 Oct 2026"), "{table:?}");
        Ok(())
    })
}

#[test]
fn what_was_told_stays_while_the_api_is_down_or_the_network_away() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, expenses) = (App::of(world), Expenses::of(world));
        app.sign_in(Flow::Code).await?;
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        let (table, top) = (expenses.table().await?, expenses.top_of_table().await?);

        world.api.kill();
        expenses.load_again().await?;
        app.wait_to_be_told("The API could not be reached.").await?;
        app.wait_to_be_told("What you see is from before.").await?;
        assert_eq!((expenses.table().await?, expenses.top_of_table().await?), (table.clone(), top));

        world.browser.set_online(false).await?;
        expenses.load_again().await?;
        app.wait_to_be_told("You are offline.").await?;
        app.wait_to_be_told("What you see is from before.").await?;
        assert_eq!((expenses.table().await?, expenses.top_of_table().await?), (table.clone(), top));

        world.browser.set_online(true).await?;
        world.api.restart()?;
        expenses.load_again().await?;
        eventually("the trouble is over", async || {
            ensure!(!world.browser.text().await?.contains("from before"), "it is still told");
            Ok(())
        })
        .await?;
        assert_eq!((expenses.table().await?, expenses.top_of_table().await?), (table, top));
        Ok(())
    })
}

#[test]
fn a_scope_that_is_missing_can_be_asked_for_and_is_kept() -> anyhow::Result<()> {
    journey(Setup::demo().with_config("scope", "openid profile email"), async |world| {
        let (app, expenses, issuer) = (App::of(world), Expenses::of(world), IssuerPages::of(world));
        app.sign_in(Flow::Code).await?;
        expenses.follow().await?;
        app.wait_to_be_told("You have not allowed this app to read expenses.").await?;
        app.wait_to_be_told("The scope read:reports is needed.").await?;

        // Declined, the session goes on as it was.
        app.press("Ask for it").await?;
        issuer.decide("deny").await?;
        app.wait_to_be_told("You have not allowed this app to read expenses.").await?;
        app.wait_for_status("signed-in").await?;

        app.press("Ask for it").await?;
        issuer.decide("allow").await?;
        expenses.wait_for_table().await?;
        assert_eq!(world.browser.address().await?.path(), "/expenses");

        app.open("/").await?;
        app.renew_now().await?;
        expenses.follow().await?;
        expenses.wait_for_table().await
    })
}

#[test]
fn the_refresh_token_from_before_more_was_allowed_is_taken_back() -> anyhow::Result<()> {
    let setup = Setup::demo().with_config("scope", "openid profile email offline_access");
    journey(setup, async |world| {
        let (app, expenses, issuer) = (App::of(world), Expenses::of(world), IssuerPages::of(world));
        app.sign_in(Flow::Code).await?;
        let before = app.stored_session().await?.refresh_token()?;
        expenses.follow().await?;
        app.press("Ask for it").await?;
        issuer.decide("allow").await?;
        expenses.wait_for_table().await?;
        eventually("the old one is given back", async || {
            let count = world.issuer.answered("/oauth/revoke", 200);
            ensure!(count == 1, "{count} were");
            Ok(())
        })
        .await?;
        let refusal = IssuerEndpoints::of(world).refusal_of(&before).await?;
        assert_eq!(refusal.as_deref(), Some("invalid_grant"));
        app.open("/").await?;
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "refresh_token", "the new one lives on");
        Ok(())
    })
}

#[test]
fn a_token_that_was_taken_back_is_refused_and_replaced() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, expenses) = (App::of(world), Expenses::of(world));
        app.sign_in(Flow::Code).await?;
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        let token = app.stored_session().await?.access_token()?;
        IssuerEndpoints::of(world).revoke(&token).await?;
        // A refusal is answered by a renewal, but not right after a sign-in: then a newer token would be no better.
        eventually("the token is refused and replaced", async || {
            expenses.load_again().await?;
            ensure!(app.stored_session().await?.access_token()? != token, "it is still there");
            Ok(())
        })
        .await?;
        assert!(world.api.output().contains("has been revoked"), "{}", world.api.output());
        assert_eq!(expenses.table().await?.len(), 6);
        assert!(!world.logs().contains(token.secret()));
        Ok(())
    })
}

#[test]
fn while_the_issuer_is_down_a_valid_token_goes_on_working() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, expenses) = (App::of(world), Expenses::of(world));
        app.sign_in(Flow::Code).await?;
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        world.issuer.kill();
        expenses.load_again().await?;
        assert_eq!(world.api.issued_at().len(), 2);
        assert!(!world.browser.text().await?.contains("from before"));
        Ok(())
    })
}

#[test]
fn whoever_is_not_signed_in_can_sign_in_here_and_comes_back_here() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, expenses) = (App::of(world), Expenses::of(world));
        app.open("/expenses").await?;
        app.wait_to_be_told("Nobody is signed in").await?;
        app.press("Sign in").await?;
        app.sign_in_at_the_issuer("test", "test").await?;
        expenses.wait_for_table().await?;
        assert_eq!(world.browser.address().await?.path(), "/expenses");
        Ok(())
    })
}
