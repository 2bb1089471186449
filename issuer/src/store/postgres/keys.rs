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

/// Two issuers that both find a key missing would both add one: the second waits here until the first one's is to be seen.
pub(super) async fn add(db: &Connections, key: &StoredKey, unless_after: UnixTime) -> Result<(), StoreError> {
    let sql = "INSERT INTO signing_key (kid, algorithm, client_id, pkcs8, created_at)
               SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS
                   (SELECT 1 FROM signing_key
                    WHERE algorithm = $2 AND client_id IS NOT DISTINCT FROM $3 AND created_at > $6)";
    let mut client = db.lend().await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute("LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE").await?;
    let values = [
        &key.kid as _,
        &key.algorithm.name() as _,
        &key.client_id.as_ref().map(ClientId::as_str) as _,
        &key.pkcs8 as _,
        &key.created_at.as_millis() as _,
        &unless_after.as_millis() as _,
    ];
    transaction.execute(sql, &values).await?;
    Ok(transaction.commit().await?)
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
