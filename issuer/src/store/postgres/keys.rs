//! Signing keys.

use evergrant_core::protocol::ClientId;
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::Connections;
use super::row;
use crate::store::{StoreError, StoredKey, algorithm_named};

pub(super) async fn all(db: &Connections) -> Result<Vec<StoredKey>, StoreError> {
    let sql = r#"SELECT kid, algorithm, client_id, pkcs8, created_at FROM signing_key
                 ORDER BY created_at DESC, kid COLLATE "C""#;
    db.rows(sql, &[]).await?.iter().map(read).collect()
}

pub(super) async fn add(db: &Connections, key: &StoredKey, unless_after: UnixTime) -> Result<(), StoreError> {
    let values = [
        &key.kid as _,
        &key.algorithm.name() as _,
        &key.client_id.as_ref().map(ClientId::as_str) as _,
        &key.pkcs8 as _,
        &key.created_at.as_millis() as _,
        &unless_after.as_millis() as _,
    ];
    db.rows("SELECT add_signing_key($1, $2, $3, $4, $5, $6)", &values).await?;
    Ok(())
}

pub(super) async fn remove(db: &Connections, kid: &str) -> Result<(), StoreError> {
    db.rows("DELETE FROM signing_key WHERE kid = $1", &[&kid]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<StoredKey, StoreError> {
    let client_id: Option<String> = row.try_get("client_id")?;
    Ok(StoredKey {
        kid: row::text(row, "kid")?,
        algorithm: algorithm_named(&row::text(row, "algorithm")?)?,
        client_id: client_id.map(ClientId::new),
        pkcs8: row.try_get("pkcs8")?,
        created_at: row::time(row, "created_at")?,
    })
}
