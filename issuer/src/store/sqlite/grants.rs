//! What people granted to clients: the one place where it is said that a grant, and all that stands for it, is over.

use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, params};

use super::interactions;
use super::row::Columns;
use crate::secret::SecretHash;
use crate::store::{ConsentUse, Grant, Overtaken, Session, StoreError};

/// A grant that has not ended, and does not outlive its session, having no `offline_access` (OIDC Core §11).
const ENDS_WITH_SESSION: &str = "ended_at IS NULL AND instr(' ' || scope || ' ', ' offline_access ') = 0";

/// Adds a grant, or keeps the one there is, for the refresh tokens that stand for it until `keep_until`, and for its access
/// tokens.
pub(super) fn add(db: &Connection, grant: &Grant, keep_until: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO grants
             (id, client_id, subject, sid, scope, audience, auth_time, created_at, keep_until, device, tokens_until,
              password)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (id) DO UPDATE SET keep_until = max(keep_until, excluded.keep_until)",
    )?
    .execute(params![
        grant.id,
        grant.client_id.as_str(),
        grant.subject.as_str(),
        grant.sid,
        grant.scope.to_string(),
        grant.audience,
        grant.auth_time.as_millis(),
        grant.created_at.as_millis(),
        keep_until.max(grant.tokens_until).as_millis(),
        grant.device,
        grant.tokens_until.as_millis(),
        grant.password.as_ref().map(SecretHash::as_bytes),
    ])?;
    Ok(())
}

/// The same, if the session and the consent that it comes from are still there: whoever ends those then ends it as well.
pub(super) fn add_of_session(
    db: &Connection,
    grant: &Grant,
    keep_until: UnixTime,
    consent: ConsentUse,
) -> Result<Result<(), Overtaken>, StoreError> {
    let sql = "SELECT 1 FROM session WHERE sid = ?1 AND subject = ?2";
    if !db.prepare_cached(sql)?.exists([&grant.sid, grant.subject.as_str()])? {
        return Ok(Err(Overtaken::SessionEnded));
    }
    match consent {
        ConsentUse::Unneeded => {}
        ConsentUse::Remembered if interactions::consent(db, &grant.consent_key())?.covers(&grant.scope) => {}
        ConsentUse::Remembered => return Ok(Err(Overtaken::ConsentWithdrawn)),
        ConsentUse::New => interactions::remember_consent_to(db, grant)?,
    }
    add(db, grant, keep_until)?;
    Ok(Ok(()))
}

pub(super) fn find(db: &Connection, id: &str) -> Result<Grant, StoreError> {
    db.prepare_cached(
        "SELECT id, client_id, subject, sid, device, scope, audience, password, auth_time, created_at, tokens_until
         FROM grants WHERE id = ?1",
    )?
    .query_row([id], |row| Ok(read(&mut Columns::of(row))))?
}

/// Ends a grant, unless it has ended before.
pub(super) fn end(db: &Connection, id: &str, now: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE grants SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL")?
        .execute(params![id, now.as_millis()])?;
    Ok(())
}

/// Ends a grant if it is this person's. Whether there was one to end.
pub(super) fn end_own(db: &Connection, id: &str, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
    let ended = db
        .prepare_cached("UPDATE grants SET ended_at = ?3 WHERE id = ?1 AND subject = ?2 AND ended_at IS NULL")?
        .execute(params![id, subject.as_str(), now.as_millis()])?;
    Ok(ended > 0)
}

/// Ends the grants that came from one of a person's sessions.
pub(super) fn end_of_session(db: &Connection, subject: &Subject, sid: &str, now: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE grants SET ended_at = ?3 WHERE subject = ?1 AND sid = ?2 AND ended_at IS NULL")?
        .execute(params![subject.as_str(), sid, now.as_millis()])?;
    Ok(())
}

/// Ends those of them that do not outlive the session.
pub(super) fn end_with_session(db: &Connection, subject: &Subject, sid: &str, now: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached(&format!(
        "UPDATE grants SET ended_at = ?3 WHERE subject = ?1 AND sid = ?2 AND {ENDS_WITH_SESSION}"
    ))?
    .execute(params![subject.as_str(), sid, now.as_millis()])?;
    Ok(())
}

/// Has those of them end with `session`, which takes the place of theirs, if it is the same person's.
pub(super) fn hand_over(db: &Connection, replaced: SecretHash, session: &Session) -> Result<(), StoreError> {
    db.prepare_cached(&format!(
        "UPDATE grants SET sid = ?3 WHERE subject = ?2
            AND sid = (SELECT sid FROM session WHERE id = ?1 AND subject = ?2) AND {ENDS_WITH_SESSION}"
    ))?
    .execute(params![replaced.as_bytes(), session.subject.as_str(), session.sid])?;
    Ok(())
}

/// Ends the grants a person gave a client.
pub(super) fn end_to_client(
    db: &Connection,
    subject: &Subject,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE grants SET ended_at = ?3 WHERE subject = ?1 AND client_id = ?2 AND ended_at IS NULL")?
        .execute(params![subject.as_str(), client_id.as_str(), now.as_millis()])?;
    Ok(())
}

/// Ends every grant of a person.
pub(super) fn end_all(db: &Connection, subject: &Subject, now: UnixTime) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE grants SET ended_at = ?2 WHERE subject = ?1 AND ended_at IS NULL")?
        .execute(params![subject.as_str(), now.as_millis()])?;
    Ok(())
}

/// From its columns, in this order.
pub(super) fn read(columns: &mut Columns<'_>) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: columns.next()?,
        client_id: ClientId::new(columns.next::<String>()?),
        subject: Subject::new(columns.next::<String>()?),
        sid: columns.next()?,
        device: columns.next()?,
        scope: Scope::from(columns.next::<String>()?),
        audience: columns.next()?,
        password: columns.optional_hash()?,
        auth_time: columns.time()?,
        created_at: columns.time()?,
        tokens_until: columns.time()?,
    })
}
