//! Back-Channel Logout 1.0: clients that were told of a session hear when it is over, however it ends, and no others do.

mod answers;
mod process;

use std::sync::Arc;

use evergrant_core::protocol::jwt::Unverified;
use evergrant_issuer::{SqliteStore, Store};
use serde_json::{Value, json};

use crate::support::{
    App, Browser, CALLBACK, Device, PASSWORD, Postgres, Receiver, Server, VERIFIER, claims, config,
    config_with_another_password, field,
};

/// The clients `app`, `server` and `tv` hear at `receiver`; `trusted` does not want to.
fn told_at(config: &str, receiver: &Receiver) -> String {
    let uri = format!("backchannel_logout_uri = \"{}", receiver.url);
    config
        .replace("name = \"Demo TV\"", &format!("name = \"Demo TV\"\n{uri}\""))
        .replace("name = \"Demo App\"", &format!("name = \"Demo App\"\n{uri}\""))
        .replace("name = \"Server App\"", &format!("name = \"Server App\"\nown_signing_key = true\n{uri}?server\""))
}

async fn stores() -> [Arc<dyn Store>; 2] {
    let database = Postgres::shared().database().await;
    [Arc::new(SqliteStore::in_memory().unwrap()), Arc::new(database.open().await.unwrap())]
}

/// An issuer, and where its clients hear.
struct World {
    server: Server,
    receiver: Receiver,
}

impl World {
    async fn start() -> Self {
        Self::on(Arc::new(SqliteStore::in_memory().unwrap())).await
    }

    async fn on(store: Arc<dyn Store>) -> Self {
        let receiver = Receiver::start().await;
        let server = Server::on(store, &told_at(&config(), &receiver), 0, false).await;
        Self { server, receiver }
    }

    fn browser(&self) -> Browser {
        Browser::of(&self.server)
    }

    /// Who heard by now, and of which session, in no particular order.
    async fn heard(&self) -> Vec<(String, String)> {
        self.server.provider.send_logout_tokens().await.unwrap();
        let mut heard: Vec<_> = self.receiver.take().iter().map(|token| about(token)).collect();
        heard.sort();
        heard
    }
}

fn about(token: &str) -> (String, String) {
    let claims = claims(token);
    (claims["aud"].as_str().unwrap().to_owned(), claims["sid"].as_str().unwrap().to_owned())
}

/// Signs Ann in at `app`; what its ID token calls the session.
async fn sign_in(browser: &Browser) -> String {
    sid(&App::offline("app").tokens(browser).await)
}

fn sid(tokens: &Value) -> String {
    claims(tokens["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned()
}

/// As the client `server`.
async fn at_token_endpoint(browser: &Browser, fields: &[(&str, &str)]) -> Value {
    let own = [("client_id", "server"), ("client_secret", "s3cret"), ("redirect_uri", CALLBACK)];
    let answer = browser.post_with("/oauth/token", &[&own, fields].concat(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn tokens_of_server(browser: &Browser, scope: &str) -> Value {
    let code = App::code("server").with("scope", scope).fresh_code(browser).await;
    let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", VERIFIER)];
    at_token_endpoint(browser, &fields).await
}

async fn sign_in_at_server(browser: &Browser) -> String {
    sid(&tokens_of_server(browser, "openid").await)
}

fn hears(client_id: &str, sid: &str) -> (String, String) {
    (client_id.to_owned(), sid.to_owned())
}

async fn sign_out_on_account_page(browser: &Browser, name: &str, value: &str) {
    let token = field(&browser.get("/account").await, "form_token");
    browser.post("/account/sign-out", &[("form_token", &token), (name, value)]).await;
}

#[tokio::test]
async fn a_logout_token_says_what_section_2_4_wants_and_is_signed_as_the_clients_id_tokens() {
    let world = World::start().await;
    let browser = world.browser();
    let sid = sign_in_at_server(&browser).await;
    let tokens = App::code("app").tokens(&browser).await;
    browser.get(&format!("/oidc/logout?id_token_hint={}", tokens["id_token"].as_str().unwrap())).await;
    world.server.provider.send_logout_tokens().await.unwrap();
    let sent = world.receiver.take();
    let token = sent.iter().find(|token| about(token).0 == "server").unwrap();
    let (jwt, now) = (Unverified::parse(token).unwrap(), world.server.clock.now().as_seconds());
    assert_eq!((jwt.header.typ.as_deref(), jwt.header.alg.as_str()), (Some("logout+jwt"), "ES256"));
    let said = claims(token);
    let names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "and never a nonce");
    assert_eq!(said["iss"], world.server.issuer());
    assert_eq!((&said["sub"], &said["sid"]), (&json!("user-ann"), &json!(sid)));
    assert_eq!(said["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    let (iat, exp) = (said["iat"].as_i64().unwrap(), said["exp"].as_i64().unwrap());
    assert!((now - 5..=now).contains(&iat) && exp == iat + 120, "{iat} {exp}");
    // Its own key, as in its ID tokens, and not the one of all others.
    let other = sent.iter().find(|token| about(token).0 == "app").unwrap();
    assert_ne!(jwt.header.kid, Unverified::parse(other).unwrap().header.kid);
    let signed = App::validate(&world.server, "app", other, None, None).await.unwrap_err();
    assert_eq!(signed.to_string(), "the ID token does not answer this request (nonce)", "all before that is right");
    assert_ne!(claims(other)["jti"], said["jti"]);
}

/// Whoever is sent one could have ended the session it names again, or had somebody else be asked.
#[tokio::test]
async fn a_logout_token_is_no_hint_of_who_is_meant() {
    let world = World::start().await;
    let (browser, phone) = (world.browser(), world.browser());
    sign_in(&browser).await;
    sign_in(&phone).await;
    browser.get("/v2/logout?client_id=app").await;
    world.server.provider.send_logout_tokens().await.unwrap();
    let token = world.receiver.take().remove(0);
    let asked = phone.get(&format!("/oidc/logout?id_token_hint={token}")).await;
    assert!(asked.body.contains("form_token"), "the person is asked: {}", asked.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_is_heard_by_all_who_were_told_of_that_session_and_by_nobody_else() {
    for store in stores().await {
        let world = World::on(store).await;
        let [laptop, phone, tablet] = [(); 3].map(|()| world.browser());
        let first = App::offline("app").tokens(&laptop).await;
        let on_laptop = sid(&first);
        assert_eq!(sign_in_at_server(&laptop).await, on_laptop);
        App::code("trusted").tokens(&laptop).await;
        let on_phone = sign_in(&phone).await;
        App::code("trusted").tokens(&tablet).await;
        // One that has no ID token: its code is not used.
        App::code("server").fresh_code(&tablet).await;
        assert!(world.heard().await.is_empty());

        laptop.get(&format!("/oidc/logout?id_token_hint={}", first["id_token"].as_str().unwrap())).await;
        assert_eq!(world.heard().await, [hears("app", &on_laptop), hears("server", &on_laptop)]);
        tablet.get("/v2/logout?client_id=app").await;
        assert!(world.heard().await.is_empty(), "no client of that session wants to hear");
        let form_token = field(&phone.get("/oidc/logout").await, "form_token");
        phone.post("/sign-out", &[("form_token", &form_token)]).await;
        assert_eq!(world.heard().await, [hears("app", &on_phone)]);
        assert!(world.heard().await.is_empty(), "once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_page_ends_one_device_or_all() {
    for store in stores().await {
        let world = World::on(store).await;
        let [laptop, phone, tablet, bobs] = [(); 4].map(|()| world.browser());
        let (on_laptop, on_phone, on_tablet) = (sign_in(&laptop).await, sign_in(&phone).await, sign_in(&tablet).await);
        let query = App::implicit("id_token").query();
        bobs.authorize_as("bob", &query).await.sent(CALLBACK, '#');
        sign_out_on_account_page(&laptop, "browser", &on_phone).await;
        assert_eq!(world.heard().await, [hears("app", &on_phone)]);
        sign_out_on_account_page(&laptop, "everywhere", "yes").await;
        let mut expected = [hears("app", &on_laptop), hears("app", &on_tablet)];
        expected.sort();
        assert_eq!(world.heard().await, expected);
        sign_out_on_account_page(&bobs, "everywhere", "yes").await;
        assert_eq!(world.heard().await.len(), 1, "one that came with no code");
    }
}

/// It went on with a session of its own until its access token expired.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_that_is_ended_at_the_account_page_did_not_hear() {
    for store in stores().await {
        let world = World::on(store).await;
        let (laptop, phone) = (world.browser(), world.browser());
        let sign_in = async |browser| sid(&tokens_of_server(browser, "openid offline_access").await);
        let on_laptop = sign_in(&laptop).await;
        App::code("app").tokens(&laptop).await;
        let id = field(&laptop.get("/account").await, "application");
        sign_out_on_account_page(&laptop, "application", &id).await;
        assert_eq!(world.heard().await, [hears("server", &on_laptop)]);

        sign_in(&laptop).await;
        let on_phone = sign_in(&phone).await;
        let mut both = [hears("server", &on_laptop), hears("server", &on_phone)];
        both.sort();
        sign_out_on_account_page(&laptop, "everywhere_at", "server").await;
        assert_eq!(world.heard().await, both);

        sign_in(&laptop).await;
        sign_in(&phone).await;
        let form_token = field(&laptop.get("/account").await, "form_token");
        laptop.post("/account/withdraw", &[("form_token", &form_token), ("client_id", "server")]).await;
        assert_eq!(world.heard().await, both);
        assert!(laptop.get("/account").await.body.contains("Sign out everywhere"), "the issuer's session goes on");
    }
}

#[tokio::test]
async fn somebody_else_who_signs_in_ends_the_session_and_the_same_person_does_not() {
    let world = World::start().await;
    let browser = world.browser();
    let first = sign_in(&browser).await;
    let again = App::code("app").with("prompt", "login");
    let code = again.fresh_code(&browser).await;
    let second = sid(&App::redeem(&browser, "app", &code).await.json());
    assert_ne!(first, second);
    assert!(world.heard().await.is_empty());
    browser.authorize_as("bob", &again.query()).await;
    let mut expected = [hears("app", &first), hears("app", &second)];
    expected.sort();
    assert_eq!(world.heard().await, expected);
}

/// An application that keeps its own session alive by refresh tokens outlives the issuer's.
#[tokio::test]
async fn all_devices_are_those_as_well_whose_session_is_over_by_time() {
    let world = World::start().await;
    let (laptop, phone) = (world.browser(), world.browser());
    let tokens = tokens_of_server(&laptop, "openid offline_access").await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    for _ in 0..5 {
        world.server.clock.advance(std::time::Duration::from_secs(900));
        world.server.provider.sweep().await.unwrap();
        at_token_endpoint(&laptop, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
    }
    assert!(laptop.get("/account").await.body.contains("Nobody is signed in"));
    assert!(world.heard().await.is_empty(), "time tells nobody");
    App::code("trusted").tokens(&phone).await;
    sign_out_on_account_page(&phone, "everywhere", "yes").await;
    assert_eq!(world.heard().await, [hears("server", &sid(&tokens))]);
}

/// Their `sid` names nothing else.
#[tokio::test]
async fn what_was_granted_without_a_browser_is_heard_when_that_ends() {
    let world = World::start().await;
    let (laptop, other) = (world.browser(), world.browser());
    let device = sid(&Device::tokens(&laptop, "ann").await);
    let scope = "openid offline_access";
    let fields = [("grant_type", "password"), ("username", "ann"), ("password", PASSWORD), ("scope", scope)];
    let by_password = sid(&at_token_endpoint(&other, &fields).await);
    laptop.get("/v2/logout?client_id=app").await;
    assert!(world.heard().await.is_empty(), "it was allowed in that session, and is none of it");
    App::code("trusted").tokens(&laptop).await;
    sign_out_on_account_page(&laptop, "everywhere", "yes").await;
    assert_eq!(world.heard().await, [hears("server", &by_password), hears("tv", &device)]);
}

#[tokio::test]
async fn a_changed_password_is_heard() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("issuer.sqlite3");
    let receiver = Receiver::start().await;
    let server = Server::launch(&told_at(&config(), &receiver), &database, 0, false).await;
    let sid = sign_in(&Browser::of(&server)).await;
    let port = server.kill().await;
    let other = told_at(&config_with_another_password(), &receiver);
    let server = Server::launch(&other, &database, port, false).await;
    let world = World { server, receiver };
    assert_eq!(world.heard().await, [hears("app", &sid)]);
}

#[tokio::test]
async fn a_used_refresh_token_that_comes_back_ends_no_session_and_so_tells_nobody() {
    let world = World::start().await;
    let browser = world.browser();
    let tokens = App::offline("app").tokens(&browser).await;
    let used = tokens["refresh_token"].as_str().unwrap();
    App::refresh(&browser, used).await;
    world.server.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(App::refresh(&browser, used).await.status, 400);
    assert!(world.heard().await.is_empty());
}
