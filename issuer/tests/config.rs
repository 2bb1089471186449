//! The configuration file: what is refused, in which words, and what the command line changes.

use std::path::PathBuf;
use std::time::Duration;

use evergrant_core::protocol::Scope;
use evergrant_issuer::Config;
use evergrant_issuer::config::Overrides;

use crate::support::config;

fn refusal(change: impl Fn(String) -> String) -> String {
    Config::parse(&change(config())).unwrap_err().to_string()
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let message = refusal(|text| text.replace("interaction = 300", "interactoin = 300"));
    assert!(message.contains("interactoin") && message.contains("line 9"), "{message}");
    let message = refusal(|text| text.replacen("redirect_uris", "redirect_uri", 1));
    assert!(message.contains("`redirect_uri`"), "{message}");
    let message = refusal(|text| format!("colour = \"green\"\n{text}"));
    assert!(message.contains("colour") && message.contains("line 1"), "{message}");
}

#[test]
fn each_rule_says_what_to_do() {
    let cases: [(&str, &str, &str); 33] = [
        ("http://127.0.0.1:1/", "http://127.0.0.1:1", ""),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1/x/", "root of a host"),
        ("http://127.0.0.1:1/", "http://issuer.example/", "must be https"),
        ("interaction = 300", "interaction = 0", "seconds"),
        ("interaction = 300", "interaction = \"5m\"", "whole number of seconds"),
        ("client_id = \"trusted\"", "client_id = \"app\"", "given twice"),
        ("username = \"bob\"", "username = \"ann\"", "given twice"),
        ("origins = [\"http://localhost:8080\"]", "origins = [\"http://localhost:8080/\"]", "an exact origin"),
        ("type = \"confidential\"", "type = \"public\"", "no secret_hashes"),
        ("sha256:1ec1", "1ec1", "hash-secret"),
        ("http://localhost:8080/callback\"]", "javascript:alert(1)\"]", "scheme"),
        ("id_token_lifetime = 123", "backchannel_logout_uri = \"http://a.example/\"", "must be https"),
        ("id_token_lifetime = 123", "backchannel_logout_uri = \"https://a.example/#x\"", "a fragment"),
        ("{ \"read:reports\"", "{ \"read:report\"", "not among its scopes"),
        ("[lifetimes]", "[keys]\nrotate_every = 300\n[lifetimes]", "longer than overlap"),
        ("id_token_lifetime = 123", "id_token_signing_alg = \"PS256\"", "ES256 or RS256"),
        ("sub = \"user-bob\"", "sub = \"\"", "1 to 255 ASCII"),
        ("sub = \"user-bob\"", &format!("sub = {:?}", "x".repeat(256)), "1 to 255 ASCII"),
        ("sub = \"user-bob\"", "sub = \"bøb\"", "1 to 255 ASCII"),
        ("https://other.example/", "https://other.example/#x", "fragment"),
        ("https://other.example/", "https://other.example/a b", "white space"),
        ("https://other.example/", "", "white space"),
        ("https://other.example/", "other\\u0000", "white space"),
        ("http://127.0.0.1:1/", "ftp://localhost/", "http or https"),
        ("http://127.0.0.1:1/", "wss://localhost/", "http or https"),
        ("http://127.0.0.1:1/", "http://ann@localhost/", "http or https"),
        ("client_id = \"trusted\"", "client_id = \"\"", "printable ASCII"),
        ("client_id = \"trusted\"", "client_id = \"a\\u0000b\"", "printable ASCII"),
        ("client_id = \"trusted\"", "client_id = \"trüsted\"", "printable ASCII"),
        ("username = \"bob\"", "username = \"\"", "username"),
        ("sub = \"user-bob\"", "sub = \"bob\\u0000\"", "1 to 255 ASCII"),
        ("scopes = \"read:reports", "scopes = \"read:reports \\u0000", "RFC 6749"),
        ("scopes = \"read:reports", "scopes = \"read:reports \\\"all\\\"", "RFC 6749"),
    ];
    for (from, to, words) in cases {
        let changed = config().replacen(from, to, 1);
        match Config::parse(&changed) {
            Ok(config) => assert_eq!((words, config.issuer.as_str()), ("", "http://127.0.0.1:1")),
            Err(error) => assert!(!words.is_empty() && error.to_string().contains(words), "{to}: {error}"),
        }
    }
}

#[test]
fn a_password_in_the_issuers_address_is_not_repeated() {
    let message = refusal(|text| text.replacen("http://127.0.0.1:1/", "http://ann:s3cret@localhost/", 1));
    assert!(message.contains("http or https") && !message.contains("s3cret"), "{message}");
}

/// RFC 9700 §2.6.
#[test]
fn answers_that_would_travel_in_clear_were_not_spoken_of() {
    assert_eq!(Config::parse(&config()).unwrap().cautions().count(), 0, "on this machine they do not travel");
    let exposed = config().replace("\"http://localhost:3001/silent\"", "\"http://app.example/silent\"");
    let cautions: Vec<String> = Config::parse(&exposed).unwrap().cautions().collect();
    assert!(
        matches!(&cautions[..], [one] if one.contains("http://app.example/silent") && one.contains("https")),
        "{cautions:?}"
    );
}

/// What no rule forbids, and no cautious person does.
#[test]
fn schemes_that_any_app_may_have_and_codes_that_last_were_not_spoken_of() {
    let cautions = |from: &str, to: &str| -> Vec<String> {
        Config::parse(&config().replacen(from, to, 1)).unwrap().cautions().collect()
    };
    let silent = "\"http://localhost:3001/silent\"";
    for named in ["myapp:/callback", "MyApp://callback"] {
        let said = cautions(silent, &format!("{named:?}"));
        assert!(matches!(&said[..], [one] if one.contains(named) && one.contains("RFC 8252")), "{said:?}");
    }
    for fine in ["com.example.app:/callback", "https://app.example/silent", "http://127.0.0.1/silent"] {
        assert_eq!(cautions(silent, &format!("{fine:?}")), [""; 0]);
    }
    let said = cautions("authorization_code = 60", "authorization_code = 601");
    assert!(matches!(&said[..], [one] if one.contains("ten minutes")), "{said:?}");
    assert_eq!(cautions("authorization_code = 60", "authorization_code = 600"), [""; 0]);
}

#[test]
fn a_sub_or_an_api_may_be_called_anything_else() {
    for (from, to) in [
        ("sub = \"user-bob\"", &*format!("sub = {:?}", "x".repeat(255))),
        ("sub = \"user-bob\"", "sub = \"auth0|b o b\""),
        ("https://other.example/", "other"),
        ("https://other.example/", "api://9f0c/reports?v=1"),
        ("https://other.example/", "urn:example:büro"),
    ] {
        Config::parse(&config().replacen(from, to, 1)).unwrap();
    }
}

/// APIs know a person by `sub`, and the tokens of a client in its own name have its `client_id` there.
#[test]
fn a_client_could_get_tokens_that_passed_for_those_of_a_person() {
    let message = refusal(|text| text.replace("sub = \"user-bob\"", "sub = \"server\""));
    assert!(message.contains("\"server\"") && message.contains("client_credentials"), "{message}");
    assert!(Config::parse(&config().replace("sub = \"user-bob\"", "sub = \"trusted\"")).is_ok());
}

/// Whoever has a token for no API has one with that audience, whatever people allowed.
#[test]
fn tokens_for_no_api_passed_for_those_of_an_api_that_is_called_like_the_userinfo_endpoint() {
    let called = |identifier: &str| config().replacen("https://api.example/", identifier, 1);
    let message = Config::parse(&called("http://127.0.0.1:1/userinfo")).unwrap_err().to_string();
    assert!(message.contains("\"http://127.0.0.1:1/userinfo\"") && message.contains("for no API"), "{message}");
    for other in ["http://127.0.0.1:1/", "http://127.0.0.1:1/userinfo/", "http://127.0.0.1:2/userinfo"] {
        Config::parse(&called(other)).unwrap();
    }
}

#[test]
fn an_ipv6_origin_may_call_and_it_is_said_that_it_can_frame_nothing() {
    let ipv6 = config().replacen("origins = [\"http://localhost:8080\"]", "origins = [\"http://[::1]:8080\"]", 1);
    let config = Config::parse(&ipv6).unwrap();
    assert!(config.is_registered_origin("http://[::1]:8080"));
    let cautions: Vec<String> = config.cautions().collect();
    assert!(
        matches!(&cautions[..], [one] if one.contains("http://[::1]:8080") && one.contains("name")),
        "{cautions:?}"
    );
}

#[test]
fn a_claim_of_ones_own_that_a_token_says_itself_is_named() {
    let message = refusal(|text| text.replacen("[user.profile]", "[user.claims]\nemail = \"x\"\n[user.profile]", 1));
    assert!(message.starts_with("[[user]] \"ann\": claims has \"email\""), "{message}");
    let told = "[user.access_token_claims]\naud = \"https://other.example/\"\n[user.profile]";
    let message = refusal(|text| text.replacen("[user.profile]", told, 1));
    assert!(message.starts_with("[[user]] \"ann\": access_token_claims has \"aud\""), "{message}");
    let message = refusal(|text| text.replacen("[user.profile]", "[user.claims]\nshare = nan\n[user.profile]", 1));
    assert!(message.contains("infinite") && message.contains("line"), "{message}");
}

#[test]
fn a_wrong_hash_is_not_repeated_in_the_error() {
    let message = refusal(|text| text.replacen("$argon2id$", "$argon2i$", 1));
    assert!(message.contains("hash-password") && !message.contains("$argon2"), "{message}");
}

#[test]
fn printing_leaves_secrets_out_and_overrides_in() {
    let told = "id_token_lifetime = 123\nbackchannel_logout_uri = \"http://localhost:8080/out\"";
    let text = config().replace("id_token_lifetime = 123", told);
    let text = text.replacen("[user.profile]", "[user.claims]\nsince = 2026-11-23\n[user.profile]", 1);
    let mut config = Config::parse(&text).unwrap();
    let overrides = Overrides {
        database: Some(PathBuf::from("elsewhere.sqlite3")),
        database_url: None,
        access_token_lifetime: Some(Duration::from_secs(15)),
        id_token_lifetime: Some(Duration::from_secs(16)),
        replaced_origins: vec![
            "http://localhost:8080=http://localhost:9080".parse().unwrap(),
            "http://localhost:3001=http://localhost:9001".parse().unwrap(),
        ],
    };
    overrides.apply(&mut config);
    let printed = config.to_toml().unwrap();
    for there in [
        "elsewhere.sqlite3",
        "token_lifetime = 15",
        "token_lifetime_for_browser_flows = 15",
        "id_token = 16",
        "http://localhost:9080/callback",
        "http://localhost:9080/out",
        "http://localhost:9001/silent",
        "http://localhost:9080\"",
        "[user.claims]\nsince = \"2026-11-23\"",
    ] {
        assert!(printed.contains(there), "{there}\n{printed}");
    }
    for gone in ["localhost:8080", "localhost:3001", "argon2", "sha256:", "id_token_lifetime"] {
        assert!(!printed.contains(gone), "{gone}\n{printed}");
    }
}

#[test]
fn the_configuration_in_the_deploying_page_is_fine() {
    let page = include_str!("../../docs/deploying.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (toml, _) = rest.split_once("```").unwrap();
    let config = Config::parse(toml).unwrap();
    config.check().unwrap();
    assert!(config.is_https() && config.limits.behind_proxy);
}

/// Whoever began with that page had people without a name, and servers that name them by `preferred_username` (Synapse) nobody.
#[test]
fn a_person_of_the_deploying_page_was_nobody_but_a_subject() {
    let (_, rest) = include_str!("../../docs/deploying.md").split_once("```toml\n").unwrap();
    let config = Config::parse(rest.split_once("```").unwrap().0).unwrap();
    let told = config.user_named("ada").unwrap().claims(&Scope::from("openid profile email".to_owned()));
    for claim in ["name", "preferred_username", "email", "email_verified"] {
        assert!(told.contains_key(claim), "{claim}: {told:?}");
    }
}

#[test]
fn the_demo_is_fine_and_says_that_its_secrets_are_public() {
    let text = include_str!("../demo.toml");
    let config = Config::parse(text).unwrap();
    assert!(text.contains("public. Use none of them anywhere else"));
    assert_eq!(config.issuer.as_str(), "http://localhost:3000/");
    assert_eq!(config.user_named("test").unwrap().display_name(), "Tess Tester");
}

/// RFC 9700 §2.2.2: a stolen one works beside that of the person, and nobody notices.
#[test]
fn refresh_tokens_of_an_app_without_a_secret_that_do_not_rotate_were_not_spoken_of() {
    let lasting = config().replace("refresh_tokens = { idle", "refresh_tokens = { rotation = false, idle");
    let cautions: Vec<String> = Config::parse(&lasting).unwrap().cautions().collect();
    assert!(
        matches!(&cautions[..], [one] if one.contains("\"app\"") && one.contains("rotation")),
        "of a server they may do so: {cautions:?}"
    );
}
