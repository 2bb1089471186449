//! An issuer of one's own: looked up while it is typed, used when the person says so, and left again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::ensure;
use evergrant_e2e::{App, Flow, IssuerPages, Setup, World, eventually, journey};
use fantoccini::Locator;

const ISSUER: Locator<'_> = Locator::Css("#issuer");
const CLIENT: Locator<'_> = Locator::Css("#client-id");

/// The demo's app at an issuer that it is not configured for: the one that runs. Its own is nobody's.
fn elsewhere() -> Setup {
    Setup::demo().with_any_issuer().with_access_token_lifetime(900)
}

#[test]
fn a_person_uses_an_issuer_of_their_own_and_comes_back() -> anyhow::Result<()> {
    journey(elsewhere(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let own = app.stored_session().await?;

        app.open("/issuer").await?;
        enter(world, "evergrant-app").await?;
        app.wait_to_be_told("This app can sign in there.").await?;
        app.press("Use this issuer").await?;
        // The same issuer and the same client: sessions are kept apart all the same.
        app.wait_for_status("signed-out").await?;
        eventually("the app is at its start page", async || {
            let address = browser.address().await?;
            ensure!(address.path() == "/", "it is at {}", address.path());
            Ok(())
        })
        .await?;
        app.press("Sign in").await?;
        // The issuer knows the person, who has agreed to these scopes: they say which API is meant where none is named.
        app.wait_for_status("signed-in").await?;
        app.renew_now().await?;
        let names = app.stored_names().await?;
        let other = format!("evergrant.evergrant-app at {}/.session", world.issuer.origin());
        for name in ["evergrant-issuer", "evergrant.evergrant-app.session", &other] {
            assert!(names.iter().any(|kept| kept == name), "{name} is not among {names:?}");
        }

        app.open("/issuer").await?;
        app.wait_to_be_told("You are using an issuer of your own.").await?;
        app.press("Back to the issuer of this app").await?;
        app.wait_for_status("signed-in").await?;
        assert_eq!(app.renewals().await?, 0, "it is the session of before");
        assert_eq!(app.stored_session().await?, own);
        Ok(())
    })
}

#[test]
fn tokens_of_another_issuer_go_to_no_api_of_the_apps_own() -> anyhow::Result<()> {
    journey(elsewhere(), async |world| {
        let app = App::of(world);
        app.open("/issuer").await?;
        enter(world, "evergrant-app").await?;
        app.press("Use this issuer").await?;
        app.wait_for_status("signed-out").await?;
        app.press("Sign in").await?;
        app.sign_in_at_the_issuer("test", "test").await?;
        app.open("/expenses").await?;
        app.wait_to_be_told("You are using an issuer of your own.").await?;
        assert_eq!(world.api.issued_at(), Vec::<String>::new());
        Ok(())
    })
}

#[test]
fn a_link_proposes_and_the_person_decides() -> anyhow::Result<()> {
    journey(elsewhere(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        let link = format!("/issuer#issuer={}/&client_id=evergrant-app&scope=openid&audience=", world.issuer.origin());
        app.open(&link).await?;
        app.wait_to_be_told("A link filled this in.").await?;
        eventually("the link is out of the address bar", async || {
            let address = browser.address().await?;
            ensure!(address.fragment().is_none(), "it is still there");
            Ok(())
        })
        .await?;
        assert_eq!(value(world, "#client-id").await?, "evergrant-app");
        assert!(!app.stored_names().await?.contains(&"evergrant-issuer".to_owned()), "nothing is kept unasked");

        // Read once: what was not wanted does not come back.
        browser.reload().await?;
        app.wait_for_status("signed-out").await?;
        assert_eq!(value(world, "#client-id").await?, "");

        app.open("/").await?;
        app.open(&link).await?;
        app.wait_to_be_told("A link filled this in.").await?;
        app.press("Use this issuer").await?;
        app.wait_to_be_told("How to sign in").await?;
        assert!(app.stored_names().await?.contains(&"evergrant-issuer".to_owned()));
        Ok(())
    })
}

#[test]
fn what_is_wrong_with_an_issuer_is_said_while_it_is_typed() -> anyhow::Result<()> {
    journey(elsewhere(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/issuer").await?;
        let wrong = [
            ("example", "An issuer's address begins with https://"),
            // Port 9 is the discard service: nobody answers there.
            ("http://localhost:9/", "Nothing answers at"),
            (&format!("{}/account", world.issuer.origin()), "(CORS)"),
            (world.app_origin(), "no OpenID provider"),
            (world.issuer.origin(), "calls itself otherwise"),
        ];
        for (issuer, words) in wrong {
            browser.fill(ISSUER, issuer).await?;
            app.wait_to_be_told(words).await?;
        }
        // The one that answers slowly is overtaken by the one that was typed after it.
        world.issuer.pause()?;
        browser.fill(ISSUER, &format!("{}/", world.issuer.origin())).await?;
        app.wait_to_be_told("Looking it up").await?;
        browser.fill(ISSUER, "http://localhost:9/").await?;
        app.wait_to_be_told("Nothing answers at").await?;
        world.issuer.resume()?;
        app.press("Use this issuer").await?;
        app.wait_to_be_told("Enter the client ID").await?;
        browser.fill(CLIENT, "evergrant-app").await?;
        app.press("Use this issuer").await?;
        app.wait_to_be_told("Nothing answers at").await?;
        assert!(!app.stored_names().await?.contains(&"evergrant-issuer".to_owned()), "it is not used");
        Ok(())
    })
}

#[test]
fn an_app_that_is_served_for_one_issuer_says_that_it_may_not_ask_another() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.open("/issuer").await?;
        world.browser.fill(ISSUER, "https://issuer.example/").await?;
        app.wait_to_be_told("content security policy").await
    })
}

#[test]
fn the_page_says_what_to_register_and_copies_it() -> anyhow::Result<()> {
    journey(elsewhere(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.open("/issuer").await?;
        let origin = world.app_origin();
        let addresses = [
            ("Copy the redirect URI", format!("{origin}/callback")),
            ("Copy the silent redirect URI", format!("{}/silent", world.silent_origin())),
            ("Copy the logout redirect URI", format!("{origin}/")),
            ("Copy the origin", origin.to_owned()),
        ];
        for (name, address) in addresses {
            app.wait_to_be_told(&address).await?;
            // A page without a window has no clipboard that could be read: what is written is seen on the way.
            let watch = "window.copied = null;
                navigator.clipboard.writeText = async text => { window.copied = text }";
            browser.script(watch, vec![]).await?;
            browser.click(Locator::Css(&format!("[aria-label='{name}']"))).await?;
            app.wait_to_be_told("Copied").await?;
            assert_eq!(browser.script("return window.copied", vec![]).await?, address);
        }
        Ok(())
    })
}

#[test]
fn a_person_who_chose_an_issuer_signs_in_there_after_a_new_start_of_the_page() -> anyhow::Result<()> {
    let own = Setup::demo().with_any_issuer().with_config("client_id", "nobody");
    journey(own, async |world| {
        let app = App::of(world);
        app.open("/issuer").await?;
        enter(world, "evergrant-app").await?;
        app.press("Use this issuer").await?;
        app.wait_to_be_told("How to sign in").await?;
        world.browser.reload().await?;
        app.press("Sign in").await?;
        app.sign_in_at_the_issuer("test", "test").await?;
        IssuerPages::of(world).sign_out().await
    })
}

async fn enter(world: &World, client_id: &str) -> anyhow::Result<()> {
    world.browser.fill(ISSUER, &format!("{}/", world.issuer.origin())).await?;
    world.browser.fill(CLIENT, client_id).await
}

async fn value(world: &World, field: &str) -> anyhow::Result<String> {
    let value = world.browser.script("return document.querySelector(arguments[0]).value", vec![field.into()]).await?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}
