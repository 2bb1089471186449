//! The examples, built as they stand and used in a browser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::ensure;
use evergrant_e2e::{App, IssuerPages, Setup, World, eventually, journey};
use evergrant_interop::OidcProvider;
use evergrant_interop::oidc_provider::Settings;
use evergrant_interop::peer::prepared;
use fantoccini::Locator;
use serde_json::{Value, json};

/// The demo, with an example in place of its app.
fn example(name: &str) -> anyhow::Result<Setup> {
    Ok(Setup::demo().with_app(prepared("EVERGRANT_EXAMPLES_DIR")?.join(name)))
}

async fn press(world: &World, button: &str) -> anyhow::Result<()> {
    world.browser.click(Locator::XPath(&format!("//button[normalize-space()='{button}']"))).await
}

async fn sign_in_at_the_issuer(world: &World) -> anyhow::Result<()> {
    let issuer = IssuerPages::of(world);
    issuer.sign_in("test", "test").await?;
    issuer.decide("allow").await
}

async fn wait_for_address(world: &World, path: &str) -> anyhow::Result<()> {
    let expected = format!("{}{path}", world.app_origin());
    eventually(&format!("the address is {path}"), async || {
        let address = world.browser.address().await?;
        ensure!(address.as_str() == expected, "its path is {}", address.path());
        Ok(())
    })
    .await
}

/// Opens the minimal app and signs in.
async fn sign_in(world: &World) -> anyhow::Result<()> {
    world.browser.open(world.app_origin()).await?;
    press(world, "Sign in").await?;
    sign_in_at_the_issuer(world).await?;
    world.browser.wait_for_text("Signed in as Tess Tester; renewals: ").await
}

async fn wait_for_a_renewal(world: &World) -> anyhow::Result<()> {
    eventually("it is renewed by itself", async || {
        let shown = world.browser.text().await?;
        ensure!(shown.contains("renewals: ") && !shown.contains("renewals: 0"), "it shows {shown:?}");
        Ok(())
    })
    .await
}

/// The thumbprint of the key that the access token is bound to.
async fn key_of(world: &World) -> anyhow::Result<Value> {
    Ok(App::of(world).stored_session().await?.access_token()?.claims()?["cnf"]["jkt"].take())
}

#[test]
fn the_minimal_app_signs_in_renews_and_calls_the_api() -> anyhow::Result<()> {
    journey(example("minimal")?.with_access_token_lifetime(10), async |world| {
        sign_in(world).await?;
        wait_for_a_renewal(world).await?;
        press(world, "Load expenses").await?;
        world.browser.wait_for_text("Train to the customer").await?;
        assert_eq!(world.api.issued_at().len(), 1, "the API saw one good token");

        press(world, "Sign out").await?;
        world.browser.find(Locator::XPath("//button[normalize-space()='Sign in']")).await?;
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await
    })
}

/// The issuer wants a nonce in each proof, and the demo's API takes bound tokens from who proves that they are theirs, and from
/// nobody else.
#[test]
fn the_minimal_app_binds_its_tokens_to_a_key_of_the_browser() -> anyhow::Result<()> {
    let scope = "openid profile offline_access read:reports";
    let setup = example("minimal-dpop")?.with_config("dpop", true).with_config("scope", scope);
    let setup = setup.with_issuer_setting("dpop_nonce = true");
    journey(setup.with_access_token_lifetime(10), async |world| {
        let browser = &world.browser;
        sign_in(world).await?;
        let key = key_of(world).await?;
        assert!(key.is_string(), "{key}");
        assert_eq!(world.issuer.answered("/oauth/token", 400), 1, "the first proof had no nonce yet");
        wait_for_a_renewal(world).await?;
        browser.reload().await?;
        press(world, "Load expenses").await?;
        browser.wait_for_text("Train to the customer").await?;

        // Somebody else who has the token, and not the key.
        let stolen = App::of(world).stored_session().await?.access_token()?;
        for scheme in ["Bearer", "DPoP"] {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let request = agent.get(format!("{}/expenses", world.api.origin()));
            let answer = request.header("Authorization", format!("{scheme} {}", stolen.secret())).call()?;
            assert_eq!(answer.status(), 401, "{scheme}");
        }

        press(world, "Sign out").await?;
        browser.find(Locator::XPath("//button[normalize-space()='Sign in']")).await?;
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await
    })
}

/// As when somebody clears a part of the site's data: what is bound to the old key is worth nothing from then on.
#[test]
fn where_the_key_is_lost_the_session_goes_on_with_another() -> anyhow::Result<()> {
    let scope = "openid profile offline_access";
    let setup = example("minimal-dpop")?.with_config("dpop", true).with_config("scope", scope);
    journey(setup.with_access_token_lifetime(10), async |world| {
        let browser = &world.browser;
        sign_in(world).await?;
        let first = key_of(world).await?;
        browser.script("indexedDB.deleteDatabase('evergrant-dpop')", vec![]).await?;
        eventually("its tokens are bound to another key", async || {
            ensure!(key_of(world).await? != first, "not yet");
            Ok(())
        })
        .await?;
        let next = key_of(world).await?;
        wait_for_a_renewal(world).await?;
        browser.wait_for_text("Signed in as Tess Tester").await?;
        assert_eq!(key_of(world).await?, next);
        Ok(())
    })
}

/// A provider by others, whose proofs need a nonce that changes (RFC 9449 §8).
#[test]
fn bound_tokens_are_got_and_renewed_at_a_certified_provider() -> anyhow::Result<()> {
    journey(example("minimal-dpop")?, async |world| {
        let settings = Settings { access_token_lifetime: 10, dpop: true, ..Settings::default() };
        let scope = "openid profile offline_access";
        let config = json!({ "dpop": true, "scope": scope, "prompt": "consent" });
        let provider = OidcProvider::start(world, settings, config)?;
        world.browser.open(world.app_origin()).await?;
        press(world, "Sign in").await?;
        provider.answer("tess").await?;
        world.browser.wait_for_text("Signed in as ").await?;
        wait_for_a_renewal(world).await?;
        let before = App::of(world).stored_session().await?;
        let refused = provider.redeem_without_proof(before.refresh_token()?.secret())?;
        assert_eq!(refused["error"], "invalid_grant", "who has not the key");
        // The page that comes has it still.
        world.browser.reload().await?;
        eventually("it is renewed once more", async || {
            let session = App::of(world).stored_session().await?;
            ensure!(session.access_token()? != before.access_token()?, "not yet");
            Ok(())
        })
        .await?;
        world.browser.wait_for_text("Signed in as ").await?;
        Ok(())
    })
}

#[test]
fn the_router_guards_its_routes_and_comes_back_to_them() -> anyhow::Result<()> {
    journey(example("router")?, async |world| {
        let browser = &world.browser;
        browser.open(world.app_origin()).await?;
        browser.wait_for_text("Everybody may read this").await?;
        browser.click(Locator::LinkText("Report 7")).await?;
        sign_in_at_the_issuer(world).await?;
        browser.wait_for_text("Report 7, for you alone").await?;
        wait_for_address(world, "/reports/7?full=yes").await?;

        // Signed in, no route leaves the page.
        browser.mark_document().await?;
        browser.click(Locator::LinkText("Account")).await?;
        browser.wait_for_text("The account of Tess Tester").await?;
        wait_for_address(world, "/account").await?;
        assert!(browser.is_marked().await?, "the page was left");

        press(world, "Sign out").await?;
        browser.wait_for_text("Everybody may read this").await?;
        browser.find(Locator::XPath("//button[normalize-space()='Sign in']")).await?;
        wait_for_address(world, "/").await
    })
}
