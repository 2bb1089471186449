//! Which password each person was last seen to have: a trigger of the schema ends what was made with another.

use evergrant_core::protocol::Subject;
use evergrant_core::time::UnixTime;

use super::connections::{Connections, Values};
use super::row;
use crate::secret::SecretHash;
use crate::store::StoreError;

pub(super) async fn note(
    db: &Connections,
    passwords: &[(Subject, SecretHash)],
    now: UnixTime,
) -> Result<u64, StoreError> {
    let storable = passwords.iter().filter(|(subject, _)| row::may_be_stored(subject.as_str()));
    let (subjects, fingerprints): (Vec<&str>, Vec<&[u8]>) =
        storable.map(|(subject, fingerprint)| (subject.as_str(), fingerprint.as_bytes())).unzip();
    // Mostly there is nothing new: then a server will do that only reads.
    let sql = "SELECT 1 FROM unnest($1::text[], $2::bytea[]) AS configured (subject, fingerprint)
               LEFT JOIN password USING (subject)
               WHERE password.fingerprint IS DISTINCT FROM configured.fingerprint LIMIT 1";
    if db.row(sql, &[&subjects, &fingerprints]).await?.is_none() {
        return Ok(0);
    }
    // In one order: two issuers that start at once would otherwise wait for each other.
    let sql = "WITH noted AS (
                   INSERT INTO password (subject, fingerprint)
                   SELECT * FROM unnest($1::text[], $2::bytea[]) AS configured (subject, fingerprint) ORDER BY subject
                   ON CONFLICT (subject) DO UPDATE SET fingerprint = excluded.fingerprint, changed_at = $3
                       WHERE password.fingerprint <> excluded.fingerprint
                   RETURNING changed_at
               )
               SELECT count(changed_at) AS changed FROM noted";
    // Who has another ends much, by a trigger.
    let lock = "SELECT pg_advisory_xact_lock(hashtextextended(subject, 0)) FROM
                    (SELECT subject FROM unnest($1::text[], $2::bytea[]) AS configured (subject, fingerprint)
                     JOIN password USING (subject) WHERE password.fingerprint <> configured.fingerprint ORDER BY subject)
                    AS changed";
    let values: Values<'_> = &[&subjects, &fingerprints, &now.as_millis()];
    let row = db.rows_once_locked(&[(lock, &[&subjects, &fingerprints])], (sql, values)).await?.pop();
    let changed: i64 = row.ok_or(StoreError::Unreadable("count"))?.try_get("changed")?;
    Ok(u64::try_from(changed).unwrap_or_default())
}

pub(super) async fn noted(db: &Connections, subject: &Subject) -> Result<Option<SecretHash>, StoreError> {
    let row = db.row("SELECT fingerprint FROM password WHERE subject = $1", &[&subject.as_str()]).await?;
    row.as_ref().map(|row| row::hash(row, "fingerprint")).transpose()
}
