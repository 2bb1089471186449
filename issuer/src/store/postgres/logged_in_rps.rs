//! Which clients are to hear that a session is over, and those that have not heard yet. The triggers of the schema say when.

use evergrant_core::protocol::{ClientId, Subject};
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::Connections;
use super::row;
use crate::store::{DueLogout, LoggedInRp, SESSION_BEGINS_WITHIN, StoreError};

/// The session is locked until this is committed: who ends it meanwhile waits, and then finds the client here. One that is known
/// waits for the end of the session that it is known with, which may have taken the place of its own.
pub(super) async fn add(db: &Connections, rp: &LoggedInRp, now: UnixTime) -> Result<(), StoreError> {
    let sql = "WITH known AS (SELECT sid FROM session WHERE sid = $1 FOR KEY SHARE)
               INSERT INTO logged_in_rp (sid, client_id, subject, session, keep_until, next_try_at)
               SELECT $1::text, $2::text, $3::text, known.sid, $4::bigint, CASE WHEN $5::boolean AND known.sid IS NULL THEN $6::bigint END
               FROM (VALUES (true)) AS one LEFT JOIN known ON true LIMIT 1
               ON CONFLICT (sid, client_id) DO UPDATE SET session = coalesce(logged_in_rp.session, excluded.session),
                   keep_until = greatest(logged_in_rp.keep_until, excluded.keep_until),
                   next_try_at = CASE WHEN logged_in_rp.session IS NULL
                       THEN coalesce(logged_in_rp.next_try_at, excluded.next_try_at) ELSE logged_in_rp.next_try_at END";
    let values = [
        &rp.sid as _,
        &rp.client_id.as_str() as _,
        &rp.subject.as_str() as _,
        &rp.keep_until.as_millis() as _,
        &rp.has_session as _,
        &(now + SESSION_BEGINS_WITHIN).as_millis() as _,
    ];
    db.rows(sql, &values).await?;
    Ok(())
}

/// Rows that another issuer is at are left to it.
pub(super) async fn take_due(db: &Connections, now: UnixTime, most: u32) -> Result<Vec<DueLogout>, StoreError> {
    let sql = "UPDATE logged_in_rp SET tries = tries + 1,
                   next_try_at = $1 + least($4::bigint << least(tries, 30), $5::bigint)
               WHERE ctid = ANY (ARRAY
                   (SELECT ctid FROM logged_in_rp WHERE next_try_at <= $1 OR next_try_at > $2
                    ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED))
               RETURNING sid, client_id, subject, tries";
    let millis = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    let values = [
        &now.as_millis() as _,
        &DueLogout::latest_try(now).as_millis() as _,
        &i64::from(most) as _,
        &millis(DueLogout::FIRST_PAUSE) as _,
        &millis(DueLogout::LONGEST_PAUSE) as _,
    ];
    db.rows(sql, &values).await?.iter().map(read).collect()
}

pub(super) async fn remove(db: &Connections, due: &DueLogout) -> Result<(), StoreError> {
    let tries = i32::try_from(due.tries).unwrap_or(i32::MAX);
    let sql = "DELETE FROM logged_in_rp WHERE sid = $1 AND client_id = $2 AND tries = $3";
    db.rows(sql, &[&due.sid, &due.client_id.as_str(), &tries]).await?;
    Ok(())
}

/// The client `$2` hears that the person `$1` has ended all that they had there.
pub(super) const HEARS: &str =
    "UPDATE logged_in_rp SET next_try_at = 0 WHERE client_id = $2 AND next_try_at IS NULL AND sid IN
        (SELECT rp.sid FROM session JOIN logged_in_rp AS rp ON rp.session = session.sid WHERE session.subject = $1
         UNION SELECT sid FROM grants WHERE subject = $1 AND client_id = $2)";

fn read(row: &Row) -> Result<DueLogout, StoreError> {
    Ok(DueLogout {
        sid: row::text(row, "sid")?,
        client_id: ClientId::new(row::text(row, "client_id")?),
        subject: Subject::new(row::text(row, "subject")?),
        tries: u32::try_from(row.try_get::<_, i32>("tries")?).unwrap_or_default(),
    })
}
