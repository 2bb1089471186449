//! Any order of events, at any time by any clock.
#![no_main]

use std::time::Duration;

use evergrant_core::config::Config;
use evergrant_core::protocol::authorize::Flow;
use evergrant_core::protocol::{AccessToken, IdToken, RefreshToken, Scope};
use evergrant_core::session::{Command, Event, Failure, Machine, Place, Session, SignIn, Tokens, Wake};
use evergrant_core::time::{Now, UnixTime};
use libfuzzer_sys::fuzz_target;

/// What happens, at which wall clock, monotonic clock and roll of the dice, to a token that lives how long.
type Step = (u8, i64, u64, u64, u64);

fuzz_target!(|steps: Vec<Step>| {
    let json = r#"{"issuer":"https://issuer.example/","client_id":"app","storage":"local","idle_timeout_seconds":600}"#;
    let Ok(config) = Config::parse(json, "https://app.example") else { return };
    let mut machine = Machine::new(&config);
    let (mut attempt, mut stored) = (0, None);
    for (what, wall, monotonic, entropy, lifetime) in steps {
        let now = Now { wall: UnixTime::from_millis(wall), monotonic: Duration::from_millis(monotonic), entropy };
        let Some(event) = event(what, attempt, lifetime, now, &stored) else { continue };
        for command in machine.handle(event, now) {
            match command {
                Command::Save(session) => stored = Some(session),
                Command::Forget => stored = None,
                Command::Renew { attempt: begun, .. }
                | Command::BeginSignIn { attempt: begun, .. }
                | Command::CompleteSignIn { attempt: begun } => attempt = begun,
                _ => {}
            }
        }
        let _ = (machine.view(&now), machine.access_token(&now));
    }
});

fn event(what: u8, attempt: u64, lifetime: u64, now: Now, stored: &Option<Box<Session>>) -> Option<Event> {
    let failure = Failure::Busy { endpoint: "", status: 503, retry_after: Some(Duration::from_millis(lifetime)) };
    Some(match what % 25 {
        0 => Event::Opened { stored: stored.clone() },
        1 => Event::CallbackArrived { stored: stored.clone() },
        2 => Event::SignIn(SignIn { place: Place::Page, ..SignIn::default() }),
        3 => Event::SignInEnded { attempt, outcome: Ok(Box::new(tokens(lifetime, now)?)) },
        4 => Event::SignInEnded { attempt, outcome: Err(failure) },
        5 => Event::TimerFired,
        6 => Event::Woke(Wake::Visible),
        7 => Event::Woke(Wake::Restored),
        8 => Event::Network { online: lifetime.is_multiple_of(2) },
        9 => Event::RenewNow,
        10 => Event::RenewalEnded { attempt, outcome: Ok(Box::new(tokens(lifetime, now)?)) },
        11 => Event::RenewalEnded { attempt, outcome: Err(failure) },
        12 => Event::SignOut,
        13 => Event::SignedOutElsewhere,
        14 => Event::Adopted { session: stored.clone()? },
        15 => Event::TokenNeeded,
        16 => Event::Active,
        17 => Event::ActiveElsewhere { at: UnixTime::from_millis(lifetime as i64) },
        18 => Event::IdleEnded,
        19 => Event::IdleEndedElsewhere,
        20 => Event::SignOutUnfinished { generation: lifetime, idle: lifetime.is_multiple_of(2) },
        21 => Event::SignOutStayed { failure: lifetime.is_multiple_of(2).then_some(failure) },
        22 => Event::RenewalEnded { attempt, outcome: Err(Failure::AskedToWait(Duration::from_millis(lifetime))) },
        23 => Event::Replaced { session: stored.clone()? },
        _ => Event::TokenRefused,
    })
}

fn tokens(lifetime: u64, requested_at: Now) -> Option<Tokens> {
    let claims = serde_json::json!({"iss": "https://issuer.example/", "sub": "s", "aud": "app", "exp": 1, "iat": 1});
    Some(Tokens {
        access_token: Some(AccessToken::new("a")),
        id_token: Some((IdToken::new("i"), serde_json::from_value(claims).ok()?)),
        refresh_token: lifetime.is_multiple_of(3).then(|| RefreshToken::new("r")),
        scope: Scope::parse("openid"),
        expires_in: (!lifetime.is_multiple_of(5)).then(|| Duration::from_millis(lifetime)),
        flow: Flow::Code,
        generation: lifetime,
        requested_at,
    })
}
