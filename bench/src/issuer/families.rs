//! People who are signed in already, with families of refresh tokens that live: written through the issuer's own store.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use evergrant_issuer::secret::{Secret, SecretHash, entropy};
use evergrant_issuer::store::{Grant, RefreshFamily, Session};
use evergrant_issuer::{SqliteStore, Store};
use futures_util::future::try_join_all;

use crate::issuer::evergrant::{self, CLIENT_ID, SUBJECT};
use crate::issuer::server::SignedIn;

/// Tokens that the driver keeps, evenly from all families: more than it uses.
const MOST_TOKENS: usize = 100_000;

/// As many as the store's writer puts into one commit.
const AT_ONCE: usize = 256;

const LIFETIME: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// Puts a session and `count` live families into a database.
pub(crate) async fn sign_in(database: &Path, count: usize) -> anyhow::Result<SignedIn> {
    let store = SqliteStore::open(database)?;
    let now = evergrant_native::now();
    let password = evergrant::fingerprint()?;
    let keep_every = count.div_ceil(MOST_TOKENS);
    let mut refresh_tokens = Vec::with_capacity(count.div_ceil(keep_every.max(1)));
    for first in (0..count).step_by(AT_ONCE) {
        let numbers = first..count.min(first + AT_ONCE);
        let families: Vec<_> =
            numbers.map(|number| Ok((number, Family::begin(password, now)?))).collect::<anyhow::Result<_>>()?;
        try_join_all(
            families.iter().map(|(_, family)| store.add_refresh_family(family.grant.clone(), family.row.clone())),
        )
        .await?;
        refresh_tokens
            .extend(families.into_iter().filter(|(number, _)| number % keep_every == 0).map(|(_, f)| f.token));
    }
    Ok(SignedIn { refresh_tokens, cookie: start_session(&store, now).await? })
}

async fn start_session(store: &SqliteStore, now: UnixTime) -> anyhow::Result<String> {
    let cookie = Secret::invent()?;
    let session = Session {
        id: cookie.hash(),
        sid: Secret::invent()?.expose().to_owned(),
        subject: Subject::new(SUBJECT),
        device: String::new(),
        password: Some(evergrant::fingerprint()?),
        auth_time: now,
        idle_until: now + LIFETIME,
        absolute_until: now + LIFETIME,
    };
    store.start_session(session, None).await?;
    Ok(format!("evergrant-session={}", cookie.expose()))
}

struct Family {
    token: String,
    grant: Grant,
    row: RefreshFamily,
}

impl Family {
    fn begin(password: SecretHash, now: UnixTime) -> anyhow::Result<Self> {
        let (name, secret) = (entropy()?, entropy()?);
        let grant = Grant {
            id: Grant::invent_id(now)?,
            client_id: ClientId::new(CLIENT_ID),
            subject: Subject::new(SUBJECT),
            sid: Secret::invent()?.expose().to_owned(),
            device: "Firefox on Linux".to_owned(),
            scope: Scope::parse("openid offline_access"),
            audience: None,
            password: Some(password),
            auth_time: now,
            created_at: now,
            tokens_until: now + LIFETIME,
        };
        let row = RefreshFamily {
            id: SecretHash::of_bytes(&name),
            grant_id: grant.id.clone(),
            current: SecretHash::of_bytes(&secret),
            created_at: now,
            last_used_at: now,
            expires_at: now + LIFETIME,
            absolute_until: now + LIFETIME * 2,
            tokens_until: now + LIFETIME * 2,
            dpop_jkt: None,
        };
        Ok(Self { token: URL_SAFE_NO_PAD.encode([name, secret].concat()), grant, row })
    }
}
