//! Rows to store, plain where a rule does not care.

use std::sync::Arc;
use std::time::Duration;

use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use evergrant_issuer::Store;
use evergrant_issuer::secret::SecretHash;
use evergrant_issuer::store::{
    Code, ConsentUse, DeviceAuthorization, Grant, Interaction, RefreshFamily, RefreshUse, Room, Session, Successor,
};

/// When every rule begins.
pub(super) const START: UnixTime = UnixTime::from_seconds(1_800_000_000);

pub(super) fn after(seconds: u64) -> UnixTime {
    START + Duration::from_secs(seconds)
}

pub(super) fn hash(text: &str) -> SecretHash {
    SecretHash::of(text)
}

pub(super) fn ann() -> Subject {
    Subject::new("ann")
}

pub(super) fn bob() -> Subject {
    Subject::new("bob")
}

pub(super) fn app() -> ClientId {
    ClientId::new("app")
}

/// Ann's, idle after 100 seconds, over after 1000.
pub(super) fn session(name: &str) -> Session {
    Session {
        id: hash(name),
        sid: format!("sid of {name}"),
        subject: ann(),
        device: "Firefox on Linux".to_owned(),
        password: Some(hash("password")),
        auth_time: START,
        idle_until: after(100),
        absolute_until: after(1000),
    }
}

/// Given up after 100 seconds.
pub(super) fn interaction(name: &str) -> Interaction {
    Interaction {
        id: hash(name),
        browser: hash("browser"),
        request: "client_id=app&state=%00".to_owned(),
        created_at: START,
        expires_at: after(100),
        answered_at: None,
        shown: false,
    }
}

/// From one address, with room for more than any rule opens.
pub(super) fn room() -> Room {
    Room { address: hash("address"), per_browser: 10_000, per_address: 10_000 }
}

/// Ann's, to the client `app`; its access token lasts 50 seconds.
pub(super) fn grant(id: &str) -> Grant {
    Grant {
        id: id.to_owned(),
        client_id: app(),
        subject: ann(),
        sid: "sid".to_owned(),
        device: "Firefox on Linux".to_owned(),
        password: Some(hash("password")),
        scope: Scope::parse("openid offline_access"),
        audience: Some("https://api.example/".to_owned()),
        auth_time: START,
        created_at: START,
        tokens_until: after(50),
    }
}

/// Stores a code, in a session of its own.
pub(super) async fn add_code(store: &Arc<dyn Store>, grant: Grant, code: Code) {
    let (sid, subject) = (grant.sid.clone(), grant.subject.clone());
    let lasting = Session { sid, subject, idle_until: after(1000), ..session("of codes") };
    store.start_session(lasting, None).await.unwrap();
    store.add_code(grant, code, ConsentUse::Unneeded).await.unwrap().unwrap();
}

/// Given up after 60 seconds.
pub(super) fn code(text: &str) -> Code {
    Code {
        hash: hash(text),
        redirect_uri: "https://app.example/callback".to_owned(),
        nonce: None,
        code_challenge: None,
        dpop_jkt: None,
        expires_at: after(60),
    }
}

/// Of the client `app`, polled every 5 seconds, given up after 60.
pub(super) fn device(name: &str) -> DeviceAuthorization {
    DeviceAuthorization {
        device_code: hash(&format!("device {name}")),
        user_code: hash(&format!("user {name}")),
        client_id: app(),
        scope: Scope::parse("openid offline_access"),
        audience: Some("https://api.example/".to_owned()),
        interval: Duration::from_secs(5),
        created_at: START,
        expires_at: after(60),
        answered_at: None,
    }
}

/// The family of a grant, idle after 100 seconds, over after 1000; its first token is `FAMILY 0`.
pub(super) fn family(name: &str, grant_id: &str) -> RefreshFamily {
    RefreshFamily {
        id: hash(name),
        grant_id: grant_id.to_owned(),
        current: token(name, 0),
        created_at: START,
        last_used_at: START,
        expires_at: after(100),
        absolute_until: after(1000),
        tokens_until: after(50),
        dpop_jkt: None,
    }
}

/// The hash of the token with this number in a family.
pub(super) fn token(family: &str, number: usize) -> SecretHash {
    hash(&format!("{family} {number}"))
}

/// What follows `FAMILY NUMBER`.
pub(super) fn successor(family: &str, number: usize) -> Successor {
    let mut salt = [0; 32];
    salt.copy_from_slice(hash(&format!("salt of {family} {number}")).as_bytes());
    Successor { hash: token(family, number + 1), salt }
}

/// The use of `FAMILY NUMBER` by `app`, forgiven for ten seconds; its access token lasts 50.
pub(super) fn usage(family: &str, number: usize, now: UnixTime) -> RefreshUse {
    RefreshUse {
        family: hash(family),
        presented: token(family, number),
        client_id: app(),
        proven: None,
        binds: true,
        successor: Some(successor(family, number)),
        idle_lifetime: Duration::from_secs(100),
        reuse_interval: Duration::from_secs(10),
        tokens_until: now + Duration::from_secs(60),
        now,
    }
}

/// The thumbprint of some key.
pub(super) fn key(number: u8) -> JwkThumbprint {
    JwkThumbprint::parse(&format!("{number:043}")).unwrap()
}
