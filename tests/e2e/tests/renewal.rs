//! Silent renewal by the hidden iframe: by schedule and by hand, in both flows, with nothing left behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use evergrant_e2e::{App, Flow, Request, Setup, World, eventually, eventually_within, journey};
use serde_json::json;

/// Short enough to see three renewals, long enough for a slow machine: one is due every six seconds or so.
const LIFETIME: u32 = 10;

#[test]
fn code_and_pkce_renews_three_times_in_a_row() -> anyhow::Result<()> {
    three_renewals(Flow::Code)
}

#[test]
fn the_implicit_flow_renews_three_times_in_a_row() -> anyhow::Result<()> {
    three_renewals(Flow::Implicit)
}

#[test]
fn without_the_silent_page_code_and_pkce_takes_two_requests() -> anyhow::Result<()> {
    three_renewals_by_message(Flow::Code)
}

#[test]
fn without_the_silent_page_the_implicit_flow_takes_one_request() -> anyhow::Result<()> {
    three_renewals_by_message(Flow::Implicit)
}

fn three_renewals_by_message(flow: Flow) -> anyhow::Result<()> {
    let setup = Setup::demo().with_config("silent_response", "web_message");
    journey(setup.with_access_token_lifetime(LIFETIME), async |world| {
        let app = App::of(world);
        app.sign_in(flow).await?;
        world.browser.mark_document().await?;
        let signed_in_at = SystemTime::now();
        app.wait_for_renewals(3).await?;
        assert!(world.browser.is_marked().await?, "the page was left");
        assert_eq!((app.last_method().await?, app.iframes().await?), ("iframe".to_owned(), 0));
        let renewed = json!({ "method": "iframe", "outcome": "renewed", "cause": "schedule" });
        let measured = app.measured_renewals().await?;
        assert!(measured.iter().all(|renewal| *renewal == renewed), "{measured:?}");

        let issuer = world.issuer.origin();
        let mut expected = vec![format!("{issuer}/authorize")];
        if flow == Flow::Code {
            expected.push(format!("{issuer}/oauth/token"));
        }
        // The fourth may have begun.
        let mut requests = world.browser.requests_since(signed_in_at).await?;
        requests.truncate(3 * expected.len());
        let shape: Vec<String> = requests.iter().map(Request::endpoint).collect();
        assert_eq!(shape, vec![expected; 3].concat(), "{requests:?}");
        for asked in requests.iter().filter(|request| request.url.path() == "/authorize") {
            assert_eq!(asked.query("response_mode").as_deref(), Some("web_message"));
            assert_eq!(asked.query("prompt").as_deref(), Some("none"));
        }
        assert!(world.browser.console().await?.is_empty(), "{:?}", world.browser.console().await?);
        Ok(())
    })
}

fn three_renewals(flow: Flow) -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let app = App::of(world);
        app.sign_in(flow).await?;
        world.browser.mark_document().await?;
        let signed_in_at = SystemTime::now();
        let mut tokens = vec![app.stored_session().await?.access_token()?];
        for count in 1..=3 {
            app.wait_for_renewals(count).await?;
            assert_eq!(app.renewals().await?, count);
            assert_eq!(app.last_method().await?, "iframe");
            assert_eq!(app.iframes().await?, 0, "an iframe was left behind");
            let session = app.stored_session().await?;
            assert!(session.expires_at()? > SystemTime::now(), "it was renewed too late");
            let token = session.access_token()?;
            assert!(!tokens.contains(&token), "renewal {count} brought an old token");
            tokens.push(token);
        }
        assert!(world.browser.is_marked().await?, "the page was left");
        let renewed = json!({ "method": "iframe", "outcome": "renewed", "cause": "schedule" });
        assert_eq!(app.measured_renewals().await?, vec![renewed; 3]);

        let requests = world.browser.requests_since(signed_in_at).await?;
        let shape: Vec<String> = requests.iter().map(Request::endpoint).collect();
        assert_eq!(shape, vec![expected(world, flow); 3].concat(), "{requests:?}");
        for request in &requests {
            assert_silence(world, flow, request);
        }
        assert_all_different(&requests, "state");
        assert_all_different(&requests, "nonce");
        Ok(())
    })
}

/// What one renewal may cost: three requests with a code, two without.
fn expected(world: &World, flow: Flow) -> Vec<String> {
    let issuer = world.issuer.origin();
    let mut requests = vec![format!("{issuer}/authorize"), format!("{}/silent", world.silent_origin())];
    if flow == Flow::Code {
        requests.push(format!("{issuer}/oauth/token"));
    }
    requests
}

/// No token but where the flow puts it, and no question to the person.
fn assert_silence(world: &World, flow: Flow, request: &Request) {
    match request.url.path() {
        "/authorize" => assert_eq!(request.query("prompt").as_deref(), Some("none"), "{request:?}"),
        "/silent" => {
            let mut in_query = request.query_names();
            let mut in_fragment = request.fragment_names();
            in_query.sort();
            in_fragment.sort();
            match flow {
                Flow::Code => {
                    assert_eq!((in_query, in_fragment), (vec!["code".into(), "iss".into(), "state".into()], vec![]));
                }
                Flow::Implicit => {
                    assert_eq!(in_query, Vec::<String>::new(), "a token must not reach the silent server");
                    assert!(in_fragment.contains(&"access_token".into()) && in_fragment.contains(&"id_token".into()));
                }
            }
            assert!(!world.logs().contains("access_token"), "the silent server saw a token");
        }
        _ => {
            assert_eq!(request.method, "POST");
            assert!(request.query_names().is_empty(), "{request:?}");
            let form = request.form_names();
            assert!(form.contains(&"code_verifier".into()) && form.contains(&"code".into()), "{form:?}");
        }
    }
}

fn assert_all_different(requests: &[Request], name: &str) {
    let mut values: Vec<String> =
        requests.iter().filter(|request| request.url.path() == "/authorize").filter_map(|it| it.query(name)).collect();
    let count = values.len();
    values.sort();
    values.dedup();
    assert_eq!((count, values.len()), (3, 3), "each renewal has a {name} of its own");
}

#[test]
fn renew_now_renews_now() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let before = app.stored_session().await?;
        for count in 1..=2 {
            app.press("Renew now").await?;
            app.wait_for_renewals(count).await?;
        }
        let after = app.stored_session().await?;
        assert_ne!(after.access_token()?, before.access_token()?);
        assert_eq!(after.member("claims")["sub"], before.member("claims")["sub"]);
        assert!(after.expires_at()? > before.expires_at()?);
        let by_hand = json!({ "method": "iframe", "outcome": "renewed", "cause": "asked" });
        assert_eq!(app.measured_renewals().await?, vec![by_hand; 2]);
        Ok(())
    })
}

#[test]
fn the_silent_page_may_be_at_the_apps_own_origin() -> anyhow::Result<()> {
    journey(Setup::demo().with_silent_page_at_home(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        app.press("Renew now").await?;
        app.wait_for_renewals(1).await?;
        assert_eq!((world.silent_origin(), app.last_method().await?.as_str()), (world.app_origin(), "iframe"));
        Ok(())
    })
}

#[test]
fn a_fragment_that_the_issuer_left_behind_a_code_was_taken_for_the_answer() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        App::of(world).open("/").await?;
        let frame = r#"
            window.answers = [];
            addEventListener("message", ({ data }) => answers.push(data.response));
            const frame = document.createElement("iframe");
            frame.src = arguments[0];
            document.body.append(frame);
        "#;
        let address = format!("{}/silent?code=c&state=s#_=_", world.silent_origin());
        world.browser.script(frame, vec![address.into()]).await?;
        eventually("the code is posted", async || {
            let answers = world.browser.script("return answers", Vec::new()).await?;
            ensure!(answers == json!(["code=c&state=s"]), "{answers}");
            Ok(())
        })
        .await
    })
}

#[test]
fn the_iframe_is_hidden_while_it_works() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        // An issuer that does not answer keeps the iframe there to be looked at.
        world.issuer.pause()?;
        app.press("Renew now").await?;
        eventually("the iframe is there", async || {
            ensure!(app.iframes().await? == 1);
            Ok(())
        })
        .await?;
        let seen = world
            .browser
            .script(
                "const it = document.querySelector('iframe'), box = it.getBoundingClientRect(); \
                 return [box.width, box.height, it.getAttribute('aria-hidden'), it.getAttribute('sandbox')]",
                vec![],
            )
            .await?;
        assert_eq!(seen, json!([0, 0, "true", "allow-scripts allow-same-origin"]));
        assert_eq!(app.status().await?, "renewing");
        world.issuer.resume()?;
        app.wait_for_renewals(1).await?;
        assert_eq!(app.iframes().await?, 0);
        Ok(())
    })
}

#[test]
fn a_tab_opened_before_the_token_expired_renews_when_it_is_shown_again() -> anyhow::Result<()> {
    journey(Setup::demo().with_access_token_lifetime(LIFETIME), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let before = app.stored_session().await?;
        // Elsewhere in this tab while the token expires: no timer of the app's can run.
        world.browser.open(world.issuer.origin()).await?;
        eventually_within(Duration::from_secs(30), "the access token has expired", async || {
            ensure!(SystemTime::now() > before.expires_at()?, "not yet");
            Ok(())
        })
        .await?;
        app.open("/").await?;
        app.wait_for_renewals(1).await?;
        assert_ne!(app.stored_session().await?.access_token()?, before.access_token()?);
        Ok(())
    })
}

#[test]
fn a_token_of_forty_days_is_left_alone() -> anyhow::Result<()> {
    // More milliseconds than a browser's timer holds: one that is set to them fires at once.
    const FORTY_DAYS: u32 = 40 * 24 * 60 * 60;
    journey(Setup::demo().with_access_token_lifetime(FORTY_DAYS), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let signed_in_at = SystemTime::now();
        let left = i64::from(FORTY_DAYS) - app.expires_in().await?;
        assert!((0..60).contains(&left), "{left} s are missing");
        app.watch_for(Duration::from_secs(4)).await?;
        let requests = world.browser.requests_since(signed_in_at).await?;
        assert!(requests.is_empty(), "{requests:?}");
        assert_eq!((app.renewals().await?, app.status().await?), (0, "signed-in".to_owned()));

        world.browser.reload().await?;
        app.wait_for_status("signed-in").await?;
        app.watch_for(Duration::from_secs(2)).await?;
        assert_eq!(app.renewals().await?, 0);
        app.renew_now().await
    })
}
