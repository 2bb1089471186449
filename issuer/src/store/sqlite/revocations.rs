//! Access tokens revoked before their time: a list that stays short, because each entry goes when its token expires.

use evergrant_core::time::UnixTime;
use rusqlite::{Connection, params};

use crate::store::StoreError;

pub(super) fn add(db: &Connection, jti: &str, expires_at: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO revoked_access_token (jti, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![jti, expires_at.as_millis()])?;
    Ok(())
}

pub(super) fn holds(db: &Connection, jti: &str) -> Result<bool, StoreError> {
    Ok(db.prepare_cached("SELECT 1 FROM revoked_access_token WHERE jti = ?1")?.exists([jti])?)
}
