//! `GET|POST /device` and `/device/confirm`: a person enters a device's code, sees who asks for what, and answers (RFC 8628 §3.3).

use std::time::Duration;

use crate::support::{App, Browser, Device, Server, config, field};

#[tokio::test]
async fn a_link_fills_the_code_in_and_does_no_more() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    App::code("app").fresh_code(&browser).await;
    let device = Device::start(&browser).await;
    let path = device.told["verification_uri_complete"].as_str().unwrap().strip_prefix(&server.url).unwrap();
    let page = browser.get(path).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!(r#"value="{}""#, device.user_code)), "{}", page.body);
    assert!(page.body.contains(r#"<label for="user_code">"#) && page.body.matches("<h1>").count() == 1);
    assert!(!page.body.contains("Demo TV"), "whose it is comes after the person has sent it");
    assert_eq!(device.polled(&browser).await, "authorization_pending");
    let page = browser.get("/device?user_code=%22%3E%3Cscript%3E").await;
    assert!(page.body.contains(r#"name="user_code" value="""#), "{}", page.body);
}

#[tokio::test]
async fn its_pages_need_no_script_and_are_framed_by_nobody() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let asked = Device::start(&browser).await.asked(&browser, "ann").await;
    for page in [browser.get("/device").await, asked] {
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(policy.contains("form-action 'self'"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(!page.body.contains("<script"));
    }
}

#[tokio::test]
async fn a_code_is_entered_in_any_case_and_without_the_dash() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    App::code("app").fresh_code(&browser).await;
    let device = Device::start(&browser).await;
    let code = &device.user_code;
    for entered in [code.to_lowercase(), code.replace('-', ""), code.replace('-', " "), format!(" {code}.")] {
        let answer = Device::enter(&browser, &entered).await;
        assert!(answer.location().is_some_and(|to| to.starts_with("/device/confirm?")), "{entered}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_page_names_the_client_the_code_and_what_is_asked_for_after_a_sign_in() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let device = Device::start(&browser).await;
    let answer = Device::enter(&browser, &device.user_code).await;
    let sign_in = answer.location().unwrap();
    assert!(sign_in.starts_with("/sign-in?"), "{sign_in}");
    assert!(browser.get(&sign_in).await.body.contains("to continue to Demo TV"));
    let interaction = answer.interaction().unwrap();
    let page = browser.get(&format!("/device/confirm?interaction={interaction}")).await;
    assert!(page.location().unwrap().starts_with("/sign-in?"), "nobody is signed in");
    let asked = browser.sign_in(&interaction, "ann").await.location().unwrap();
    let page = browser.get(&asked).await;
    let described = "see the &#60;team&#39;s&#62; expenses";
    for words in ["Allow Demo TV on your device?", &device.user_code, "Ann Example", "e-mail address", described] {
        assert!(page.body.contains(words), "{words} is not in {}", page.body);
    }
    assert!(
        page.body.contains(r#"name="decision" value="allow""#) && page.body.contains(r#"name="decision" value="deny""#)
    );
    assert_eq!(device.polled(&browser).await, "authorization_pending", "a sign-in allows nothing");
}

#[tokio::test]
async fn a_code_that_is_unknown_expired_or_used_is_told_beside_the_field() {
    let server = Server::with(&config().replace("[lifetimes]", "[lifetimes]\ndevice_code = 100")).await;
    let browser = Browser::of(&server);
    let [used, expired] = [Device::start(&browser).await, Device::start(&browser).await];
    used.allow(&browser, "ann").await;
    let asked = expired.asked(&browser, "ann").await;
    server.clock.advance(Duration::from_secs(100));
    for (entered, words) in [
        ("", "No device shows this code"),
        ("BBBB-BBBB", "No device shows this code"),
        ("<b>\"", "No device shows this code"),
        (used.user_code.as_str(), "This code was used already"),
        (expired.user_code.as_str(), "This code has expired"),
    ] {
        let page = Device::enter(&browser, entered).await;
        assert_eq!(page.status, 422, "{entered}");
        for words in [words, r#"role="alert" id="error""#, r#"aria-invalid="true" aria-describedby="error""#] {
            assert!(page.body.contains(words), "{entered}: {words} is not in {}", page.body);
        }
        assert!(!page.body.contains("<b>"), "{}", page.body);
    }
    // The page that asks was left open meanwhile.
    let answer = Device::decide(&browser, &asked, "allow").await;
    assert!(answer.status == 400 && answer.body.contains("This code has expired"), "{}", answer.body);
    assert_eq!(expired.polled(&browser).await, "expired_token");
}

#[tokio::test]
async fn guessing_codes_is_held_back_and_signing_in_is_not() {
    let config = config().replace("[lifetimes]", "[limits]\nsign_ins_per_address = 5\n\n[lifetimes]");
    let server = Server::with(&config).await;
    let browser = Browser::of(&server);
    let device = Device::start(&browser).await;
    for _ in 0..5 {
        assert_eq!(Device::enter(&browser, "BBBB-BBBB").await.status, 422);
    }
    let held_back = Device::enter(&browser, &device.user_code).await;
    assert_eq!(held_back.status, 429, "the right one as well");
    assert!(held_back.body.contains("Too many codes. Wait "), "{}", held_back.body);
    assert!((1..=60).contains(&held_back.header("retry-after").unwrap().parse::<u64>().unwrap()));
    App::code("app").fresh_code(&browser).await;
}

#[tokio::test]
async fn a_forged_post_is_refused() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let device = Device::start(&browser).await;
    let form_token = field(&browser.get("/device").await, "form_token");
    let entered = [("form_token", form_token.as_str()), ("user_code", &device.user_code)];
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(browser.post_with("/device", &entered, &foreign).await.status, 403);
    let another_browsers = field(&Browser::of(&server).get("/device").await, "form_token");
    for token in ["", "made-up", &another_browsers] {
        let fields = [("form_token", token), ("user_code", device.user_code.as_str())];
        assert_eq!(browser.post("/device", &fields).await.status, 403);
    }
    let page = device.asked(&browser, "ann").await;
    let [interaction, token] = ["interaction", "form_token"].map(|name| field(&page, name));
    let good = [("interaction", interaction.as_str()), ("form_token", &token), ("decision", "allow")];
    assert_eq!(browser.post_with("/device/confirm", &good, &foreign).await.status, 403);
    let answer = browser.post("/device/confirm", &[good[0], good[2]]).await;
    assert!(answer.location().unwrap().starts_with("/device/confirm?"), "without its token the page is shown again");
    assert_eq!(browser.post("/device/confirm", &good[1..]).await.status, 400);
    assert_eq!(device.polled(&browser).await, "authorization_pending");
    let another = Browser::of(&server);
    assert_eq!(another.get(&format!("/device/confirm?interaction={interaction}")).await.status, 400);
}

/// On the sign-in page of an application, and on that of a device, the interaction looks the same.
#[tokio::test]
async fn an_interaction_of_one_kind_opens_no_page_of_the_other() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let answer = browser.get(&format!("/authorize?{}", App::code("app").query())).await;
    let of_app = answer.interaction().unwrap();
    let device = Device::start(&browser).await;
    let of_device = field(&device.asked(&browser, "ann").await, "interaction");
    assert_eq!(browser.get(&format!("/device/confirm?interaction={of_app}")).await.status, 400);
    assert_eq!(browser.get(&format!("/consent?interaction={of_device}")).await.status, 400);
    assert_eq!(browser.decide(&of_device, "allow").await.status, 400);
    assert_eq!(device.polled(&browser).await, "authorization_pending");
}

#[tokio::test]
async fn a_yes_of_one_person_is_not_that_of_another_who_signed_in_meanwhile() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let device = Device::start(&browser).await;
    let page = device.asked(&browser, "ann").await;
    browser.authorize_as("bob", &App::code("trusted").with("prompt", "login").query()).await;
    let again = Device::decide(&browser, &page, "allow").await.location().unwrap();
    assert_eq!(device.polled(&browser).await, "authorization_pending");
    let page = browser.get(&again).await;
    assert!(page.body.contains("Bob Example"), "{}", page.body);
    browser.set_cookie("evergrant-session", "over");
    let answer = Device::decide(&browser, &page, "allow").await;
    let page = browser.get(&answer.location().unwrap()).await;
    assert!(page.location().unwrap().starts_with("/sign-in?"), "without a session yes means nothing");
}

#[tokio::test]
async fn one_answer_counts_and_whoever_presses_twice_is_told_the_same() {
    let server = Server::start().await;
    let (browser, bobs) = (Browser::of(&server), Browser::of(&server));
    let device = Device::start(&browser).await;
    let [page, bobs_page] = [device.asked(&browser, "ann").await, device.asked(&bobs, "bob").await];
    for _ in 0..2 {
        assert!(Device::decide(&browser, &page, "allow").await.body.contains("The device is signed in"));
    }
    let changed = Device::decide(&browser, &page, "deny").await;
    assert!(changed.status == 400 && changed.body.contains("This code was used already"), "{}", changed.body);
    for decision in ["allow", "deny"] {
        let too_late = Device::decide(&bobs, &bobs_page, decision).await;
        assert!(too_late.status == 400 && too_late.body.contains("This code was used already"), "{}", too_late.body);
    }
    let tokens = device.poll(&browser).await.json();
    assert_eq!(crate::support::claims(tokens["access_token"].as_str().unwrap())["sub"], "user-ann");
    server.clock.advance(Duration::from_secs(30));
    let answer = Device::decide(&browser, &page, "allow").await;
    assert!(answer.body.contains("This page is out of date"), "{}", answer.body);
}
