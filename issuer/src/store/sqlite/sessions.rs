//! Who is signed in where.

use evergrant_core::protocol::Subject;
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{LONGEST_LIST, grants, logged_in_rps, row};
use crate::secret::SecretHash;
use crate::store::{Session, StoreError};

pub(super) fn start(db: &Connection, session: &Session, replaces: Option<SecretHash>) -> Result<(), StoreError> {
    if let Some(replaced) = replaces {
        logged_in_rps::hand_over(db, replaced, session)?;
        grants::hand_over(db, replaced, session)?;
        end(db, replaced, session.auth_time)?;
    }
    db.prepare_cached(
        "INSERT INTO session (id, sid, subject, device, password, auth_time, idle_until, absolute_until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET password = excluded.password, auth_time = max(auth_time, excluded.auth_time),
             idle_until = max(idle_until, excluded.idle_until),
             absolute_until = max(absolute_until, excluded.absolute_until)",
    )?
    .execute(params![
        session.id.as_bytes(),
        session.sid,
        session.subject.as_str(),
        session.device,
        session.password.as_ref().map(SecretHash::as_bytes),
        session.auth_time.as_millis(),
        session.idle_until.as_millis(),
        session.absolute_until.as_millis(),
    ])?;
    Ok(())
}

pub(super) fn find(db: &Connection, id: SecretHash, now: UnixTime) -> Result<Option<Session>, StoreError> {
    db.prepare_cached(
        "SELECT id, sid, subject, device, password, auth_time, idle_until, absolute_until FROM session
         WHERE id = ?1 AND idle_until > ?2 AND absolute_until > ?2",
    )?
    .query_row(params![id.as_bytes(), now.as_millis()], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// The newest sign-in first.
pub(super) fn of_person(db: &Connection, subject: &Subject, now: UnixTime) -> Result<Vec<Session>, StoreError> {
    db.prepare_cached(
        "SELECT id, sid, subject, device, password, auth_time, idle_until, absolute_until FROM session
         WHERE subject = ?1 AND idle_until > ?2 AND absolute_until > ?2 ORDER BY auth_time DESC LIMIT ?3",
    )?
    .query_and_then(params![subject.as_str(), now.as_millis(), LONGEST_LIST], read)?
    .collect()
}

/// Of those that are not over.
pub(super) fn count(db: &Connection, subject: &Subject, now: UnixTime) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM session WHERE subject = ?1 AND idle_until > ?2 AND absolute_until > ?2";
    Ok(db.prepare_cached(sql)?.query_row(params![subject.as_str(), now.as_millis()], |row| row.get(0))?)
}

pub(super) fn extend(db: &Connection, id: SecretHash, now: UnixTime, idle_until: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE session SET idle_until = max(idle_until, ?3) WHERE id = ?1 AND idle_until > ?2 AND absolute_until > ?2",
    )?
    .execute(params![id.as_bytes(), now.as_millis(), idle_until.as_millis()])?;
    Ok(())
}

/// Ends a session, and the grants that do not outlive it.
pub(super) fn end(db: &Connection, id: SecretHash, now: UnixTime) -> Result<bool, StoreError> {
    let ended = db
        .prepare_cached("DELETE FROM session WHERE id = ?1 RETURNING subject, sid")?
        .query_row([id.as_bytes()], |row| Ok((row.get::<_, String>("subject")?, row.get::<_, String>("sid")?)))
        .optional()?;
    let Some((subject, sid)) = ended else { return Ok(false) };
    grants::end_with_session(db, &Subject::new(subject), &sid, now)?;
    Ok(true)
}

/// Ends a person's session by its public name, and leaves its grants alone.
pub(super) fn end_called(db: &Connection, sid: &str, subject: &Subject) -> Result<bool, StoreError> {
    let ended =
        db.prepare_cached("DELETE FROM session WHERE sid = ?1 AND subject = ?2")?.execute([sid, subject.as_str()])?;
    Ok(ended > 0)
}

/// Ends every session of a person.
pub(super) fn end_all(db: &Connection, subject: &Subject) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM session WHERE subject = ?1")?.execute([subject.as_str()])?;
    Ok(())
}

/// Ends the sessions of everybody.
pub(super) fn end_every(db: &Connection) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM session")?.execute([])?;
    Ok(())
}

fn read(row: &rusqlite::Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: row::hash(row, "id")?,
        sid: row::text(row, "sid")?,
        subject: Subject::new(row::text(row, "subject")?),
        device: row::text(row, "device")?,
        password: row::optional_hash(row, "password")?,
        auth_time: row::time(row, "auth_time")?,
        idle_until: row::time(row, "idle_until")?,
        absolute_until: row::time(row, "absolute_until")?,
    })
}
