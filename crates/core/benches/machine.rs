//! What an event costs the session machine: `cargo bench -p evergrant-core`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use divan::{Bencher, black_box};
use evergrant_core::config::Config;
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::{AccessToken, IdToken, RefreshToken, Scope};
use evergrant_core::session::{Change, Command, Event, Failure, Ledger, Machine, Session, Tokens, Wake};
use evergrant_core::time::{Now, UnixTime};

const NOW: Now = Now { wall: UnixTime::from_seconds(1_800_000_000), monotonic: Duration::ZERO, entropy: 7 };

fn main() {
    divan::main();
}

fn config() -> Config {
    let json = r#"{"issuer":"https://issuer.example/","client_id":"app","storage":"local","idle_timeout_seconds":900}"#;
    Config::parse(json, "https://app.example").unwrap()
}

fn tokens() -> Tokens {
    let claims = serde_json::json!({
        "iss": "https://issuer.example/", "sub": "tess", "aud": "app", "exp": 1_800_000_600, "iat": 1_800_000_000, "name": "Tess",
    });
    Tokens {
        access_token: Some(AccessToken::new("a".repeat(900))),
        id_token: Some((IdToken::new("i".repeat(900)), serde_json::from_value(claims).unwrap())),
        refresh_token: Some(RefreshToken::new("r".repeat(43))),
        scope: Scope::parse("openid profile email"),
        expires_in: Some(Duration::from_secs(300)),
        flow: Flow::Code,
        generation: 1,
        requested_at: NOW,
    }
}

fn session() -> Box<Session> {
    let config = config();
    Box::new(Session::begin(config.issuer, config.client_id, tokens()).unwrap())
}

fn signed_in() -> Machine {
    let mut machine = Machine::new(&config());
    machine.handle(Event::Opened { stored: Some(session()) }, NOW);
    machine
}

/// The machine with a renewal in flight, and the attempt's number.
fn renewing() -> (Machine, u64) {
    let mut machine = signed_in();
    let commands = machine.handle(Event::RenewNow, NOW);
    let attempt = commands.iter().find_map(|command| match command {
        Command::Renew { attempt, .. } => Some(*attempt),
        _ => None,
    });
    (machine, attempt.unwrap())
}

#[divan::bench]
fn a_timer_that_is_not_due(bencher: Bencher<'_, '_>) {
    let mut machine = signed_in();
    bencher.bench_local(move || machine.handle(black_box(Event::TimerFired), NOW));
}

#[divan::bench]
fn a_wake_signal(bencher: Bencher<'_, '_>) {
    let mut machine = signed_in();
    bencher.bench_local(move || machine.handle(black_box(Event::Woke(Wake::Visible)), NOW));
}

#[divan::bench]
fn a_view(bencher: Bencher<'_, '_>) {
    let machine = signed_in();
    bencher.bench_local(move || machine.view(black_box(&NOW)));
}

#[divan::bench]
fn a_renewal_from_begin_to_end(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(renewing).bench_local_values(|(mut machine, attempt)| {
        machine.handle(Event::RenewalEnded { attempt, outcome: Ok(Box::new(tokens())) }, NOW)
    });
}

#[divan::bench]
fn a_renewal_that_fails(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(renewing).bench_local_values(|(mut machine, attempt)| {
        let failure = Failure::Unreachable { endpoint: "the issuer" };
        machine.handle(Event::RenewalEnded { attempt, outcome: Err(failure) }, NOW)
    });
}

#[divan::bench]
fn a_claim_in_the_ledger(bencher: Bencher<'_, '_>) {
    let mut ledger = Ledger::default();
    let claim = Change::Claim { session: session(), at: NOW.wall, asked: false };
    bencher.bench_local(move || ledger.apply(black_box(&claim)));
}
