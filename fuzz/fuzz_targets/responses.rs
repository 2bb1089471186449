//! What an issuer or an API answers: authorization responses, metadata, key sets, tokens, challenges, revocations,
//! claims.
#![no_main]

use evergrant_core::protocol::authorize::{Flow, Transaction};
use evergrant_core::protocol::challenge::Challenge;
use evergrant_core::protocol::params::Params;
use evergrant_core::protocol::response_mode::ResponseMode;
use evergrant_core::protocol::revoked::RevokedTokens;
use evergrant_core::protocol::{
    CodeVerifier, Issuer, Nonce, Scope, State, Subject, callback, hybrid, jwk, logout, metadata, revoke, token,
    userinfo,
};
use evergrant_core::time::UnixTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, bool, String)| {
    let (status, implicit, text) = input;
    let issuer = Issuer::new("https://issuer.example/");
    let _ = metadata::judge(&issuer, status, text.as_bytes());
    let _ = token::judge(status, text.as_bytes());
    let _ = jwk::JwkSet::parse(text.as_bytes());
    let _ = revoke::judge(status);
    let _ = Challenge::find(&text);
    let claims = userinfo::Answer {
        status,
        content_type: implicit.then_some(text.as_str()),
        www_authenticate: Some(text.as_str()),
        body: text.as_bytes(),
    };
    let _ = userinfo::judge(&claims, &Subject::new("s"));
    let _ = serde_json::from_str::<RevokedTokens>(&text);
    let _ = (Params::parse_repeating(&text), ResponseMode::parse(&text));
    if let Ok(params) = Params::parse(&text) {
        let transaction = Transaction {
            state: callback::state_of(&params).unwrap_or_else(|| State::new("s")),
            nonce: Nonce::new("n"),
            code_verifier: CodeVerifier::new("v"),
            issuer,
            iss_required: false,
            id_token_alone: status % 2 == 1,
            redirect_uri: String::new(),
            flow: if implicit { Flow::Implicit } else { Flow::Code },
            scope: Scope::parse("openid"),
            max_age: None,
            requested_at: UnixTime::default(),
            return_to: None,
        };
        let _ = callback::judge(&params, &transaction, UnixTime::default());
        let _ = hybrid::judge(&params, &transaction, UnixTime::default());
        let _ = logout::judge(&params, &transaction.state);
    }
});
