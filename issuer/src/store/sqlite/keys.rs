//! Signing keys.

use evergrant_core::protocol::ClientId;
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, params};

use super::row;
use crate::store::{StoreError, StoredKey, algorithm_named};

pub(super) fn all(db: &Connection) -> Result<Vec<StoredKey>, StoreError> {
    db.prepare_cached(
        "SELECT kid, algorithm, client_id, pkcs8, created_at FROM signing_key ORDER BY created_at DESC, kid",
    )?
    .query_and_then([], |row| {
        let client_id: Option<String> = row.get("client_id")?;
        Ok(StoredKey {
            kid: row::text(row, "kid")?,
            algorithm: algorithm_named(&row::text(row, "algorithm")?)?,
            client_id: client_id.map(ClientId::new),
            pkcs8: row.get("pkcs8")?,
            created_at: row::time(row, "created_at")?,
        })
    })?
    .collect()
}

pub(super) fn add(db: &Connection, key: &StoredKey, unless_after: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO signing_key (kid, algorithm, client_id, pkcs8, created_at)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS
             (SELECT 1 FROM signing_key WHERE algorithm = ?2 AND client_id IS ?3 AND created_at > ?6)",
    )?
    .execute(params![
        key.kid,
        key.algorithm.name(),
        key.client_id.as_ref().map(ClientId::as_str),
        key.pkcs8,
        key.created_at.as_millis(),
        unless_after.as_millis(),
    ])?;
    Ok(())
}

pub(super) fn remove(db: &Connection, kid: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM signing_key WHERE kid = ?1")?.execute([kid])?;
    Ok(())
}
