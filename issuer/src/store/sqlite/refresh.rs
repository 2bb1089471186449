//! Families of refresh tokens: one row each, in which the good token, the one before it, and the time between stand.

use evergrant_core::protocol::Subject;
use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::row::Columns;
use super::{LONGEST_LIST, grants, row};
use crate::secret::SecretHash;
use crate::store::rotation::Rotation;
use crate::store::{Grant, RefreshFamily, RefreshOutcome, RefreshUse, StoreError, Successor};

pub(super) fn add(db: &Connection, grant: &Grant, family: &RefreshFamily) -> Result<(), StoreError> {
    grants::add(db, grant, family.absolute_until)?;
    db.prepare_cached(
        "INSERT INTO refresh_family
             (id, grant_id, current, created_at, last_used_at, expires_at, absolute_until, tokens_until, sweep_at,
              dpop_jkt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, max(?6, ?8), ?9)",
    )?
    .execute(params![
        family.id.as_bytes(),
        family.grant_id,
        family.current.as_bytes(),
        family.created_at.as_millis(),
        family.last_used_at.as_millis(),
        family.expires_at.as_millis(),
        family.absolute_until.as_millis(),
        family.tokens_until.as_millis(),
        family.dpop_jkt.as_ref().map(JwkThumbprint::as_str),
    ])?;
    Ok(())
}

pub(super) fn find(
    db: &Connection,
    id: SecretHash,
    now: UnixTime,
) -> Result<Option<(Grant, RefreshFamily)>, StoreError> {
    let family = db
        .prepare_cached(
            "SELECT refresh_family.* FROM refresh_family JOIN grants ON grants.id = grant_id
             WHERE refresh_family.id = ?1 AND ended_at IS NULL AND expires_at > ?2",
        )?
        .query_row(params![id.as_bytes(), now.as_millis()], |row| Ok(read_family(row)))
        .optional()?
        .transpose()?;
    match family {
        Some(family) => Ok(Some((grants::find(db, &family.grant_id)?, family))),
        None => Ok(None),
    }
}

/// The one used last first.
pub(super) fn of_person(
    db: &Connection,
    subject: &Subject,
    now: UnixTime,
) -> Result<Vec<(Grant, RefreshFamily)>, StoreError> {
    let families: Vec<RefreshFamily> = db
        .prepare_cached(
            "SELECT refresh_family.* FROM grants JOIN refresh_family ON grants.id = grant_id
             WHERE subject = ?1 AND ended_at IS NULL AND expires_at > ?2 ORDER BY last_used_at DESC LIMIT ?3",
        )?
        .query_and_then(params![subject.as_str(), now.as_millis(), LONGEST_LIST], read_family)?
        .collect::<Result<_, _>>()?;
    families.into_iter().map(|family| Ok((grants::find(db, &family.grant_id)?, family))).collect()
}

/// Of those that are not over.
pub(super) fn count(db: &Connection, subject: &Subject, now: UnixTime) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM grants JOIN refresh_family ON grants.id = grant_id
               WHERE subject = ?1 AND ended_at IS NULL AND expires_at > ?2";
    Ok(db.prepare_cached(sql)?.query_row(params![subject.as_str(), now.as_millis()], |row| row.get(0))?)
}

/// One thread writes, under SQLite's write lock: nothing changes between what is read here and the one statement that ends it.
pub(super) fn present(db: &Connection, usage: &RefreshUse) -> Result<RefreshOutcome, StoreError> {
    let Some(live) = live(db, usage)? else {
        return Ok(RefreshOutcome::Refused);
    };
    if live.dpop_jkt.is_some() && live.dpop_jkt != usage.proven {
        return Ok(RefreshOutcome::OtherKey);
    }
    if live.current.matches(&usage.presented) {
        exchange(db, usage)?;
        return Ok(RefreshOutcome::Accepted(Box::new(live.grant)));
    }
    match live.last_rotation {
        Some(rotation) if rotation.is_repeated_by(usage) => {
            Ok(RefreshOutcome::Repeated(Box::new(live.grant), rotation.successor))
        }
        _ => {
            grants::end(db, &live.grant.id, usage.now)?;
            Ok(RefreshOutcome::Replayed)
        }
    }
}

fn exchange(db: &Connection, usage: &RefreshUse) -> Result<(), StoreError> {
    let successor = usage.successor.as_ref();
    db.prepare_cached(
        "UPDATE refresh_family SET
             previous = iif(:next IS NULL, previous, current), current = coalesce(:next, current),
             salt = coalesce(:salt, salt), rotated_at = iif(:next IS NULL, rotated_at, :now),
             last_used_at = :now, expires_at = min(:idle_until, absolute_until),
             tokens_until = max(tokens_until, :tokens_until), dpop_jkt = coalesce(dpop_jkt, :dpop_jkt)
         WHERE id = :family",
    )?
    .execute(named_params! {
        ":family": usage.family.as_bytes(),
        ":next": successor.map(|successor| successor.hash.as_bytes()),
        ":salt": successor.map(|successor| &successor.salt[..]),
        ":idle_until": (usage.now + usage.idle_lifetime).as_millis(),
        ":tokens_until": usage.tokens_until.as_millis(),
        ":now": usage.now.as_millis(),
        ":dpop_jkt": usage.key_to_bind().map(JwkThumbprint::as_str),
    })?;
    Ok(())
}

struct LiveFamily {
    grant: Grant,
    current: SecretHash,
    dpop_jkt: Option<JwkThumbprint>,
    last_rotation: Option<Rotation>,
}

/// The family, if it is this client's and not over.
fn live(db: &Connection, usage: &RefreshUse) -> Result<Option<LiveFamily>, StoreError> {
    db.prepare_cached(
        "SELECT grants.id, client_id, subject, sid, device, scope, audience, password, auth_time, grants.created_at,
                grants.tokens_until, current, dpop_jkt, salt, previous, rotated_at
         FROM refresh_family JOIN grants ON grants.id = grant_id
         WHERE refresh_family.id = ?1 AND client_id = ?2 AND ended_at IS NULL AND expires_at > ?3",
    )?
    .query_row(params![usage.family.as_bytes(), usage.client_id.as_str(), usage.now.as_millis()], |row| {
        Ok(read_live(&mut Columns::of(row)))
    })
    .optional()?
    .transpose()
}

fn read_live(columns: &mut Columns<'_>) -> Result<LiveFamily, StoreError> {
    let (grant, current, dpop_jkt) = (grants::read(columns)?, columns.hash()?, columns.thumbprint()?);
    let salt: Option<[u8; 32]> = columns.next()?;
    let last_rotation = match salt {
        Some(salt) => {
            Some(Rotation { used: columns.hash()?, successor: Successor { hash: current, salt }, at: columns.time()? })
        }
        None => None,
    };
    Ok(LiveFamily { grant, current, dpop_jkt, last_rotation })
}

fn read_family(row: &Row<'_>) -> Result<RefreshFamily, StoreError> {
    Ok(RefreshFamily {
        id: row::hash(row, "id")?,
        grant_id: row::text(row, "grant_id")?,
        current: row::hash(row, "current")?,
        created_at: row::time(row, "created_at")?,
        last_used_at: row::time(row, "last_used_at")?,
        expires_at: row::time(row, "expires_at")?,
        absolute_until: row::time(row, "absolute_until")?,
        tokens_until: row::time(row, "tokens_until")?,
        dpop_jkt: row::thumbprint(row, "dpop_jkt")?,
    })
}
