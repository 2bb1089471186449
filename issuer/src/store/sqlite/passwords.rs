//! Which password each person was last seen to have: a trigger of the schema ends what was made with another.

use evergrant_core::protocol::Subject;
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::row;
use crate::secret::SecretHash;
use crate::store::StoreError;

pub(super) fn note(db: &Connection, passwords: &[(Subject, SecretHash)], now: UnixTime) -> Result<u64, StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO password (subject, fingerprint) VALUES (?1, ?2)
         ON CONFLICT (subject) DO UPDATE SET fingerprint = excluded.fingerprint, changed_at = ?3
             WHERE fingerprint <> excluded.fingerprint
         RETURNING changed_at IS NOT NULL",
    )?;
    let mut changed = 0;
    for (subject, fingerprint) in passwords {
        let noted = params![subject.as_str(), fingerprint.as_bytes(), now.as_millis()];
        let is_another: Option<bool> = statement.query_row(noted, |row| row.get(0)).optional()?;
        changed += u64::from(is_another.unwrap_or(false));
    }
    Ok(changed)
}

pub(super) fn noted(db: &Connection, subject: &Subject) -> Result<Option<SecretHash>, StoreError> {
    db.prepare_cached("SELECT fingerprint FROM password WHERE subject = ?1")?
        .query_row([subject.as_str()], |row| Ok(row::hash(row, "fingerprint")))
        .optional()?
        .transpose()
}
