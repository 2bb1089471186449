//! Signing in by redirect: both flows, a refusal, a reload, and where everything ends up.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::{Context, ensure};
use evergrant_e2e::{App, Flow, IssuerPages, Request, Setup, World, eventually, journey};

#[test]
fn a_person_signs_in_with_code_and_pkce() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        world.browser.wait_for_text("Signed in as ").await?;
        assert_nothing_in_the_address(world).await?;

        let request = authorization_request(world).await?;
        assert_eq!(request.query("response_type").as_deref(), Some("code"));
        assert_eq!(request.query("code_challenge_method").as_deref(), Some("S256"));
        // 32 bytes each, base64url without padding.
        for name in ["code_challenge", "nonce", "state"] {
            assert_eq!(request.query(name).map(|value| value.len()), Some(43), "{name} of {request:?}");
        }
        let callback = callback_request(world).await?;
        assert!(callback.query("code").is_some() && callback.query("iss").is_some(), "{callback:?}");
        assert!(callback.fragment_names().is_empty(), "{callback:?}");
        Ok(())
    })
}

#[test]
fn a_person_signs_in_with_the_implicit_flow_when_that_is_chosen() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Implicit).await?;
        world.browser.wait_for_text("Signed in as ").await?;
        assert_nothing_in_the_address(world).await?;

        let request = authorization_request(world).await?;
        assert_eq!(request.query("response_type").as_deref(), Some("id_token token"));
        assert!(request.query("nonce").is_some() && request.query("state").is_some(), "{request:?}");
        assert_eq!(app.stored_session().await?.member("flow"), "implicit");
        let requests = world.browser.requests_since(SystemTime::UNIX_EPOCH).await?;
        let token_endpoint = format!("{}/oauth/token", world.issuer.origin());
        assert!(requests.iter().all(|request| request.endpoint() != token_endpoint), "{requests:?}");
        Ok(())
    })
}

#[test]
fn the_session_is_kept_whole_in_session_storage_and_nowhere_else() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(600), async |world| {
        let app = App::of(world);
        let before = SystemTime::now();
        app.sign_in(Flow::Code).await?;

        let session = app.stored_session().await?;
        let access = session.access_token()?.claims()?;
        let id = session.id_token()?.claims()?;
        assert_eq!(session.member("scope"), "openid profile email read:reports");
        assert_eq!(session.member("claims")["sub"], id["sub"]);
        assert_eq!(session.member("claims")["name"], id["name"]);
        // Row A8: the two lifetimes are set apart from each other.
        assert_eq!(lifetime(&access)?, 600);
        assert_ne!(lifetime(&id)?, 600);
        // The lifetime counts from when the request for the tokens left.
        let expires_in = session.expires_at()?.duration_since(before)?;
        assert!((600..620).contains(&expires_in.as_secs()), "{expires_in:?}");

        let stored_locally = world.browser.script("return localStorage.length", vec![]).await?;
        assert_eq!(stored_locally, 0);
        let names = app.stored_names().await?;
        assert_eq!(names, ["evergrant.evergrant-app.session"], "the transaction is spent");
        Ok(())
    })
}

#[test]
fn a_reload_keeps_the_session_and_its_schedule() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(12), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let (seconds, session) = (app.expires_in().await?, app.stored_session().await?);

        world.browser.reload().await?;
        app.wait_for_status("signed-in").await?;
        world.browser.wait_for_text("Signed in as ").await?;
        let after = app.expires_in().await?;
        assert!(after <= seconds && after > 0, "{after} s left after the reload, {seconds} s before");
        assert_eq!(app.stored_session().await?, session);

        app.wait_for_renewals(1).await?;
        assert_ne!(app.stored_session().await?.access_token()?, session.access_token()?);
        assert_eq!(app.measured_renewals().await?[0]["cause"], "schedule");
        Ok(())
    })
}

#[test]
fn the_countdown_ticks() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let before = app.expires_in().await?;
        eventually("two seconds are gone from the countdown", async || {
            let now = app.expires_in().await?;
            ensure!(now <= before - 2, "{now} of {before}");
            Ok(())
        })
        .await
    })
}

#[test]
fn who_refuses_consent_is_told_so_and_may_sign_in_again() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer) = (App::of(world), IssuerPages::of(world));
        app.open("/").await?;
        app.press("Sign in").await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide("deny").await?;
        app.wait_for_status("signed-out").await?;
        world.browser.wait_for_text("Access was declined").await?;
        assert_nothing_in_the_address(world).await?;
        assert_eq!(app.stored_names().await?, Vec::<String>::new());

        app.press("Sign in").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn a_wrong_password_is_told_and_the_sign_in_goes_on() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer) = (App::of(world), IssuerPages::of(world));
        app.open("/").await?;
        app.press("Sign in").await?;
        issuer.sign_in("test", "wrong").await?;
        eventually("the issuer says that something is wrong", async || {
            let alert = "return document.querySelector('[role=alert]').textContent.trim()";
            let said = world.browser.script(alert, vec![]).await?;
            ensure!(said.as_str().is_some_and(|said| !said.is_empty()), "it says nothing");
            Ok(())
        })
        .await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn who_double_clicked_at_the_issuer_was_told_that_the_page_is_out_of_date() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer) = (App::of(world), IssuerPages::of(world));
        app.open("/").await?;
        app.press("Sign in").await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide_by_double_click("allow").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn a_sign_in_returns_to_the_page_where_it_began() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let (app, issuer) = (App::of(world), IssuerPages::of(world));
        app.open("/session").await?;
        app.press("Sign in").await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await?;
        eventually("the person is back on /session", async || {
            let address = world.browser.address().await?;
            ensure!(address.as_str() == format!("{}/session", world.app_origin()), "{}", address.path());
            Ok(())
        })
        .await
    })
}

#[test]
fn consent_is_asked_once_and_a_second_tab_signs_in_without_a_question() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        world.browser.new_tab().await?;
        app.open("/").await?;
        app.wait_for_status("signed-out").await?;
        app.press("Sign in").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn no_secret_reaches_a_log_or_the_console_and_the_page_complains_about_nothing() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(600), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.press("Renew now").await?;
        app.wait_for_renewals(1).await?;
        let console = world.browser.console().await?;
        assert!(console.is_empty(), "{console:?}");

        let logs = world.logs();
        assert!(logs.contains("/authorize"), "the servers log what they are asked");
        let session = app.stored_session().await?;
        assert!(!session.access_token()?.is_in(&logs) && !session.id_token()?.is_in(&logs), "a token is in a log");
        for request in world.browser.requests_since(SystemTime::UNIX_EPOCH).await? {
            for name in ["code", "state", "nonce", "code_challenge"] {
                let value = request.query(name);
                assert!(value.is_none_or(|value| !logs.contains(&value)), "the {name} of {request:?} is in a log");
            }
        }
        Ok(())
    })
}

fn lifetime(claims: &serde_json::Value) -> anyhow::Result<u64> {
    let number = |name: &str| claims[name].as_u64().with_context(|| format!("no {name}"));
    Ok(number("exp")? - number("iat")?)
}

async fn assert_nothing_in_the_address(world: &World) -> anyhow::Result<()> {
    eventually("the address is a plain page of the app", async || {
        let address = world.browser.address().await?;
        ensure!(address.query().is_none() && address.fragment().is_none(), "something is left");
        ensure!(address.path() == "/", "it is {}", address.path());
        ensure!(address.origin().ascii_serialization() == world.app_origin(), "it is elsewhere");
        Ok(())
    })
    .await
}

async fn authorization_request(world: &World) -> anyhow::Result<Request> {
    first(world, &format!("{}/authorize", world.issuer.origin())).await
}

async fn callback_request(world: &World) -> anyhow::Result<Request> {
    first(world, &format!("{}/callback", world.app_origin())).await
}

async fn first(world: &World, endpoint: &str) -> anyhow::Result<Request> {
    let requests = world.browser.requests_since(SystemTime::now() - Duration::from_secs(600)).await?;
    let found = requests.iter().find(|request| request.endpoint() == endpoint);
    found.cloned().with_context(|| format!("no request to {endpoint} among {requests:?}"))
}
