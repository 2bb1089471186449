//! A certified library for servers at Evergrant's issuer, with every check of it switched on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evergrant_e2e::{IssuerPages, journey};
use evergrant_interop::OpenidClient;

const OFFLINE: (&str, &str) = ("scope", "openid profile email offline_access");

#[test]
fn it_discovers_signs_in_and_refreshes() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(""), async |world| {
        let metadata = client.discover(world, "basic")?;
        assert_eq!(metadata["issuer"], format!("{}/", world.issuer.origin()));
        client.sign_in(world, &[OFFLINE]).await?;
        assert_eq!(client.ask("/userinfo", &[])?["email"], "tess@example.com");

        let refreshed = client.ask("/refresh", &[])?;
        assert_eq!(refreshed["rotated"], true);
        assert_eq!(refreshed["sub"], "user|1f0c7d52");
        client.ask("/refresh", &[])?;
        // Past the reuse interval a spent token ends its family.
        world.issuer.move_clock(60)?;
        assert_eq!(client.refusal("/refresh", &[("spent", "")])?, "invalid_grant");
        assert_eq!(client.refusal("/refresh", &[])?, "invalid_grant");
        Ok(())
    })
}

#[test]
fn it_accepts_the_hybrid_flow_by_a_posted_form() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(r#"id_token_signing_alg = "RS256""#), async |world| {
        client.discover(world, "post")?;
        client.sign_in(world, &[OFFLINE, ("hybrid", "")]).await?;
        assert_eq!(client.ask("/refresh", &[])?["rotated"], true);
        Ok(())
    })
}

#[test]
fn it_introspects_and_revokes() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(""), async |world| {
        client.discover(world, "basic")?;
        client.sign_in(world, &[OFFLINE]).await?;
        for token in ["access_token", "refresh_token"] {
            let told = client.ask("/introspect", &[("token", token)])?;
            assert_eq!((&told["active"], &told["client_id"]), (&true.into(), &"openid-client".into()), "{token}");
        }
        client.ask("/revoke", &[("token", "refresh_token")])?;
        for token in ["access_token", "refresh_token"] {
            assert_eq!(client.ask("/introspect", &[("token", token)])?["active"], false, "{token}");
        }
        assert_eq!(client.refusal("/refresh", &[])?, "invalid_grant");
        Ok(())
    })
}

#[test]
fn it_gets_tokens_in_its_own_name() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(""), async |world| {
        client.discover(world, "post")?;
        let parameters = [("audience", "http://localhost:3002/"), ("scope", "read:reports")];
        let answer = client.ask("/client-credentials", &parameters)?;
        assert_eq!(answer["scope"], "read:reports");
        assert!(answer["id_token"].is_null() && answer["expires_in"].as_u64() > Some(0), "{answer}");
        let told = client.ask("/introspect", &[("token", "access_token")])?;
        assert_eq!(told["active"], true);
        let refused = client.refusal("/client-credentials", &[parameters[0], ("scope", "write:reports")])?;
        assert_eq!(refused, "invalid_scope");
        Ok(())
    })
}

#[test]
fn it_polls_for_a_device_until_a_person_has_answered() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(""), async |world| {
        let metadata = client.discover(world, "basic")?;
        assert!(metadata["device_authorization_endpoint"].is_string(), "{metadata}");
        let (issuer, browser) = (IssuerPages::of(world), &world.browser);
        let told = client.ask("/device", &[OFFLINE])?;
        browser.open(told["verification_uri"].as_str().unwrap()).await?;
        issuer.enter_user_code(told["user_code"].as_str().unwrap()).await?;
        issuer.sign_in("test", "test").await?;
        issuer.decide("allow").await?;
        let tokens = client.ask("/device-tokens", &[])?;
        assert_eq!((&tokens["sub"], &tokens["scope"]), (&"user|1f0c7d52".into(), &OFFLINE.1.into()));
        assert_eq!(client.ask("/userinfo", &[])?["email"], "tess@example.com");
        assert_eq!(client.ask("/refresh", &[])?["rotated"], true);

        let told = client.ask("/device", &[OFFLINE])?;
        browser.open(told["verification_uri_complete"].as_str().unwrap()).await?;
        issuer.enter_user_code(told["user_code"].as_str().unwrap()).await?;
        issuer.decide("deny").await?;
        assert_eq!(client.refusal("/device-tokens", &[])?, "access_denied");
        Ok(())
    })
}

const API: (&str, &str) = ("audience", "http://localhost:3002/");

#[test]
fn its_tokens_are_bound_to_its_key_without_a_secret_at_the_issuer_and_at_the_api() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(""), async |world| {
        let metadata = client.discover_with_key(world, "none", "ES256")?;
        assert!(metadata["dpop_signing_alg_values_supported"].as_array().unwrap().contains(&"ES256".into()));
        let scope = ("scope", "openid profile email offline_access read:reports");
        client.sign_in(world, &[scope, API]).await?;
        let url = format!("{}/expenses", world.api.origin());
        let expenses = |client: &OpenidClient| client.ask("/call", &[("url", &url)]);
        assert_eq!(expenses(&client)?["status"], 200);
        assert_eq!(client.ask("/userinfo", &[])?["email"], "tess@example.com");
        // Past the time in which a used token is forgiven.
        for _ in 0..2 {
            world.issuer.move_clock(4)?;
            assert_eq!(client.refusal("/refresh", &[("unproven", "")])?, "invalid_dpop_proof");
            let refreshed = client.ask("/refresh", &[])?;
            assert_eq!((&refreshed["rotated"], &refreshed["token_type"]), (&true.into(), &"dpop".into()));
        }
        let refused = client.refusal("/call", &[("url", url.as_str()), ("unproven", "")])?;
        assert_eq!(refused, "OAUTH_WWW_AUTHENTICATE_CHALLENGE", "as Bearer");
        Ok(())
    })
}

#[test]
fn its_keys_may_be_of_each_kind_that_the_issuer_names() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(""), async |world| {
        for alg in ["ES256", "Ed25519", "PS256", "RS256"] {
            client.discover_with_key(world, "basic", alg)?;
            client.ask("/client-credentials", &[API, ("scope", "read:reports")])?;
            let url = format!("{}/expenses", world.api.origin());
            assert_eq!(client.ask("/call", &[("url", &url)])?["status"], 200, "{alg}");
            assert_eq!(client.ask("/introspect", &[("token", "access_token")])?["token_type"], "DPoP", "{alg}");
        }
        Ok(())
    })
}

#[test]
fn it_signs_out_at_the_issuer() -> anyhow::Result<()> {
    let client = OpenidClient::start()?;
    journey(client.setup(""), async |world| {
        client.discover(world, "basic")?;
        client.sign_in(world, &[("scope", "openid profile")]).await?;
        world.browser.open(&client.address("/sign-out", &[])).await?;
        world.browser.wait_for_text("Nobody is here").await?;
        IssuerPages::of(world).wait_until_nobody_is_signed_in().await
    })
}
