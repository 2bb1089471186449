//! Signing keys.

use rusqlite::{Connection, params};

use super::row;
use crate::store::{StoreError, StoredKey, algorithm_named};

pub(super) fn all(db: &Connection) -> Result<Vec<StoredKey>, StoreError> {
    db.prepare_cached("SELECT kid, algorithm, pkcs8, created_at FROM signing_key ORDER BY created_at DESC, kid")?
        .query_and_then([], |row| {
            Ok(StoredKey {
                kid: row::text(row, "kid")?,
                algorithm: algorithm_named(&row::text(row, "algorithm")?)?,
                pkcs8: row.get("pkcs8")?,
                created_at: row::time(row, "created_at")?,
            })
        })?
        .collect()
}

pub(super) fn add_first(db: &Connection, key: &StoredKey) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO signing_key (kid, algorithm, pkcs8, created_at)
         SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM signing_key WHERE algorithm = ?2)",
    )?
    .execute(params![key.kid, key.algorithm.name(), key.pkcs8, key.created_at.as_millis()])?;
    Ok(())
}

pub(super) fn add(db: &Connection, key: &StoredKey) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO signing_key (kid, algorithm, pkcs8, created_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![key.kid, key.algorithm.name(), key.pkcs8, key.created_at.as_millis()])?;
    Ok(())
}

pub(super) fn remove(db: &Connection, kid: &str) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM signing_key WHERE kid = ?1")?.execute([kid])?;
    Ok(())
}
