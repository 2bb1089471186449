//! The lab of the documentation, step by step: what the page tells a newcomer to do is done here, and every name it uses is
//! looked up in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use evergrant_e2e::{App, Expenses, Flow, IssuerPages, Setup, journey};

/// `docs/lab.md`.
struct Lab(String);

impl Lab {
    fn read() -> Self {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lab.md");
        Self(fs::read_to_string(page).unwrap())
    }

    /// A name or a text that the page must have.
    fn says<'a>(&self, text: &'a str) -> &'a str {
        assert!(self.0.contains(text), "the page does not say {text:?}");
        text
    }
}

#[test]
fn the_lab_works_as_its_page_says() -> anyhow::Result<()> {
    let lab = Lab::read();
    let scope = "openid profile email read:reports offline_access";
    lab.says(&format!("\"scope\": \"{scope}\""));
    lab.says("cargo xtask demo --access-token-lifetime 10\n");
    journey(Setup::demo().with_config("scope", scope).with_access_token_lifetime(10), async |world| {
        let (app, expenses, issuer) = (App::of(world), Expenses::of(world), IssuerPages::of(world));
        app.open("/").await?;
        app.choose(Flow::Code).await?;
        app.press(lab.says("Sign in")).await?;
        lab.says("as `test` with the password `test`");
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        app.wait_for_status("signed-in").await?;

        lab.says("Follow the link `Expenses`");
        expenses.follow().await?;
        expenses.wait_for_table().await?;
        let first = expenses.token_issued_at().await?;

        lab.says("Wait fifteen seconds");
        app.watch_for(Duration::from_secs(15)).await?;
        app.press(lab.says("Load again")).await?;
        expenses.wait_for_another_token(first).await?;
        let second = expenses.token_issued_at().await?;
        assert!(second >= first + Duration::from_secs(5), "{first:?} {second:?}");

        // The log tells the same two times as the page, and no other.
        lab.says("access token accepted issued_at=");
        let shown = [first, second].map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs() % 60);
        let logged = world.api.issued_at();
        let logged: Vec<u64> = logged.iter().map(|date| date[17..19].parse().unwrap()).collect();
        assert_eq!(logged, shown, "{}", world.api.output());

        app.open("/").await?;
        assert_eq!(app.last_method().await?, "refresh_token");
        lab.says("The access token provided has expired.");
        Ok(())
    })
}
