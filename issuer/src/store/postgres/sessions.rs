//! Who is signed in where.

use evergrant_core::protocol::Subject;
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::{Connections, ONE_AT_A_TIME, Values};
use super::grants::ENDS_WITH_SESSION;
use super::{LONGEST_LIST, row};
use crate::secret::SecretHash;
use crate::store::{Session, SignedOut, StoreError};

/// What was being granted in a session when this has it locked is committed by then, and nothing more is granted in it.
const LOCK: &str = "SELECT 1 FROM session WHERE id = $1 FOR UPDATE";
const LOCK_CALLED: &str = "SELECT 1 FROM session WHERE sid = $1 AND subject = $2 FOR UPDATE";

pub(super) async fn start(db: &Connections, session: &Session, replaces: Option<SecretHash>) -> Result<(), StoreError> {
    // Whoever was told of the one that is replaced hears of the end of this one, if it is the same person's, and the grants that
    // do not outlive that one end with this one; or at once, if it is another's.
    let sql = format!(
        "WITH replaced AS (DELETE FROM session WHERE id = $9 RETURNING sid, subject),
             handed_over AS (UPDATE logged_in_rp SET session = $2, keep_until = greatest(keep_until, $8)
                 FROM replaced WHERE session = replaced.sid AND replaced.subject = $3),
             granted AS (UPDATE grants
                 SET sid = CASE WHEN replaced.subject = $3 THEN $2 ELSE grants.sid END,
                     ended_at = CASE WHEN replaced.subject <> $3 THEN $6::bigint END
                 FROM replaced WHERE grants.subject = replaced.subject AND grants.sid = replaced.sid AND {ENDS_WITH_SESSION})
         INSERT INTO session (id, sid, subject, device, password, auth_time, idle_until, absolute_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET password = excluded.password,
             auth_time = greatest(session.auth_time, excluded.auth_time),
             idle_until = greatest(session.idle_until, excluded.idle_until),
             absolute_until = greatest(session.absolute_until, excluded.absolute_until)"
    );
    let values = [
        &session.id.as_bytes() as _,
        &session.sid as _,
        &session.subject.as_str() as _,
        &session.device as _,
        &session.password.as_ref().map(SecretHash::as_bytes) as _,
        &session.auth_time.as_millis() as _,
        &session.idle_until.as_millis() as _,
        &session.absolute_until.as_millis() as _,
        &replaces.as_ref().map(SecretHash::as_bytes) as _,
    ];
    match &replaces {
        Some(replaced) => db.rows_once_locked(&[(LOCK, &[&replaced.as_bytes()])], (&sql, &values)).await?,
        None => db.rows(&sql, &values).await?,
    };
    Ok(())
}

pub(super) async fn find(db: &Connections, id: SecretHash, now: UnixTime) -> Result<Option<Session>, StoreError> {
    let sql = "SELECT id, sid, subject, device, password, auth_time, idle_until, absolute_until FROM session
               WHERE id = $1 AND idle_until > $2 AND absolute_until > $2";
    db.row(sql, &[&id.as_bytes(), &now.as_millis()]).await?.as_ref().map(read).transpose()
}

/// The newest sign-in first.
pub(super) async fn of_person(db: &Connections, subject: &Subject, now: UnixTime) -> Result<Vec<Session>, StoreError> {
    let sql = "SELECT id, sid, subject, device, password, auth_time, idle_until, absolute_until FROM session
               WHERE subject = $1 AND idle_until > $2 AND absolute_until > $2 ORDER BY auth_time DESC LIMIT $3";
    let values = [&subject.as_str() as _, &now.as_millis() as _, &i64::from(LONGEST_LIST) as _];
    db.rows(sql, &values).await?.iter().map(read).collect()
}

pub(super) async fn extend(
    db: &Connections,
    id: SecretHash,
    now: UnixTime,
    idle_until: UnixTime,
) -> Result<(), StoreError> {
    let sql = "UPDATE session SET idle_until = greatest(idle_until, $3)
               WHERE id = $1 AND idle_until > $2 AND absolute_until > $2";
    db.rows(sql, &[&id.as_bytes(), &now.as_millis(), &idle_until.as_millis()]).await?;
    Ok(())
}

/// Ends a session, and the grants that do not outlive it.
pub(super) async fn end(db: &Connections, id: SecretHash, now: UnixTime) -> Result<bool, StoreError> {
    let sql = format!(
        "WITH ended AS (DELETE FROM session WHERE id = $1 RETURNING sid, subject),
             closed AS (UPDATE grants SET ended_at = $2
                 FROM ended WHERE grants.subject = ended.subject AND grants.sid = ended.sid AND {ENDS_WITH_SESSION})
         SELECT 1 FROM ended"
    );
    let values: Values<'_> = &[&id.as_bytes(), &now.as_millis()];
    Ok(!db.rows_once_locked(&[(LOCK, &[&id.as_bytes()])], (&sql, values)).await?.is_empty())
}

/// The same by its public name; its grants end where the session is over by time as well.
pub(super) async fn end_called(
    db: &Connections,
    sid: &str,
    subject: &Subject,
    now: UnixTime,
) -> Result<bool, StoreError> {
    if !row::may_be_stored(sid) {
        return Ok(false);
    }
    let sql = format!(
        "WITH ended AS (DELETE FROM session WHERE sid = $1 AND subject = $2 RETURNING sid),
             closed AS (UPDATE grants SET ended_at = $3 WHERE subject = $2 AND sid = $1 AND {ENDS_WITH_SESSION})
         SELECT 1 FROM ended"
    );
    let values: Values<'_> = &[&sid, &subject.as_str(), &now.as_millis()];
    Ok(!db.rows_once_locked(&[(LOCK_CALLED, &[&sid, &subject.as_str()])], (&sql, values)).await?.is_empty())
}

/// Ends a person's session by its public name, and every grant that came from it, in one step.
pub(super) async fn end_with_grants(
    db: &Connections,
    subject: &Subject,
    sid: &str,
    now: UnixTime,
) -> Result<(), StoreError> {
    if !row::may_be_stored(sid) {
        return Ok(());
    }
    let sql = "WITH ended AS (DELETE FROM session WHERE subject = $1 AND sid = $2)
               UPDATE grants SET ended_at = $3 WHERE subject = $1 AND sid = $2 AND ended_at IS NULL";
    let values: Values<'_> = &[&subject.as_str(), &sid, &now.as_millis()];
    db.rows_once_locked(&[(LOCK_CALLED, &[&sid, &subject.as_str()])], (sql, values)).await?;
    Ok(())
}

/// Ends every session and every grant of a person, in one step. What there was to end: rows that are over do not count.
pub(super) async fn end_all_with_grants(
    db: &Connections,
    subject: &Subject,
    now: UnixTime,
) -> Result<SignedOut, StoreError> {
    let sql =
        "WITH ended AS (DELETE FROM session WHERE subject = $1 RETURNING least(idle_until, absolute_until) AS until),
                   closed AS (UPDATE grants SET ended_at = $2 WHERE subject = $1 AND ended_at IS NULL RETURNING id)
               SELECT (SELECT count(*) FROM ended WHERE until > $2) AS sessions,
                   (SELECT count(*) FROM closed JOIN refresh_family ON grant_id = closed.id WHERE expires_at > $2)
                       AS refresh_tokens";
    let lock = "SELECT 1 FROM session WHERE subject = $1 FOR UPDATE";
    let values: Values<'_> = &[&subject.as_str(), &now.as_millis()];
    let row = db
        .rows_once_locked(&[(ONE_AT_A_TIME, &[&subject.as_str()]), (lock, &[&subject.as_str()])], (sql, values))
        .await?
        .pop();
    let row = row.ok_or(StoreError::Unreadable("count"))?;
    let count = |name: &str| Ok::<_, StoreError>(u32::try_from(row.try_get::<_, i64>(name)?).unwrap_or(u32::MAX));
    Ok(SignedOut { sessions: count("sessions")?, refresh_tokens: count("refresh_tokens")? })
}

/// Ends the sessions of everybody.
pub(super) async fn end_every(db: &Connections) -> Result<(), StoreError> {
    db.rows("DELETE FROM session", &[]).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Session, StoreError> {
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
