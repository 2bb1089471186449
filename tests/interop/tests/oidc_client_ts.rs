//! A widely used library for single-page apps at Evergrant's issuer: all that it does, it does here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::SystemTime;

use evergrant_e2e::{IssuerPages, World, journey};
use evergrant_interop::OidcClientTs;
use serde_json::{Value, json};

async fn sign_in(pages: &OidcClientTs, world: &World) -> anyhow::Result<Value> {
    pages.begin(&world.browser, "signinRedirect").await?;
    let issuer = IssuerPages::of(world);
    issuer.sign_in("test", "test").await?;
    issuer.decide("allow").await?;
    pages.wait_for_user(&world.browser).await
}

#[test]
fn it_signs_in_by_redirect_and_renews_by_iframe() -> anyhow::Result<()> {
    let pages = OidcClientTs::start()?;
    journey(pages.setup(), async |world| {
        pages.open(world, json!({})).await?;
        let user = sign_in(&pages, world).await?;
        // The ID token's claims and those of userinfo, merged by the library.
        assert_eq!(user["profile"]["name"], "Tess Tester");
        assert_eq!(user["profile"]["email"], "tess@example.com");
        assert!(user["refresh_token"].is_null(), "offline_access was not asked for");

        let renewed = pages.call(&world.browser, "signinSilent", Value::Null).await?;
        assert_eq!(renewed["profile"]["sub"], user["profile"]["sub"]);
        assert_ne!(renewed["access_token"], user["access_token"]);
        Ok(())
    })
}

#[test]
fn it_renews_by_refresh_token() -> anyhow::Result<()> {
    let pages = OidcClientTs::start()?;
    journey(pages.setup(), async |world| {
        pages.open(world, json!({ "scope": "openid profile email offline_access" })).await?;
        let user = sign_in(&pages, world).await?;
        let mut token = user["refresh_token"].clone();
        for _ in 0..2 {
            let asked_at = SystemTime::now();
            let renewed = pages.call(&world.browser, "signinSilent", Value::Null).await?;
            assert!(renewed["refresh_token"].is_string() && renewed["refresh_token"] != token, "it rotates");
            token = renewed["refresh_token"].clone();
            let requests = world.browser.requests_since(asked_at).await?;
            assert!(requests.iter().all(|request| request.url.path() != "/authorize"), "{requests:?}");
        }
        Ok(())
    })
}

#[test]
fn its_tokens_are_bound_to_a_key_of_the_page() -> anyhow::Result<()> {
    let pages = OidcClientTs::start()?;
    journey(pages.setup(), async |world| {
        // The library presents the token to UserInfo as Bearer, which a bound one is not.
        let bound = json!({ "loadUserInfo": false, "dpop": { "bind_authorization_code": true } });
        let mut with_refresh_tokens = bound.clone();
        with_refresh_tokens["scope"] = "openid profile email offline_access".into();
        pages.open(world, bound).await?;
        let user = sign_in(&pages, world).await?;
        assert_eq!(user["token_type"], "DPoP");
        // By iframe, and then by refresh token.
        pages.call(&world.browser, "signinSilent", Value::Null).await?;
        assert_eq!(pages.ask_who_it_is(world, true).await?, json!({ "status": 200, "scheme": null }));
        assert_eq!(pages.ask_who_it_is(world, false).await?, json!({ "status": 401, "scheme": "DPoP" }));

        pages.open(world, with_refresh_tokens).await?;
        pages.begin(&world.browser, "signinRedirect").await?;
        IssuerPages::of(world).decide("allow").await?;
        let mut token = Value::Null;
        for _ in 0..3 {
            let user = pages.wait_for_user(&world.browser).await?;
            assert_ne!(user["refresh_token"], token);
            token = user["refresh_token"].clone();
            pages.call(&world.browser, "signinSilent", Value::Null).await?;
            assert_eq!(pages.ask_who_it_is(world, true).await?, json!({ "status": 200, "scheme": null }));
        }
        Ok(())
    })
}

#[test]
fn it_signs_in_in_a_popup() -> anyhow::Result<()> {
    let pages = OidcClientTs::start()?;
    journey(pages.setup(), async |world| {
        let browser = &world.browser;
        pages.open(world, json!({})).await?;
        browser.mark_document().await?;
        let page = browser.tab().await?;
        pages.begin(browser, "signinPopup").await?;
        let popup = browser.other_tab(&page).await?;
        browser.show(&popup).await?;
        let issuer = IssuerPages::of(world);
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        browser.show(&page).await?;
        pages.wait_until_done(browser).await?;
        let user = pages.wait_for_user(browser).await?;
        assert_eq!(user["profile"]["name"], "Tess Tester");
        assert!(browser.is_marked().await?, "the page was left");
        browser.wait_until_alone().await
    })
}

#[test]
fn it_is_told_when_nobody_is_signed_in() -> anyhow::Result<()> {
    let pages = OidcClientTs::start()?;
    journey(pages.setup(), async |world| {
        pages.open(world, json!({})).await?;
        // An error as RFC 6749 §4.1.2.1 has it, which the library knows as one of its own kind.
        let script = "return window.manager.signinSilent().then(() => null, error => [error.name, error.error])";
        assert_eq!(world.browser.script(script, vec![]).await?, json!(["ErrorResponse", "login_required"]));
        Ok(())
    })
}

#[test]
fn it_revokes_its_tokens() -> anyhow::Result<()> {
    let pages = OidcClientTs::start()?;
    journey(pages.setup(), async |world| {
        pages.open(world, json!({ "scope": "openid offline_access" })).await?;
        let user = sign_in(&pages, world).await?;
        pages.call(&world.browser, "revokeTokens", json!(["access_token", "refresh_token"])).await?;
        let left = pages.call(&world.browser, "getUser", Value::Null).await?;
        assert!(left["refresh_token"].is_null(), "the library forgot it");
        assert_eq!(world.issuer.answered("/oauth/revoke", 200), 2);

        let script = "
            const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'oidc-client-ts', refresh_token: arguments[0] });
            return fetch(arguments[1], { method: 'POST', body }).then(it => it.json()).then(it => it.error)";
        let endpoint = format!("{}/oauth/token", world.issuer.origin());
        let error = world.browser.script(script, vec![user["refresh_token"].clone(), json!(endpoint)]).await?;
        assert_eq!(error, "invalid_grant");
        Ok(())
    })
}

#[test]
fn it_signs_out_and_comes_back() -> anyhow::Result<()> {
    let pages = OidcClientTs::start()?;
    journey(pages.setup(), async |world| {
        pages.open(world, json!({ "scope": "openid offline_access", "revokeTokensOnSignout": true })).await?;
        sign_in(&pages, world).await?;
        world.browser.mark_document().await?;
        pages.begin(&world.browser, "signoutRedirect").await?;
        evergrant_e2e::eventually("the person is back", async || {
            anyhow::ensure!(!world.browser.is_marked().await?, "the page is the same");
            let state = world.browser.script("return [location.pathname, typeof window.manager]", vec![]).await?;
            anyhow::ensure!(state == json!(["/", "object"]), "it is {state}");
            Ok(())
        })
        .await?;
        // The library knows its own state again.
        pages.call(&world.browser, "signoutRedirectCallback", Value::Null).await?;
        assert!(pages.call(&world.browser, "getUser", Value::Null).await?.is_null());
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await
    })
}
