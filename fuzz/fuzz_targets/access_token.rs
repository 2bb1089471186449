//! Access tokens as they reach an API, with a signature checker that accepts everything, so that the claims are reached.
#![no_main]

use std::time::Duration;

use evergrant_core::protocol::access_token::{Expectation, check_times, judge};
use evergrant_core::protocol::jwt::{Algorithm, Header, compact, signing_input};
use evergrant_core::protocol::{AccessToken, Issuer};
use evergrant_core::time::UnixTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, u32, bool, String)| {
    let (now, tolerance, raw, text) = input;
    let token = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(claims) if !raw => {
            let header = Header { alg: "ES256".into(), kid: None, typ: Some("at+jwt".into()), crit: None };
            compact(signing_input(&header, &claims).unwrap_or_default(), b"signature")
        }
        _ => text,
    };
    let expected = Expectation {
        issuer: &Issuer::new("https://issuer.example/"),
        audience: "https://api.example/",
        algorithms: &Algorithm::ALL,
        now: UnixTime::from_millis(now),
        tolerance: Duration::from_secs(tolerance.into()),
        proven: None,
    };
    if let Ok(claims) = judge(&AccessToken::new(token), &expected, |_, _| Ok(())) {
        assert!(check_times(&claims, &expected).is_ok(), "what was judged good is within its time");
        assert!(claims.cnf.is_none(), "what is bound to a key needs a proof");
    }
});
