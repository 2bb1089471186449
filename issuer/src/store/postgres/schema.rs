//! The tables, how a database is brought up to date, and how rows that are over leave it.

use deadpool_postgres::Client;
use evergrant_core::time::UnixTime;

use super::connections::Connections;
use super::row;
use crate::revocations::CLOCKS_DIFFER;
use crate::store::{REPLAY_MEMORY, SWEEP_BATCH, StoreError, migrations};

/// Each entry takes the schema one version further; entries are never changed once released.
const MIGRATIONS: [&str; 13] = [
    include_str!("0001_first.sql"),
    include_str!("0002_sweep.sql"),
    include_str!("0003_answered.sql"),
    include_str!("0004_room.sql"),
    include_str!("0005_salt.sql"),
    include_str!("0006_ended.sql"),
    include_str!("0007_revoked_since.sql"),
    include_str!("0008_passwords.sql"),
    include_str!("0009_sid.sql"),
    include_str!("0010_health.sql"),
    include_str!("0011_device.sql"),
    include_str!("0012_logged_in_rp.sql"),
    include_str!("0013_dpop.sql"),
];

/// What issuers lock while one of them changes the schema: a number that nobody else in the database will think of.
const MIGRATION_LOCK: i64 = 0x6576_6572_6772_616e;

/// Brings the schema up to date, under a lock: of several issuers that start at once one does it, and the others find it
/// done.
pub(super) async fn prepare(connections: &Connections) -> Result<(), StoreError> {
    let mut client = connections.lend().await?;
    check_version(&client).await?;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await?;
    let known: bool =
        transaction.query_one("SELECT to_regclass('evergrant_schema') IS NOT NULL", &[]).await?.try_get(0)?;
    if !known {
        transaction
            .batch_execute(
                "CREATE TABLE evergrant_schema (version BIGINT NOT NULL);
                 INSERT INTO evergrant_schema (version) VALUES (0)",
            )
            .await?;
    }
    let found: i64 = transaction.query_one("SELECT version FROM evergrant_schema", &[]).await?.try_get(0)?;
    let missing = migrations::missing(&MIGRATIONS, found)?;
    for migration in missing {
        transaction.batch_execute(migration).await?;
    }
    if !missing.is_empty() {
        let version = migrations::version_after(&MIGRATIONS);
        transaction.execute("UPDATE evergrant_schema SET version = $1", &[&version]).await?;
    }
    Ok(transaction.commit().await?)
}

/// What the migrations and the look at what was revoked are written for: transactions have numbers of their own type (`xid8`).
const OLDEST_SERVER: i32 = 130_000;

async fn check_version(client: &Client) -> Result<(), StoreError> {
    let sql = "SELECT current_setting('server_version_num')::integer, current_setting('server_version')";
    let row = client.query_one(sql, &[]).await?;
    if row.try_get::<_, i32>(0)? >= OLDEST_SERVER {
        return Ok(());
    }
    // A distribution adds its own name to the version.
    let version: String = row.try_get(1)?;
    Err(StoreError::OldServer(version.split_whitespace().next().unwrap_or_default().to_owned()))
}

/// By the clock of the machine that the database is on.
pub(super) async fn time(connections: &Connections) -> Result<UnixTime, StoreError> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";
    let row = connections.row(sql, &[]).await?.ok_or(StoreError::Unreadable("time"))?;
    row::time(&row, "now")
}

/// Writes a row that says nothing else than that it could be written.
pub(super) async fn try_to_write(connections: &Connections, now: UnixTime) -> Result<(), StoreError> {
    let sql = "INSERT INTO health (id, written_at) VALUES (1, $1)
               ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at";
    connections.rows(sql, &[&now.as_millis()]).await?;
    Ok(())
}

/// Removes a batch of rows that are over; whether there may be more. Rows that another issuer is removing are left to it.
pub(super) async fn sweep(connections: &Connections, now: UnixTime) -> Result<bool, StoreError> {
    let mut more = false;
    for (sql, before) in [
        (
            // Nobody hears of a session that is over by time.
            "WITH over AS MATERIALIZED (SELECT id, sid FROM session WHERE least(idle_until, absolute_until) <= $1 LIMIT $2
                                        FOR UPDATE SKIP LOCKED),
                  let_go AS (UPDATE logged_in_rp SET session = NULL FROM over WHERE session = over.sid)
             DELETE FROM session USING over WHERE session.id = over.id RETURNING 1",
            now,
        ),
        (
            "DELETE FROM logged_in_rp WHERE ctid = ANY (ARRAY
                (SELECT ctid FROM logged_in_rp WHERE keep_until <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now,
        ),
        (
            "DELETE FROM interaction WHERE id = ANY (ARRAY
                (SELECT id FROM interaction WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now,
        ),
        (
            "DELETE FROM code WHERE hash = ANY (ARRAY
                (SELECT hash FROM code WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now - REPLAY_MEMORY,
        ),
        (
            "DELETE FROM device_authorization WHERE device_code = ANY (ARRAY
                (SELECT device_code FROM device_authorization WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now - REPLAY_MEMORY,
        ),
        // A family in use is put off: its end has moved on since it was last looked at.
        (
            "UPDATE refresh_family SET sweep_at = greatest(expires_at, tokens_until) WHERE id = ANY (ARRAY
                (SELECT id FROM refresh_family WHERE sweep_at <= $1 AND greatest(expires_at, tokens_until) > $1 LIMIT $2
                 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now,
        ),
        (
            "DELETE FROM refresh_family WHERE id = ANY (ARRAY
                (SELECT id FROM refresh_family WHERE sweep_at <= $1 AND greatest(expires_at, tokens_until) <= $1 LIMIT $2
                 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now,
        ),
        (
            "DELETE FROM revoked WHERE ctid = ANY (ARRAY
                (SELECT ctid FROM revoked WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now - CLOCKS_DIFFER,
        ),
        // A grant is remembered as long as something stands for it.
        (
            "DELETE FROM grants WHERE id = ANY (ARRAY
                (SELECT id FROM grants WHERE keep_until <= $1
                    AND NOT EXISTS (SELECT 1 FROM code WHERE code.grant_id = grants.id)
                    AND NOT EXISTS (SELECT 1 FROM refresh_family WHERE refresh_family.grant_id = grants.id)
                 LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING 1",
            now,
        ),
    ] {
        let removed = connections.rows(sql, &[&before.as_millis(), &i64::from(SWEEP_BATCH)]).await?;
        more |= u32::try_from(removed.len()).is_ok_and(|removed| removed == SWEEP_BATCH);
    }
    Ok(more)
}
