//! `/.well-known/*`: what is said is what is on.

use evergrant_core::protocol::Issuer;
use evergrant_core::protocol::metadata;

use crate::support::{App, Browser, Server, claims, config};

#[tokio::test]
async fn a_client_accepts_the_metadata() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let answer = browser.get("/.well-known/openid-configuration").await;
    let issuer = Issuer::new(server.issuer());
    let metadata = metadata::judge(&issuer, answer.status, answer.body.as_bytes()).unwrap();
    assert!(metadata.authorization_response_iss_parameter_supported);
    assert_eq!(metadata.code_challenge_methods_supported, ["S256"]);
    assert_eq!(
        metadata.grant_types_supported,
        [
            "authorization_code",
            "refresh_token",
            "password",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "implicit"
        ]
    );
    assert!(metadata.scopes_supported.iter().any(|scope| scope == "offline_access"));
    let said = answer.json();
    // Left out, it would mean yes (Discovery §3).
    assert_eq!(said["request_uri_parameter_supported"], false);
    assert_eq!(said["revocation_endpoint_auth_methods_supported"], said["token_endpoint_auth_methods_supported"]);
    assert!(!said["introspection_endpoint_auth_methods_supported"].as_array().unwrap().contains(&"none".into()));
    // Back-Channel Logout 1.0 §2.1.
    assert_eq!(
        (&said["backchannel_logout_supported"], &said["backchannel_logout_session_supported"]),
        (&true.into(), &true.into())
    );
    let oauth = browser.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(oauth.body, answer.body, "RFC 8414 and OpenID say the same");
}

#[tokio::test]
async fn the_issuer_has_a_final_slash_if_it_was_written_with_one() {
    for slash in ["/", ""] {
        let config = config().replacen("http://127.0.0.1:1/", &format!("http://127.0.0.1:1{slash}"), 1);
        let server = Server::with(&config).await;
        let browser = Browser::of(&server);
        let issuer = format!("{}{slash}", server.url);
        let metadata = browser.get("/.well-known/openid-configuration").await.json();
        assert_eq!(metadata["issuer"], issuer);
        assert_eq!(metadata["token_endpoint"], format!("{}/oauth/token", server.url));
        let tokens = App::code("app").tokens(&browser).await;
        for token in ["id_token", "access_token"] {
            assert_eq!(claims(tokens[token].as_str().unwrap())["iss"], issuer, "{token}");
        }
    }
}

#[tokio::test]
async fn every_endpoint_that_is_named_is_there() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let metadata = browser.get("/.well-known/openid-configuration").await.json();
    let endpoints = metadata.as_object().unwrap().iter();
    let endpoints = endpoints.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let mut seen = 0;
    for (name, url) in endpoints {
        let path = url.as_str().unwrap().strip_prefix(&server.url).unwrap();
        assert_ne!(browser.get(path).await.status, 404, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 9);
}

#[tokio::test]
async fn implicit_and_devices_are_named_only_where_a_client_has_them() {
    let code_only = config()
        .replace(r#"["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]"#, "[]")
        .replace(r#"response_types = ["code", "id_token token", "id_token", "token", "code id_token token"]"#, "");
    let server = Server::with(&code_only).await;
    let metadata = Browser::of(&server).get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(
        metadata["grant_types_supported"],
        serde_json::json!(["authorization_code", "refresh_token", "password", "client_credentials"])
    );
    assert_eq!(metadata.get("device_authorization_endpoint"), None);
    assert_eq!(Browser::of(&server).get("/device").await.status, 404);
}

/// A command-line tool that has no grant for codes, and says nothing of response types.
#[tokio::test]
async fn a_code_that_no_client_could_redeem_was_named_among_the_response_types() {
    let config = config();
    let (before, _) = config.split_once("[[client]]").unwrap();
    let (_, tv) = config.split_once(r#"client_id = "tv""#).unwrap();
    let server = Server::with(&format!("{before}[[client]]\nclient_id = \"tv\"{tv}")).await;
    let metadata = Browser::of(&server).get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["response_types_supported"], serde_json::json!([]));
    assert_eq!(metadata["grant_types_supported"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn keys_are_public_halves_for_each_algorithm_in_use() {
    let server = Server::with(&config().replace("id_token_lifetime = 123", r#"id_token_signing_alg = "RS256""#)).await;
    let answer = Browser::of(&server).get("/.well-known/jwks.json").await;
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let mut algorithms: Vec<&str> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    algorithms.sort_unstable();
    assert_eq!(algorithms, ["ES256", "RS256"]);
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
}

#[tokio::test]
async fn a_client_that_joins_the_issuer_and_a_path_with_two_slashes_finds_them_too() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for path in ["openid-configuration", "oauth-authorization-server", "jwks.json"] {
        let [one, two] = [format!("/.well-known/{path}"), format!("//.well-known/{path}")];
        let answer = browser.get(&two).await;
        assert_eq!((answer.status, answer.body), (200, browser.get(&one).await.body), "{path}");
    }
    for path in ["//authorize", "//oauth/token", "///.well-known/jwks.json", "//.well-known/"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn any_page_may_read_them() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
        let answer = browser.send(reqwest::Method::GET, path, &[("origin", "https://any.example")], None).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
    }
}

/// `*` is not enough for a page that sends its cookies along (Fetch §3.3.5): Asgardeo's library could not read the keys.
#[tokio::test]
async fn a_registered_page_that_sends_its_cookies_along_could_not_read_them() {
    let server = Server::start().await;
    let browser = Browser::of(&server);
    let asked = [("access-control-request-method", "GET"), ("access-control-request-headers", "traceparent")];
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json", "/oauth/revoked"] {
        for (origin, named) in [("http://localhost:8080", true), ("https://any.example", false)] {
            let origin_header = [("origin", origin)];
            let preflight: Vec<_> = origin_header.into_iter().chain(asked).collect();
            let read = browser.send(reqwest::Method::GET, path, &origin_header, None).await;
            let asked = browser.send(reqwest::Method::OPTIONS, path, &preflight, None).await;
            assert_eq!(asked.header("access-control-allow-headers"), Some("traceparent"), "{path}");
            for answer in [read, asked] {
                assert!(answer.status < 300, "{path}");
                let expected = if named { origin } else { "*" };
                assert_eq!(answer.header("access-control-allow-origin"), Some(expected), "{path} {origin}");
                let expected = named.then_some("true");
                assert_eq!(answer.header("access-control-allow-credentials"), expected, "{path} {origin}");
                assert!(answer.header("vary").is_some_and(|names| names.contains("origin")), "{path}");
            }
        }
    }
}
