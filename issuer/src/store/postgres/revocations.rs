//! What was revoked before its time: a list that stays short, because each entry goes when the tokens it names have expired.
//! Grants come onto it by a trigger of the schema, however they end.

use evergrant_core::protocol::revoked::{Revoked, RevokedEntry};
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::connections::Connections;
use super::row;
use crate::store::{RevokedMark, RevokedRead, StoreError};

pub(super) async fn add(db: &Connections, jti: &str, expires_at: UnixTime) -> Result<(), StoreError> {
    let sql = "INSERT INTO revoked (kind, id, expires_at) VALUES ('jti', $1, $2) ON CONFLICT DO NOTHING";
    db.rows(sql, &[&jti, &expires_at.as_millis()]).await?;
    Ok(())
}

pub(super) async fn names(db: &Connections, jti: &str, grant_id: Option<&str>) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM revoked WHERE (kind = 'jti' AND id = $1) OR (kind = 'grant_id' AND id = $2)";
    Ok(db.row(sql, &[&jti, &grant_id]).await?.is_some())
}

/// Transactions are committed in any order. What a look has not seen are the rows of those that were not yet committed when its
/// snapshot was taken, whatever their numbers.
pub(super) async fn read(db: &Connections, mark: Option<&RevokedMark>) -> Result<RevokedRead, StoreError> {
    if let Some(RevokedMark::Snapshot(seen)) = mark {
        let sql = "SELECT taken::text, pg_snapshot_xmax(taken) < pg_snapshot_xmax($1::text::pg_snapshot) AS is_behind,
                       kind, id, expires_at
                   FROM pg_current_snapshot() AS taken LEFT JOIN revoked
                       ON written >= pg_snapshot_xmin($1::text::pg_snapshot)
                       AND NOT pg_visible_in_snapshot(written, $1::text::pg_snapshot)";
        let rows = db.rows(sql, &[seen]).await?;
        if !column::<bool>(&rows, "is_behind")? {
            return Ok(RevokedRead { is_whole: false, ..read_from(&rows)? });
        }
    }
    let sql = "SELECT taken::text, kind, id, expires_at FROM pg_current_snapshot() AS taken LEFT JOIN revoked ON true";
    Ok(RevokedRead { is_whole: true, ..read_from(&db.rows(sql, &[]).await?)? })
}

fn read_from(rows: &[Row]) -> Result<RevokedRead, StoreError> {
    // Without any entry there is one row nevertheless, with the snapshot alone.
    let entries = rows.iter().filter_map(|row| entry(row).transpose()).collect::<Result<_, _>>()?;
    Ok(RevokedRead { entries, is_whole: false, mark: RevokedMark::Snapshot(column(rows, "taken")?) })
}

fn column<'a, T: FromSql<'a>>(rows: &'a [Row], name: &str) -> Result<T, StoreError> {
    Ok(rows.first().ok_or(StoreError::Unreadable("list of what was revoked"))?.try_get(name)?)
}

fn entry(row: &Row) -> Result<Option<RevokedEntry>, StoreError> {
    let kind: Option<String> = row.try_get("kind")?;
    let Some(kind) = kind else { return Ok(None) };
    let id = row::text(row, "id")?;
    let what = match kind.as_str() {
        "jti" => Revoked::AccessToken(id),
        "grant_id" => Revoked::Grant(id),
        _ => return Err(StoreError::Unreadable("kind of revocation")),
    };
    Ok(Some(RevokedEntry { what, exp: row::time(row, "expires_at")?.as_seconds() }))
}
