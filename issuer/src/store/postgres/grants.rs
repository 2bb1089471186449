//! What people granted to clients: the one place where it is said that a grant, and all that stands for it, is over.

use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::{Connections, ONE_AT_A_TIME, Values};
use super::logged_in_rps::HEARS;
use super::row;
use crate::secret::SecretHash;
use crate::store::{ConsentUse, Grant, Overtaken, StoreError};

/// A grant that has not ended, and does not outlive its session, having no `offline_access` (OIDC Core §11).
pub(super) const ENDS_WITH_SESSION: &str =
    "grants.ended_at IS NULL AND position(' offline_access ' IN ' ' || grants.scope || ' ') = 0";

/// A row of `granting` where there is the session `$4` of the person `$3`, and what they allowed the client `$2` at the API `$7`
/// has the words `$12`. Both are locked until what is granted is committed: who ends one of these meanwhile waits, and then ends that
/// as well.
const CONSENT_REMEMBERED: &str =
    "there_is_session AS (SELECT 1 FROM session WHERE sid = $4 AND subject = $3 LIMIT 1 FOR KEY SHARE),
     consented AS (SELECT 1 FROM consent
         WHERE subject = $3 AND client_id = $2 AND audience = coalesce($7, '') AND scope = ANY ($12::text[])
         ORDER BY scope FOR KEY SHARE),
     granting AS (SELECT 1 FROM there_is_session WHERE (SELECT count(*) FROM consented) = cardinality($12::text[]))";

/// The same where they allow it now, at `$10`. What is remembered already is locked as well.
const CONSENT_NEW: &str = "granting AS (SELECT 1 FROM session WHERE sid = $4 AND subject = $3 LIMIT 1 FOR KEY SHARE),
     consented AS (INSERT INTO consent (subject, client_id, audience, scope, granted_at)
         SELECT $3, $2, coalesce($7, ''), word, $10 FROM granting, unnest($12::text[]) AS word ORDER BY word
         ON CONFLICT (subject, client_id, audience, scope) DO UPDATE SET granted_at = consent.granted_at)";

/// Whether something may be granted: a row of `granting`, and the words `$12` for it.
pub(super) fn granting(grant: &Grant, consent: ConsentUse) -> (&'static str, Vec<&str>) {
    match consent {
        ConsentUse::Unneeded => (CONSENT_REMEMBERED, Vec::new()),
        ConsentUse::Remembered => (CONSENT_REMEMBERED, grant.scope.words().collect()),
        ConsentUse::New => (CONSENT_NEW, grant.scope.words().collect()),
    }
}

/// Why there was no row of `granting`.
pub(super) async fn overtaken(db: &Connections, grant: &Grant) -> Result<Overtaken, StoreError> {
    let sql = "SELECT 1 FROM session WHERE sid = $1 AND subject = $2";
    let session = db.row(sql, &[&grant.sid, &grant.subject.as_str()]).await?;
    Ok(session.map_or(Overtaken::SessionEnded, |_| Overtaken::ConsentWithdrawn))
}

/// Stores a grant for which nothing stands but the access tokens that went out with it.
pub(super) async fn add(db: &Connections, grant: &Grant) -> Result<(), StoreError> {
    insert(db, grant, None).await.map(drop)
}

/// The same, if the session and the consent that it comes from are still there.
pub(super) async fn add_of_session(
    db: &Connections,
    grant: &Grant,
    consent: ConsentUse,
) -> Result<Result<(), Overtaken>, StoreError> {
    match insert(db, grant, Some(granting(grant, consent))).await? {
        true => Ok(Ok(())),
        false => overtaken(db, grant).await.map(Err),
    }
}

async fn insert(db: &Connections, grant: &Grant, granting: Option<(&str, Vec<&str>)>) -> Result<bool, StoreError> {
    let (with, from, words) = match granting {
        Some((granting, words)) => (format!("WITH {granting}"), "FROM granting", Some(words)),
        None => (String::new(), "", None),
    };
    let sql = format!(
        "{with} INSERT INTO grants (id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at,
             granted_until, keep_until)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11 {from} RETURNING 1"
    );
    let values = [
        &grant.id as _,
        &grant.client_id.as_str() as _,
        &grant.subject.as_str() as _,
        &grant.sid as _,
        &grant.device as _,
        &grant.scope.to_string() as _,
        &grant.audience as _,
        &grant.password.as_ref().map(SecretHash::as_bytes) as _,
        &grant.auth_time.as_millis() as _,
        &grant.created_at.as_millis() as _,
        &grant.tokens_until.as_millis() as _,
        &words as _,
    ];
    let used = values.len() - usize::from(words.is_none());
    Ok(db.row(&sql, &values[..used]).await?.is_some())
}

/// Ends a grant, unless it has ended before.
pub(super) async fn end(db: &Connections, id: &str, now: UnixTime) -> Result<(), StoreError> {
    db.rows("UPDATE grants SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL", &[&id, &now.as_millis()]).await?;
    Ok(())
}

/// Ends a grant if it is this person's, and has the client hear. Whether there was one to end.
pub(super) async fn end_own(db: &Connections, id: &str, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
    if !row::may_be_stored(id) {
        return Ok(false);
    }
    let sql = "WITH ended AS
                   (UPDATE grants SET ended_at = $3 WHERE id = $1 AND subject = $2 AND ended_at IS NULL
                    RETURNING sid, client_id),
               hears AS
                   (UPDATE logged_in_rp AS rp SET next_try_at = 0 FROM ended
                    WHERE rp.sid = ended.sid AND rp.client_id = ended.client_id AND next_try_at IS NULL)
               SELECT 1 FROM ended";
    Ok(db.row(sql, &[&id, &subject.as_str(), &now.as_millis()]).await?.is_some())
}

/// Ends the grants a person gave a client, and has it hear of that.
pub(super) async fn end_to_client(
    db: &Connections,
    subject: &Subject,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<(), StoreError> {
    if !row::may_be_stored(client_id.as_str()) {
        return Ok(());
    }
    let sql = format!(
        "WITH hears AS ({HEARS})
         UPDATE grants SET ended_at = $3 WHERE subject = $1 AND client_id = $2 AND ended_at IS NULL"
    );
    let values: Values<'_> = &[&subject.as_str(), &client_id.as_str(), &now.as_millis()];
    db.rows_once_locked(&[(ONE_AT_A_TIME, &[&subject.as_str()])], (&sql, values)).await?;
    Ok(())
}

/// From a row with the columns `grant_id`, `client_id`, `subject`, `sid`, `device`, `scope`, `audience`, `password`,
/// `auth_time`, `granted_at` and `granted_until`.
pub(super) fn read(row: &Row) -> Result<Grant, StoreError> {
    Ok(Grant {
        id: row::text(row, "grant_id")?,
        client_id: ClientId::new(row::text(row, "client_id")?),
        subject: Subject::new(row::text(row, "subject")?),
        sid: row::text(row, "sid")?,
        device: row::text(row, "device")?,
        scope: Scope::parse(&row::text(row, "scope")?),
        audience: row.try_get("audience")?,
        password: row::optional_hash(row, "password")?,
        auth_time: row::time(row, "auth_time")?,
        created_at: row::time(row, "granted_at")?,
        tokens_until: row::time(row, "granted_until")?,
    })
}
