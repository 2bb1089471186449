//! The app, unchanged but for its `config.json`, at a certified provider by others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::SystemTime;

use anyhow::ensure;
use evergrant_e2e::{App, Flow, IssuerPages, Setup, eventually, journey};
use evergrant_interop::OidcProvider;
use evergrant_interop::oidc_provider::Settings;
use fantoccini::Locator;
use serde_json::json;

/// A renewal is due every five seconds or so.
const LIFETIME: u32 = 10;

#[test]
fn code_and_pkce_with_renewals_by_iframe_on_schedule() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        let settings = Settings { access_token_lifetime: LIFETIME, ..Settings::default() };
        let provider = OidcProvider::start(world, settings, json!({}))?;
        provider.sign_in("tess").await?;
        world.browser.wait_for_text("Signed in as tess").await?;
        let first = app.stored_session().await?;
        assert_eq!(first.member("issuer"), provider.issuer());

        world.browser.mark_document().await?;
        for count in 1..=2 {
            app.wait_for_renewals(count).await?;
            assert_eq!(app.last_method().await?, "iframe");
        }
        assert_ne!(app.stored_session().await?.access_token()?, first.access_token()?);
        assert_eq!(app.iframes().await?, 0);
        assert!(world.browser.is_marked().await?, "the page was left");

        world.browser.reload().await?;
        world.browser.wait_for_text("Signed in as tess").await
    })
}

#[test]
fn a_name_that_the_userinfo_endpoint_alone_tells() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        let provider = OidcProvider::start(world, Settings::default(), json!({}))?;
        provider.sign_in("tess").await?;
        // With an access token, the claims of the scope are not in the ID token (OIDC Core §5.4).
        browser.wait_for_text("Signed in as tess at the other provider").await?;

        let asked_at = SystemTime::now();
        app.renew_now().await?;
        let requests = browser.requests_since(asked_at).await?;
        assert!(requests.iter().all(|request| request.url.path() != "/me"), "it is asked once: {requests:?}");

        browser.reload().await?;
        browser.wait_for_text("Signed in as tess at the other provider").await?;
        browser.click(Locator::LinkText("Session")).await?;
        browser.wait_for_text("tess at the other provider").await
    })
}

#[test]
fn rs256_and_keys_that_change() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        let provider = OidcProvider::start(world, Settings { alg: "RS256", ..Settings::default() }, json!({}))?;
        provider.sign_in("tess").await?;
        app.renew_now().await?;
        // The page has the keys already; a new one makes it look again.
        provider.rotate_keys()?;
        app.renew_now().await?;
        provider.replace_keys()?;
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "iframe");
        Ok(())
    })
}

#[test]
fn refresh_tokens_that_rotate_and_one_that_was_taken_back() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        // OIDC Core §11: without prompt=consent a provider must ignore offline_access, and this one does.
        let config = json!({ "scope": "openid profile email offline_access", "prompt": "consent" });
        let provider = OidcProvider::start(world, Settings::default(), config)?;
        provider.sign_in("tess").await?;
        let mut presented = vec![app.stored_session().await?.refresh_token()?];
        for _ in 0..2 {
            let asked_at = SystemTime::now();
            app.renew_now().await?;
            assert_eq!(app.last_method().await?, "refresh_token");
            let requests = world.browser.requests_since(asked_at).await?;
            assert!(requests.iter().all(|request| request.url.path() != "/auth"), "{requests:?}");
            let next = app.stored_session().await?.refresh_token()?;
            assert!(!presented.contains(&next), "it was not rotated");
            presented.push(next);
        }
        // Taking the token back ends the grant there: the iframe is tried, and told that consent is missing.
        provider.revoke(app.stored_session().await?.refresh_token()?.secret())?;
        app.press("Renew now").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("The issuer needs your consent again").await?;

        app.press("Sign in").await?;
        IssuerPages::of(world).decide("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn a_session_that_ended_at_the_provider() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        let provider = OidcProvider::start(world, Settings::default(), json!({}))?;
        provider.sign_in("tess").await?;
        world.browser.devtools("Network.clearBrowserCookies", &json!({})).await?;
        app.press("Renew now").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("Your session has ended").await?;
        assert_eq!(app.iframes().await?, 0);

        app.press("Sign in").await?;
        provider.answer("robin").await?;
        world.browser.wait_for_text("Signed in as robin").await
    })
}

#[test]
fn somebody_else_at_the_provider_is_not_taken_for_who_is_signed_in() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        let provider = OidcProvider::start(world, Settings::default(), json!({}))?;
        provider.sign_in("tess").await?;
        let first = browser.tab().await?;
        browser.devtools("Network.clearBrowserCookies", &json!({})).await?;
        browser.new_tab().await?;
        provider.sign_in("robin").await?;

        browser.show(&first).await?;
        app.press("Renew now").await?;
        app.wait_for_status("signed-out").await?;
        app.wait_to_be_told("Somebody else has signed in in this browser").await
    })
}

#[test]
fn consent_that_was_refused() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        let _provider = OidcProvider::start(world, Settings::default(), json!({}))?;
        app.open("/").await?;
        app.press("Sign in").await?;
        IssuerPages::of(world).sign_in("tess", "any").await?;
        IssuerPages::of(world).decide("deny").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("Access was declined").await?;
        app.wait_to_be_told("The person said no").await
    })
}

#[test]
fn signing_out_ends_the_session_there() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        let provider = OidcProvider::start(world, Settings::default(), json!({}))?;
        provider.sign_in("tess").await?;
        app.press("Sign out").await?;
        provider.confirm_sign_out().await?;
        eventually("the person is back in the app", async || {
            let address = world.browser.address().await?;
            ensure!(address.as_str() == format!("{}/", world.app_origin()), "the address is another one");
            Ok(())
        })
        .await?;
        app.wait_for_status("signed-out").await?;
        assert_eq!(app.stored_names().await?, Vec::<String>::new());

        // Who signs in next is asked who they are.
        provider.sign_in("robin").await?;
        world.browser.wait_for_text("Signed in as robin").await
    })
}

#[test]
fn an_id_token_alone_where_no_more_is_offered() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        let settings = Settings { response_types: &["id_token"], ..Settings::default() };
        let provider = OidcProvider::start(world, settings, json!({ "flow": "implicit" }))?;
        app.open("/").await?;
        app.choose(Flow::Implicit).await?;
        app.press("Sign in").await?;
        provider.answer("tess").await?;
        app.wait_for_status("signed-in").await?;
        // Without an access token the claims of the scope are in the ID token (OIDC Core §5.4).
        world.browser.wait_for_text("Signed in as tess at the other provider").await?;
        let session = app.stored_session().await?;
        assert!(session.access_token().is_err(), "there is none");
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "iframe");
        assert_ne!(app.stored_session().await?.id_token()?, session.id_token()?);
        Ok(())
    })
}

#[test]
fn the_implicit_flow_where_it_is_offered() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        let settings = Settings { response_types: &["id_token token"], ..Settings::default() };
        let provider = OidcProvider::start(world, settings, json!({ "flow": "implicit" }))?;
        app.open("/").await?;
        app.choose(Flow::Implicit).await?;
        app.press("Sign in").await?;
        provider.answer("tess").await?;
        app.wait_for_status("signed-in").await?;
        let session = app.stored_session().await?;
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "iframe");
        assert_ne!(app.stored_session().await?.access_token()?, session.access_token()?);
        Ok(())
    })
}
