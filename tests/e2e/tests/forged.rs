//! Answers of the real issuer, changed on their way: each is dropped for its own reason, and the session stays as it was.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use anyhow::ensure;
use evergrant_e2e::{App, Flow, Setup, World, eventually, journey};

#[test]
fn an_id_token_that_was_changed_on_its_way_is_dropped_and_the_session_stays() -> anyhow::Result<()> {
    journey(Setup::demo(), async |world| {
        let app = App::of(world);
        app.sign_in(Flow::Code).await?;
        let session = app.stored_session().await?;
        for (change, told) in [
            ("header.alg = 'none'; signature = ''", "is signed with `none`, which is not accepted"),
            ("header.kid = 'unknown'", "signature cannot be checked"),
            ("claims.name = 'Eve'", "the ID token's signature is wrong"),
            ("claims.iss = 'https://issuer.example/'", "is from https://issuer.example/, not from"),
            ("claims.aud = 'another'", "the ID token is for another client"),
            // The issuer's own signature, on what it said at sign-in.
            ("return before", "the ID token does not answer this request (nonce)"),
        ] {
            app.change_the_next_id_token(change).await?;
            refused(world, told).await?;
            let now = app.stored_session().await?;
            assert_eq!(
                (now.access_token()?, now.id_token()?),
                (session.access_token()?, session.id_token()?),
                "{change}"
            );
            assert_eq!(now.member("claims"), session.member("claims"), "{change}");
        }
        app.renew_now().await?;
        assert_ne!(app.stored_session().await?.access_token()?, session.access_token()?);
        Ok(())
    })
}

/// Renews, and waits until the app tells why that was in vain.
async fn refused(world: &World, told: &str) -> anyhow::Result<()> {
    let app = App::of(world);
    app.press("Renew now").await?;
    app.wait_to_be_told(told).await?;
    eventually("the session goes on", async || {
        let status = app.status().await?;
        ensure!(status == "retrying", "it is {status}");
        Ok(())
    })
    .await
}
