//! What was revoked before its time: a list that stays short, because each entry goes when the tokens it names have expired.
//! Grants come onto it by a trigger of the schema, however they end.

use evergrant_core::protocol::revoked::{Revoked, RevokedEntry};
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::Connections;
use super::row;
use crate::store::StoreError;

pub(super) async fn add(db: &Connections, jti: &str, expires_at: UnixTime) -> Result<(), StoreError> {
    let sql = "INSERT INTO revoked (kind, id, expires_at) VALUES ('jti', $1, $2) ON CONFLICT DO NOTHING";
    db.rows(sql, &[&jti, &expires_at.as_millis()]).await?;
    Ok(())
}

pub(super) async fn names(db: &Connections, jti: &str, grant_id: Option<&str>) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM revoked WHERE (kind = 'jti' AND id = $1) OR (kind = 'grant_id' AND id = $2)";
    Ok(db.row(sql, &[&jti, &grant_id]).await?.is_some())
}

pub(super) async fn all(db: &Connections, after: UnixTime) -> Result<Vec<RevokedEntry>, StoreError> {
    let sql = r#"SELECT kind, id, expires_at FROM revoked WHERE expires_at > $1 ORDER BY expires_at, id COLLATE "C""#;
    db.rows(sql, &[&after.as_millis()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<RevokedEntry, StoreError> {
    let id = row::text(row, "id")?;
    let what = match row::text(row, "kind")?.as_str() {
        "jti" => Revoked::AccessToken(id),
        "grant_id" => Revoked::Grant(id),
        _ => return Err(StoreError::Unreadable("kind of revocation")),
    };
    Ok(RevokedEntry { what, exp: row::time(row, "expires_at")?.as_seconds() })
}
