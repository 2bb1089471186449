//! The app with its refresh token in a cookie: no script reads it, and the session survives a reload all the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::SystemTime;

use anyhow::{Context, ensure};
use evergrant_e2e::{App, Flow, Request, Setup, World, eventually, journey};
use serde_json::{Value, json};

const LIFETIME: u32 = 8;

/// Keeps the text of every answer that this page's scripts get.
const RECORD_ANSWERS: &str = "
    const fetch = window.fetch;
    window.answers = [];
    window.fetch = async (...request) => {
        const answer = await fetch(...request);
        window.answers.push(await answer.clone().text());
        return answer;
    };";

#[test]
fn no_script_can_read_the_refresh_token() -> anyhow::Result<()> {
    journey(Setup::demo().with_cookie_mode(), async |world| {
        let (app, browser, web_app) = (App::of(world), &world.browser, world.web_app()?);
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": RECORD_ANSWERS })).await?;
        app.sign_in(Flow::Code).await?;
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "refresh_token");

        let cookie = web_app.refresh_cookie(browser).await?.context("there is no cookie")?;
        for (attribute, value) in [
            ("httpOnly", json!(true)),
            ("secure", json!(true)),
            ("sameSite", json!("Strict")),
            ("path", json!("/oauth")),
        ] {
            assert_eq!(cookie[attribute], value, "{attribute}");
        }
        let secret = cookie["value"].as_str().unwrap();
        let readable = browser.script("return [document.cookie, ...window.answers].join()", vec![]).await?;
        let readable = readable.as_str().unwrap();
        assert!(readable.contains("\"access_token\""), "the answers were recorded");
        assert!(!readable.contains(secret) && !readable.contains("\"refresh_token\":"), "a script can read it");
        let kept = app.kept().await?;
        assert!(!kept.holds_a_token(), "{kept:?}");
        assert!(!world.logs().contains(secret), "it is in a log");
        Ok(())
    })
}

#[test]
fn the_session_survives_a_reload_and_is_every_tabs() -> anyhow::Result<()> {
    // At another site the iframe could not help: the cookie alone brings the session back.
    journey(Setup::demo().with_cookie_mode().with_issuer_at_another_site(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let reloaded_at = SystemTime::now();
        world.browser.reload().await?;
        app.wait_for_status("signed-in").await?;
        world.browser.wait_for_text("Signed in as Tess Tester").await?;
        let requests = world.browser.requests_since(reloaded_at).await?;
        let posts: Vec<&Request> = requests.iter().filter(|request| request.method == "POST").collect();
        let backend = format!("{}/oauth/token", world.web_app()?.origin());
        assert_eq!(posts.iter().map(|it| it.endpoint()).collect::<Vec<_>>(), [backend], "{requests:?}");
        assert_eq!(posts[0].form_names(), ["grant_type", "client_id"]);
        assert!(requests.iter().all(|request| request.url.path() != "/authorize"), "{requests:?}");

        world.browser.new_tab().await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await
    })
}

#[test]
fn renewals_go_by_the_cookie() -> anyhow::Result<()> {
    journey(Setup::demo().with_cookie_mode().with_access_token_lifetime(LIFETIME), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let mut cookies = vec![refresh_token(world).await?];
        for count in 1..=2 {
            app.wait_for_renewals(count).await?;
            assert_eq!(app.last_method().await?, "refresh_token");
            let cookie = refresh_token(world).await?;
            assert!(!cookies.contains(&cookie), "renewal {count} left an old refresh token");
            cookies.push(cookie);
        }
        assert_eq!(app.iframes().await?, 0);
        Ok(())
    })
}

#[test]
fn a_lost_answer_costs_nobody_the_session() -> anyhow::Result<()> {
    journey(Setup::demo().with_cookie_mode().with_issuer_at_another_site(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.lose_the_next_answer(false).await?;
        app.press("Renew now").await?;
        app.wait_for_renewals(1).await?;
        assert_eq!(app.last_method().await?, "refresh_token");
        app.renew_now().await?;
        assert_eq!(app.last_method().await?, "refresh_token");
        Ok(())
    })
}

#[test]
fn signing_out_removes_the_cookie_and_revokes_what_was_in_it_in_every_tab() -> anyhow::Result<()> {
    journey(Setup::demo().with_cookie_mode(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        let first = browser.tab().await?;
        let second = browser.new_tab().await?;
        app.open("/").await?;
        app.wait_for_status("signed-in").await?;
        let secret = refresh_token(world).await?;

        browser.show(&first).await?;
        app.press("Sign out").await?;
        eventually("the person is back in the app", async || {
            let address = browser.address().await?;
            ensure!(address.as_str() == format!("{}/", world.app_origin()), "{:?}", address.path());
            Ok(())
        })
        .await?;
        app.wait_for_status("signed-out").await?;
        assert_eq!(world.web_app()?.refresh_cookie(browser).await?, None);
        assert_eq!(world.issuer.answered("/oauth/revoke", 200), 1);
        browser.show(&second).await?;
        app.wait_for_status("signed-out").await?;

        // What was in the cookie opens nothing any more.
        let put_back = json!({ "name": "__Secure-evergrant-refresh", "value": secret, "secure": true, "httpOnly": true,
            "sameSite": "Strict", "path": "/oauth", "url": format!("{}/oauth/", world.web_app()?.origin()) });
        browser.devtools("Network.setCookie", &put_back).await?;
        let answer = ask_for_tokens(world, "cors").await?;
        assert_eq!(answer, json!([400, "invalid_grant"]));
        Ok(())
    })
}

#[test]
fn a_page_of_another_site_gets_nothing() -> anyhow::Result<()> {
    journey(Setup::demo().with_cookie_mode(), async |world| {
        let (app, browser) = (App::of(world), &world.browser);
        app.sign_in(Flow::Code).await?;
        assert_eq!(ask_for_tokens(world, "cors").await?[0], 200, "the app's own page may ask");
        let secret = refresh_token(world).await?;

        // The same server under its other name is another site.
        let elsewhere = world.app_origin().replace("//localhost:", "//127.0.0.1:");
        browser.open(&elsewhere).await?;
        let before = world.issuer.answered("/oauth/token", 200);
        assert_eq!(ask_for_tokens(world, "cors").await?, json!("TypeError"), "it cannot read the answer");
        assert_eq!(ask_for_tokens(world, "no-cors").await?, json!([0, null]), "nor does it see it unread");
        let refused = world.web_app()?.output().matches("from an origin that is not registered").count();
        assert_eq!(refused, 2, "both were refused");
        assert_eq!(world.issuer.answered("/oauth/token", 200), before, "and nothing was asked for");

        browser.open(world.app_origin()).await?;
        assert_eq!(refresh_token(world).await?, secret, "the session is as it was");
        app.wait_for_status("signed-in").await
    })
}

/// What the page that is shown gets when it asks for tokens with the cookie: status and error, or why it gets nothing.
async fn ask_for_tokens(world: &World, mode: &str) -> anyhow::Result<Value> {
    let script = "
        const [url, mode] = arguments;
        const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'evergrant-app' });
        return fetch(url, { method: 'POST', credentials: 'include', mode, body })
            .then(async answer => [answer.status, (JSON.parse(await answer.text() || '{}')).error ?? null])
            .catch(error => error.name);";
    let url = format!("{}/oauth/token", world.web_app()?.origin());
    world.browser.script(script, vec![json!(url), json!(mode)]).await
}

async fn refresh_token(world: &World) -> anyhow::Result<String> {
    let cookie = world.web_app()?.refresh_cookie(&world.browser).await?.context("there is no cookie")?;
    Ok(cookie["value"].as_str().context("it has no value")?.to_owned())
}
