//! The tables, how a file is brought up to date, and how rows that are over leave it.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use evergrant_core::time::UnixTime;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, TransactionBehavior, named_params};

use super::logged_in_rps;
use crate::revocations::CLOCKS_DIFFER;
use crate::store::{REPLAY_MEMORY, SWEEP_BATCH, StoreError, migrations};

/// Each entry takes the schema one version further; entries are never changed once released.
const MIGRATIONS: [&str; 17] = [
    include_str!("0001_first.sql"),
    include_str!("0002_refresh.sql"),
    include_str!("0003_revocation.sql"),
    include_str!("0004_devices.sql"),
    include_str!("0005_revoked.sql"),
    include_str!("0006_client_keys.sql"),
    include_str!("0007_sweep.sql"),
    include_str!("0008_answered.sql"),
    include_str!("0009_room.sql"),
    include_str!("0010_salt.sql"),
    include_str!("0011_ended.sql"),
    include_str!("0012_revoked_since.sql"),
    include_str!("0013_passwords.sql"),
    include_str!("0014_health.sql"),
    include_str!("0015_device.sql"),
    include_str!("0016_logged_in_rp.sql"),
    include_str!("0017_dpop.sql"),
];

/// As long as SQLite waits by itself for the locks that it does wait for.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(5);
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Sets the connection up for durable writes and brings the schema up to date.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    write_ahead(connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // In pages. A page that changes often is then copied into the database once for many changes.
    connection.pragma_update(None, "wal_autocheckpoint", 8000)?;
    connection.pragma_update(None, "cache_size", 4000)?;
    plan_once(connection)?;
    migrate(connection)
}

/// Turns the write-ahead log on. A file that is new to it needs a lock that SQLite does not wait for: who opens it at the
/// same moment as another is refused, and asks again.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let until = Instant::now() + WAIT_FOR_OTHERS;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && Instant::now() < until => thread::sleep(BETWEEN_TRIES),
            done => return Ok(done?),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Opens one more connection to a database that is prepared, to read on.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    plan_once(&connection)?;
    Ok(connection)
}

/// Statements are kept, and planned without a look at the values that are bound: otherwise SQLite plans some of them
/// again for each new value.
fn plan_once(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Under SQLite's write lock, so that of two processes that start at once one migrates and the other finds it done.
fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for migration in migrations::missing(&MIGRATIONS, found)? {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", migrations::version_after(&MIGRATIONS))?;
    Ok(transaction.commit()?)
}

/// Writes a row that says nothing else than that it could be written.
pub(super) fn try_to_write(db: &Connection, now: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO health (id, written_at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at",
    )?
    .execute([now.as_millis()])?;
    Ok(())
}

/// Removes a batch of rows that are over; whether there may be more.
pub(super) fn sweep(db: &Connection, now: UnixTime) -> Result<bool, StoreError> {
    let mut more = false;
    logged_in_rps::let_go_of_swept(db, now, SWEEP_BATCH)?;
    for (sql, before) in [
        (
            "DELETE FROM session WHERE id IN
                (SELECT id FROM session WHERE min(idle_until, absolute_until) <= :before
                 ORDER BY min(idle_until, absolute_until), id LIMIT :batch)",
            now,
        ),
        (
            "DELETE FROM logged_in_rp WHERE (sid, client_id) IN
                (SELECT sid, client_id FROM logged_in_rp WHERE keep_until <= :before LIMIT :batch)",
            now,
        ),
        (
            "DELETE FROM interaction WHERE id IN (SELECT id FROM interaction WHERE expires_at <= :before LIMIT :batch)",
            now,
        ),
        (
            "DELETE FROM code WHERE hash IN (SELECT hash FROM code WHERE expires_at <= :before LIMIT :batch)",
            now - REPLAY_MEMORY,
        ),
        (
            "DELETE FROM device_authorization WHERE device_code IN
                (SELECT device_code FROM device_authorization WHERE expires_at <= :before LIMIT :batch)",
            now - REPLAY_MEMORY,
        ),
        // A family in use is put off: its end has moved on since it was last looked at.
        (
            "UPDATE refresh_family SET sweep_at = max(expires_at, tokens_until) WHERE id IN
                (SELECT id FROM refresh_family
                 WHERE sweep_at <= :before AND max(expires_at, tokens_until) > :before LIMIT :batch)",
            now,
        ),
        (
            "DELETE FROM refresh_family WHERE id IN
                (SELECT id FROM refresh_family
                 WHERE sweep_at <= :before AND max(expires_at, tokens_until) <= :before LIMIT :batch)",
            now,
        ),
        (
            "DELETE FROM revoked WHERE number IN (SELECT number FROM revoked WHERE expires_at <= :before LIMIT :batch)",
            now - CLOCKS_DIFFER,
        ),
        // A grant is remembered as long as something stands for it.
        (
            "DELETE FROM grants WHERE id IN
                (SELECT id FROM grants WHERE keep_until <= :before
                    AND NOT EXISTS (SELECT 1 FROM code WHERE code.grant_id = grants.id)
                    AND NOT EXISTS (SELECT 1 FROM refresh_family WHERE refresh_family.grant_id = grants.id)
                 LIMIT :batch)",
            now,
        ),
    ] {
        let removed =
            db.prepare_cached(sql)?.execute(named_params! { ":before": before.as_millis(), ":batch": SWEEP_BATCH })?;
        more |= u32::try_from(removed).is_ok_and(|removed| removed == SWEEP_BATCH);
    }
    Ok(more)
}
