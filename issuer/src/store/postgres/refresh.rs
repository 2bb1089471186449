//! Families of refresh tokens: one row each, in which the good token, the one before it, and the time between stand.

use evergrant_core::protocol::Subject;
use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::Connections;
use super::{LONGEST_LIST, grants, row};
use crate::secret::SecretHash;
use crate::store::rotation::Rotation;
use crate::store::{Grant, RefreshFamily, RefreshOutcome, RefreshUse, StoreError, Successor};

pub(super) async fn add(db: &Connections, grant: &Grant, family: &RefreshFamily) -> Result<(), StoreError> {
    let sql = "WITH granted AS (
                   INSERT INTO grants
                       (id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at,
                        granted_until, keep_until)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, greatest($11::bigint, $17))
                   ON CONFLICT (id) DO UPDATE SET keep_until = greatest(grants.keep_until, excluded.keep_until)
               )
               INSERT INTO refresh_family
                   (id, grant_id, current, created_at, last_used_at, expires_at, absolute_until, tokens_until, sweep_at,
                    dpop_jkt)
               VALUES ($12, $1, $13, $14, $15, $16, $17, $18, greatest($16::bigint, $18), $19)";
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
        &family.id.as_bytes() as _,
        &family.current.as_bytes() as _,
        &family.created_at.as_millis() as _,
        &family.last_used_at.as_millis() as _,
        &family.expires_at.as_millis() as _,
        &family.absolute_until.as_millis() as _,
        &family.tokens_until.as_millis() as _,
        &family.dpop_jkt.as_ref().map(JwkThumbprint::as_str) as _,
    ];
    db.rows(sql, &values).await?;
    Ok(())
}

pub(super) async fn find(
    db: &Connections,
    id: SecretHash,
    now: UnixTime,
) -> Result<Option<(Grant, RefreshFamily)>, StoreError> {
    let sql = "SELECT refresh_family.id, current, created_at, last_used_at, expires_at, absolute_until, tokens_until, dpop_jkt,
                   grant_id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at, granted_until
               FROM refresh_family JOIN grants ON grants.id = grant_id
               WHERE refresh_family.id = $1 AND ended_at IS NULL AND expires_at > $2";
    db.row(sql, &[&id.as_bytes(), &now.as_millis()]).await?.as_ref().map(read).transpose()
}

/// The one used last first.
pub(super) async fn of_person(
    db: &Connections,
    subject: &Subject,
    now: UnixTime,
) -> Result<Vec<(Grant, RefreshFamily)>, StoreError> {
    let sql = "SELECT refresh_family.id, current, created_at, last_used_at, expires_at, absolute_until, tokens_until, dpop_jkt,
                   grant_id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at, granted_until
               FROM grants JOIN refresh_family ON grants.id = grant_id
               WHERE subject = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY last_used_at DESC LIMIT $3";
    let values = [&subject.as_str() as _, &now.as_millis() as _, &i64::from(LONGEST_LIST) as _];
    db.rows(sql, &values).await?.iter().map(read).collect()
}

type LiveFamily = (Grant, Option<JwkThumbprint>, Option<Rotation>);

pub(super) async fn present(db: &Connections, usage: &RefreshUse) -> Result<RefreshOutcome, StoreError> {
    if let Some(grant) = exchange(db, usage).await? {
        return Ok(RefreshOutcome::Accepted(Box::new(grant)));
    }
    // What the family looks like by now can only be later than what the exchange met: a token that was not the good one
    // then never becomes it.
    let Some((grant, dpop_jkt, last_rotation)) = live(db, usage).await? else {
        return Ok(RefreshOutcome::Refused);
    };
    if dpop_jkt.is_some() && dpop_jkt != usage.proven {
        return Ok(RefreshOutcome::OtherKey);
    }
    match last_rotation {
        Some(rotation) if rotation.is_repeated_by(usage) => {
            Ok(RefreshOutcome::Repeated(Box::new(grant), rotation.successor))
        }
        _ => {
            grants::end(db, &grant.id, usage.now).await?;
            Ok(RefreshOutcome::Replayed)
        }
    }
}

/// The decision is this one statement: whoever changes the row has used the token. The grant it stands for.
///
/// The grant is locked first. Whoever ends it meanwhile is waited for, or waits, and then lists the access token that this
/// brings as well.
async fn exchange(db: &Connections, usage: &RefreshUse) -> Result<Option<Grant>, StoreError> {
    let sql = "WITH granted AS (
                   SELECT id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at, granted_until
                   FROM grants
                   WHERE id = (SELECT grant_id FROM refresh_family WHERE id = $1)
                     AND client_id = $3 AND ended_at IS NULL
                   FOR SHARE
               )
               UPDATE refresh_family SET
                   previous = CASE WHEN $4::bytea IS NULL THEN previous ELSE current END,
                   current = coalesce($4, current), salt = coalesce($5, salt),
                   rotated_at = CASE WHEN $4 IS NULL THEN rotated_at ELSE $7 END,
                   last_used_at = $7, expires_at = least($6, absolute_until),
                   tokens_until = greatest(tokens_until, $8), dpop_jkt = coalesce(dpop_jkt, $10)
               FROM granted
               WHERE refresh_family.id = $1 AND current = $2 AND expires_at > $7 AND grant_id = granted.id
                 AND (dpop_jkt IS NULL OR dpop_jkt = $9)
               RETURNING grant_id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at, granted_until";
    let successor = usage.successor.as_ref();
    let values = [
        &usage.family.as_bytes() as _,
        &usage.presented.as_bytes() as _,
        &usage.client_id.as_str() as _,
        &successor.map(|successor| successor.hash.as_bytes()) as _,
        &successor.map(|successor| &successor.salt[..]) as _,
        &(usage.now + usage.idle_lifetime).as_millis() as _,
        &usage.now.as_millis() as _,
        &usage.tokens_until.as_millis() as _,
        &usage.proven.as_ref().map(JwkThumbprint::as_str) as _,
        &usage.key_to_bind().map(JwkThumbprint::as_str) as _,
    ];
    db.row(sql, &values).await?.as_ref().map(grants::read).transpose()
}

/// Of the family, if it is this client's and not over: its grant, the key it is bound to, and its last rotation.
async fn live(db: &Connections, usage: &RefreshUse) -> Result<Option<LiveFamily>, StoreError> {
    let sql = "SELECT current, dpop_jkt, previous, salt, rotated_at,
                   grant_id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at, granted_until
               FROM refresh_family JOIN grants ON grants.id = grant_id
               WHERE refresh_family.id = $1 AND client_id = $2 AND ended_at IS NULL AND expires_at > $3";
    let values = [&usage.family.as_bytes() as _, &usage.client_id.as_str() as _, &usage.now.as_millis() as _];
    match db.row(sql, &values).await? {
        Some(row) => Ok(Some((grants::read(&row)?, row::thumbprint(&row, "dpop_jkt")?, last_rotation(&row)?))),
        None => Ok(None),
    }
}

fn last_rotation(row: &Row) -> Result<Option<Rotation>, StoreError> {
    let salt: Option<&[u8]> = row.try_get("salt")?;
    let Some(salt) = salt else { return Ok(None) };
    let salt = salt.try_into().map_err(|_| StoreError::Unreadable("salt"))?;
    Ok(Some(Rotation {
        used: row::hash(row, "previous")?,
        successor: Successor { hash: row::hash(row, "current")?, salt },
        at: row::time(row, "rotated_at")?,
    }))
}

fn read(row: &Row) -> Result<(Grant, RefreshFamily), StoreError> {
    let grant = grants::read(row)?;
    let family = RefreshFamily {
        id: row::hash(row, "id")?,
        grant_id: grant.id.clone(),
        current: row::hash(row, "current")?,
        created_at: row::time(row, "created_at")?,
        last_used_at: row::time(row, "last_used_at")?,
        expires_at: row::time(row, "expires_at")?,
        absolute_until: row::time(row, "absolute_until")?,
        tokens_until: row::time(row, "tokens_until")?,
        dpop_jkt: row::thumbprint(row, "dpop_jkt")?,
    };
    Ok((grant, family))
}
