//! `GET|POST /sign-in`: the form, wrong passwords, forged posts, and the session that begins.

use std::time::Duration;

use crate::support::{App, Browser, CALLBACK, PASSWORD, Server};

async fn interaction(browser: &Browser, app: &App) -> String {
    let answer = browser.get(&format!("/authorize?{}", app.query())).await;
    assert!(answer.location().unwrap().starts_with("/sign-in?"));
    answer.interaction().unwrap()
}

async fn attempt(browser: &Browser, interaction: &str, username: &str, password: &str) -> crate::support::Answer {
    let fields = [("interaction", interaction), ("username", username), ("password", password)];
    browser.post("/sign-in", &fields).await
}

#[tokio::test]
async fn the_page_is_a_form_that_needs_no_script_and_lets_nothing_in() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("app").with("login_hint", "<ann>")).await;
    let page = browser.get(&format!("/sign-in?interaction={interaction}")).await;
    for part in [
        r#"name="username""#,
        r#"name="password""#,
        r#"type="submit""#,
        r#"autocomplete="username""#,
        r#"autocomplete="current-password""#,
        r#"<label for="username">"#,
        r#"<label for="password">"#,
        r#"role="alert""#,
        "Demo App",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
    assert!(!page.body.contains("<script") && !page.body.contains("<ann>") && !page.body.contains("style="));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let stylesheet = page.body.split("href=\"").find_map(|part| part.strip_prefix("/assets/pages-")).unwrap();
    let path = format!("/assets/pages-{}", stylesheet.split('"').next().unwrap());
    let stylesheet = browser.get(&path).await;
    assert_eq!((stylesheet.status, stylesheet.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(browser.get("/assets/pages-000000000000.css").await.status, 404);
}

/// Chromium stops a redirect that follows a post and that `form-action` does not name, and the person stays on the page. A
/// server at one origin that sends its visitors on to its app at another is nothing unusual.
#[tokio::test]
async fn a_client_may_send_its_visitor_on_to_another_origin() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("app").with("prompt", "consent")).await;
    let sign_in = browser.get(&format!("/sign-in?interaction={interaction}")).await;
    let consent = attempt(&browser, &interaction, "ann", PASSWORD).await.location().unwrap();
    let consent = browser.get(&consent).await;
    let sign_out = browser.get("/oidc/logout?client_id=app").await;
    for (page, form) in [(sign_in, "/sign-in"), (consent, "/consent"), (sign_out, "/sign-out")] {
        assert!(page.body.contains(&format!(r#"method="post" action="{form}""#)), "{}", page.body);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("form-action"), "{form}: {policy}");
    }
    for path in ["/", "/account", "/nothing-here"] {
        let policy = browser.get(path).await.header("content-security-policy").unwrap().to_owned();
        assert!(policy.contains("form-action 'self';"), "{path} leads to no client: {policy}");
    }
}

#[tokio::test]
async fn unknown_person_and_wrong_password_read_the_same_and_the_request_survives() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("trusted")).await;
    let wrong = attempt(&browser, &interaction, "ann", "open barley").await;
    let unknown = attempt(&browser, &interaction, "eve", PASSWORD).await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    assert_eq!(wrong.body.replace("ann", "NAME"), unknown.body.replace("eve", "NAME"));
    assert!(wrong.body.contains("do not go together") && !wrong.body.contains("open barley"));
    assert_eq!(browser.cookie("evergrant-session"), None);
    let answer = attempt(&browser, &interaction, "ann", PASSWORD).await;
    assert!(answer.sent(CALLBACK, '?').has("code"));
}

#[tokio::test]
async fn too_many_attempts_are_held_back_person_by_person() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("trusted")).await;
    for _ in 0..10 {
        assert_eq!(attempt(&browser, &interaction, "ann", "guess").await.status, 422);
    }
    let held_back = attempt(&browser, &interaction, "ann", PASSWORD).await;
    assert_eq!(held_back.status, 429);
    assert!(held_back.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
    // Whoever was told to go back and try again got the browser's page about forms that are sent twice.
    assert!(held_back.body.contains("Too many attempts. Wait ") && held_back.body.contains(r#"value="ann""#));
    assert!(held_back.body.contains(r#"name="password""#) && !held_back.body.contains("go back"));
    assert_eq!(attempt(&browser, &interaction, "bob", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_forged_post_is_refused() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("app")).await;
    let fields = [("interaction", interaction.as_str()), ("username", "ann"), ("password", PASSWORD)];
    for foreign in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site"), ("origin", "http://localhost:8080")],
        vec![("origin", "http://localhost:8080")],
    ] {
        assert_eq!(browser.post_with("/sign-in", &fields, &foreign).await.status, 403, "{foreign:?}");
    }
    // Without the token, with a made-up one, and with one that was opened in another browser.
    assert_eq!(browser.post("/sign-in", &fields[1..]).await.status, 400);
    assert_eq!(attempt(&browser, "made-up", "ann", PASSWORD).await.status, 400);
    let other = Browser::of(&server);
    self::interaction(&other, &App::code("app")).await;
    assert_eq!(attempt(&other, &interaction, "ann", PASSWORD).await.status, 400);
    assert_eq!(other.get(&format!("/sign-in?interaction={interaction}")).await.status, 400);
    assert_eq!(browser.cookie("evergrant-session"), None);
    assert_eq!(other.cookie("evergrant-session"), None);
}

#[tokio::test]
async fn a_person_who_takes_too_long_starts_again() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("app")).await;
    server.clock.advance(Duration::from_secs(301));
    assert_eq!(attempt(&browser, &interaction, "ann", PASSWORD).await.status, 400);
}

/// Also who kept the page as a bookmark: the request is gone, and the address still says whose it was.
#[tokio::test]
async fn a_page_that_is_out_of_date_leads_to_its_application() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let page = browser.get(&format!("/authorize?{}", App::code("app").query())).await.location().unwrap();
    let link = r#"<a href="http://localhost:8080/">Start again at Demo App</a>"#;
    assert!(!browser.get(&page).await.body.contains(link));
    server.clock.advance(Duration::from_secs(301));
    let over = browser.get(&page).await;
    assert!(over.status == 400 && over.body.contains(link), "{}", over.body);
    let fields = [("interaction", "over"), ("client_id", "app"), ("username", "ann"), ("password", PASSWORD)];
    assert!(browser.post("/sign-in", &fields).await.body.contains(link));
    for unknown in ["", "&client_id=nobody", "&client_id=https://evil.example/", "&client_id=server"] {
        let over = browser.get(&format!("/sign-in?interaction=over{unknown}")).await;
        assert!(
            over.body.contains("Go back to the application") && !over.body.contains("<a "),
            "{unknown}: {}",
            over.body
        );
    }
}

/// A double click posts twice, and the browser shows what comes of the second.
#[tokio::test]
async fn who_pressed_twice_was_told_that_the_page_is_out_of_date() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("trusted")).await;
    let press = || attempt(&browser, &interaction, "ann", PASSWORD);
    let (first, second) = tokio::join!(press(), press());
    let [first, second] = [first, second].map(|answer| answer.sent(CALLBACK, '?').first("code").map(str::to_owned));
    assert!(first.is_some() && second.is_some() && first != second);
    // Who comes back to the page later than that finds it out of date.
    assert_eq!(browser.get(&format!("/sign-in?interaction={interaction}")).await.status, 400);
    server.clock.advance(Duration::from_secs(29));
    assert_eq!(press().await.status, 303);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(press().await.status, 400);
}

/// The browser had the cookie of one; the other stood on the page of the person's devices until it ended by time.
#[tokio::test]
async fn a_double_click_left_a_second_session() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("trusted")).await;
    let press = |name| attempt(&browser, &interaction, name, PASSWORD);
    let (first, second) = tokio::join!(press("ann"), press("ann"));
    let cookie = |answer: &crate::support::Answer| answer.header("set-cookie").unwrap().to_owned();
    assert_eq!(cookie(&first), cookie(&second), "whichever answer the browser takes");
    let page = browser.get("/account").await;
    assert_eq!(page.body.matches(r#"name="browser""#).count(), 1, "{}", page.body);
    // Once more, with the cookie that it has now.
    let third = press("ann").await;
    assert_eq!(cookie(&third), cookie(&first));
    assert_eq!(browser.get("/account").await.body.matches(r#"name="browser""#).count(), 1);
    // Somebody else has a session of their own, and so has who signs in later.
    assert_ne!(cookie(&press("bob").await), cookie(&first));
    let later = self::interaction(&browser, &App::code("app").with("prompt", "login")).await;
    let once = attempt(&browser, &later, "ann", PASSWORD).await;
    server.clock.advance(Duration::from_secs(30));
    let again = attempt(&browser, &later, "ann", PASSWORD).await;
    assert_ne!(cookie(&once), cookie(&again));
    assert_eq!(browser.get("/account").await.body.matches(r#"name="browser""#).count(), 1, "the one before has ended");
}

/// They were asked again and again, until the clock had made up for it.
#[tokio::test]
async fn who_was_to_sign_in_anew_could_not_when_the_clock_had_been_set_back() {
    let server = Server::start().await;
    for (name, value) in [("prompt", "login"), ("max_age", "0")] {
        let browser = Browser::of(&server);
        let asked = interaction(&browser, &App::code("trusted").with(name, value)).await;
        server.clock.shift(-120);
        let answer = attempt(&browser, &asked, "ann", PASSWORD).await;
        assert!(answer.location().unwrap().starts_with(CALLBACK), "{name}: {}", answer.location().unwrap());
    }
    // What was opened at a time that is far off still has to be opened anew.
    let browser = Browser::of(&server);
    let asked = interaction(&browser, &App::code("trusted")).await;
    server.clock.shift(-1_000_000);
    let answer = attempt(&browser, &asked, "ann", PASSWORD).await;
    assert!(answer.status == 400 && answer.body.contains("out of date"), "{}", answer.body);
}

#[tokio::test]
async fn every_sign_in_has_a_new_session_and_ends_the_old_one() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let app = App::code("trusted").with("prompt", "login");
    browser.set_cookie("evergrant-session", "chosen-by-an-attacker");
    browser.authorize_as("ann", &app.query()).await;
    let first = browser.cookie("evergrant-session").unwrap();
    assert_ne!(first, "chosen-by-an-attacker");
    assert_eq!(first.len(), 43, "256 bits");
    browser.authorize_as("ann", &app.query()).await;
    assert_ne!(browser.cookie("evergrant-session").unwrap(), first);
    let thief = Browser::of(&server);
    thief.set_cookie("evergrant-session", &first);
    assert!(thief.get("/").await.body.contains("Nobody is signed in"));
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_and_other_sites() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let interaction = interaction(&browser, &App::code("app")).await;
    let answer = attempt(&browser, &interaction, "ann", PASSWORD).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Max-Age=36000"), "{cookie}");
    assert!(!cookie.contains("Domain"));
    // Behind TLS, the name itself forbids other hosts to set it.
    let https = crate::support::config().replace("http://127.0.0.1:1/", "https://issuer.example:1/");
    let server = Server::with(&https).await;
    let answer = Browser::of(&server).get(&format!("/authorize?{}", App::code("app").query())).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-evergrant-browser=") && cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
async fn one_click_exists_for_developers_alone() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let token = interaction(&browser, &App::code("app")).await;
    let fields = [("interaction", token.as_str()), ("person", "bob")];
    assert_eq!(browser.post("/dev/sign-in", &fields).await.status, 404);
    assert!(!browser.get(&format!("/sign-in?interaction={token}")).await.body.contains("/dev/"));

    let server = Server::dev().await;
    let browser = Browser::of(&server);
    let token = interaction(&browser, &App::code("trusted")).await;
    let page = browser.get(&format!("/sign-in?interaction={token}")).await;
    assert!(page.body.contains("Bob Example"));
    let answer = browser.post("/dev/sign-in", &[("interaction", &token), ("person", "bob")]).await;
    assert!(answer.sent(CALLBACK, '?').has("code"));
    assert!(browser.get("/").await.body.contains("Bob Example"));
}
