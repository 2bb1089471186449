//! Which clients are to hear that a session is over, and those that have not heard yet. The triggers of the schema say when.

use evergrant_core::protocol::{ClientId, Subject};
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, Row, named_params, params};

use super::row;
use crate::secret::SecretHash;
use crate::store::{DueLogout, LoggedInRp, SESSION_BEGINS_WITHIN, Session, StoreError};

/// One that is known waits for the end of the session that it is known with, which may have taken the place of its own.
pub(super) fn add(db: &Connection, rp: &LoggedInRp, now: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO logged_in_rp (sid, client_id, subject, session, keep_until, next_try_at)
         SELECT :sid, :client, :subject, session.sid, :keep_until, iif(:has_session AND session.sid IS NULL, :soon, NULL)
         FROM (SELECT 1) LEFT JOIN session ON session.sid = :sid WHERE true
         ON CONFLICT (sid, client_id) DO UPDATE SET session = coalesce(session, excluded.session),
             keep_until = max(keep_until, excluded.keep_until),
             next_try_at = iif(session IS NULL, coalesce(next_try_at, excluded.next_try_at), next_try_at)",
    )?
    .execute(named_params! {
        ":sid": rp.sid,
        ":client": rp.client_id.as_str(),
        ":subject": rp.subject.as_str(),
        ":keep_until": rp.keep_until.as_millis(),
        ":has_session": rp.has_session,
        ":soon": (now + SESSION_BEGINS_WITHIN).as_millis(),
    })?;
    Ok(())
}

/// Whoever was told of the session that `session` takes the place of hears of the end of this one.
pub(super) fn hand_over(db: &Connection, replaced: SecretHash, session: &Session) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE logged_in_rp SET session = ?2, keep_until = max(keep_until, ?4)
         WHERE session = (SELECT sid FROM session WHERE id = ?1 AND subject = ?3)",
    )?
    .execute(params![
        replaced.as_bytes(),
        session.sid,
        session.subject.as_str(),
        session.absolute_until.as_millis()
    ])?;
    Ok(())
}

/// The person ended what they had at this client by one grant: it hears, whatever becomes of the session.
pub(super) fn end_with_grant(db: &Connection, grant_id: &str) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE logged_in_rp SET next_try_at = 0
         WHERE (sid, client_id) = (SELECT sid, client_id FROM grants WHERE id = ?1) AND next_try_at IS NULL",
    )?
    .execute([grant_id])?;
    Ok(())
}

/// The person ended all that they had at this client.
pub(super) fn end_at_client(db: &Connection, subject: &Subject, client_id: &ClientId) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE logged_in_rp SET next_try_at = 0 WHERE client_id = ?2 AND next_try_at IS NULL AND sid IN
            (SELECT rp.sid FROM session JOIN logged_in_rp AS rp ON rp.session = session.sid WHERE session.subject = ?1
             UNION SELECT sid FROM grants WHERE subject = ?1 AND client_id = ?2)",
    )?
    .execute([subject.as_str(), client_id.as_str()])?;
    Ok(())
}

/// To be called before sessions are removed that are over by time: nobody hears of that.
pub(super) fn let_go_of_swept(db: &Connection, before: UnixTime, batch: u32) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE logged_in_rp SET session = NULL WHERE session IN
            (SELECT sid FROM session WHERE min(idle_until, absolute_until) <= ?1
             ORDER BY min(idle_until, absolute_until), id LIMIT ?2)",
    )?
    .execute(params![before.as_millis(), batch])?;
    Ok(())
}

pub(super) fn are_due(db: &Connection, now: UnixTime) -> Result<bool, StoreError> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM logged_in_rp WHERE next_try_at <= ?1 OR next_try_at > ?2)")?
        .query_row(params![now.as_millis(), DueLogout::latest_try(now).as_millis()], |row| row.get(0))
        .map_err(StoreError::from)
}

pub(super) fn take_due(db: &Connection, now: UnixTime, most: u32) -> Result<Vec<DueLogout>, StoreError> {
    let mut due: Vec<DueLogout> = db
        .prepare_cached(
            "SELECT sid, client_id, subject, tries FROM logged_in_rp WHERE next_try_at <= ?1 OR next_try_at > ?2
             ORDER BY next_try_at LIMIT ?3",
        )?
        .query_and_then(params![now.as_millis(), DueLogout::latest_try(now).as_millis(), most], read)?
        .collect::<Result<_, _>>()?;
    let mut put_off =
        db.prepare_cached("UPDATE logged_in_rp SET next_try_at = ?3, tries = ?4 WHERE sid = ?1 AND client_id = ?2")?;
    for due in &mut due {
        due.tries += 1;
        put_off.execute(params![due.sid, due.client_id.as_str(), due.next_try_at(now).as_millis(), due.tries])?;
    }
    Ok(due)
}

pub(super) fn remove(db: &Connection, due: &DueLogout) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM logged_in_rp WHERE sid = ?1 AND client_id = ?2 AND tries = ?3")?
        .execute(params![due.sid, due.client_id.as_str(), due.tries])?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<DueLogout, StoreError> {
    Ok(DueLogout {
        sid: row::text(row, "sid")?,
        client_id: ClientId::new(row::text(row, "client_id")?),
        subject: Subject::new(row::text(row, "subject")?),
        tries: row.get("tries")?,
    })
}
