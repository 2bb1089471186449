//! Authorization codes, and the grants they stand for.

use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::{ClientId, CodeChallenge, Nonce};
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::{grants, row};
use crate::secret::SecretHash;
use crate::store::{Code, CodeUse, ConsentUse, Grant, Overtaken, StoreError};

pub(super) fn add(
    db: &Connection,
    grant: &Grant,
    code: &Code,
    consent: ConsentUse,
) -> Result<Result<(), Overtaken>, StoreError> {
    if let Err(overtaken) = grants::add_of_session(db, grant, code.expires_at, consent)? {
        return Ok(Err(overtaken));
    }
    db.prepare_cached(
        "INSERT INTO code (hash, grant_id, redirect_uri, nonce, code_challenge, expires_at, dpop_jkt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        code.hash.as_bytes(),
        grant.id,
        code.redirect_uri,
        code.nonce.as_ref().map(Nonce::secret),
        code.code_challenge.as_ref().map(CodeChallenge::as_str),
        code.expires_at.as_millis(),
        code.dpop_jkt.as_ref().map(JwkThumbprint::as_str),
    ])?;
    Ok(Ok(()))
}

pub(super) fn redeem(
    db: &Connection,
    hash: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<CodeUse, StoreError> {
    // The decision is this one statement: whoever changes the row has the code.
    let used = db
        .prepare_cached(
            "UPDATE code SET used_at = :now
             WHERE hash = :hash AND used_at IS NULL AND expires_at > :now
               AND EXISTS (SELECT 1 FROM grants WHERE id = code.grant_id AND client_id = :client AND ended_at IS NULL)
             RETURNING hash, grant_id, redirect_uri, nonce, code_challenge, expires_at, dpop_jkt",
        )?
        .query_row(
            named_params! { ":hash": hash.as_bytes(), ":now": now.as_millis(), ":client": client_id.as_str() },
            |row| Ok(read_code(row).and_then(|code| Ok((row::text(row, "grant_id")?, code)))),
        )
        .optional()?;
    match used {
        Some(found) => {
            let (grant_id, code) = found?;
            Ok(CodeUse::Redeemed(Box::new((grants::find(db, &grant_id)?, code))))
        }
        None => end_grant_of_used_code(db, hash, client_id, now),
    }
}

fn end_grant_of_used_code(
    db: &Connection,
    hash: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<CodeUse, StoreError> {
    let replayed = db
        .prepare_cached(
            "UPDATE grants SET ended_at = coalesce(ended_at, ?3)
             WHERE client_id = ?2 AND id = (SELECT grant_id FROM code WHERE hash = ?1 AND used_at IS NOT NULL)",
        )?
        .execute(params![hash.as_bytes(), client_id.as_str(), now.as_millis()])?;
    Ok(if replayed > 0 { CodeUse::Replayed } else { CodeUse::Refused })
}

fn read_code(row: &Row<'_>) -> Result<Code, StoreError> {
    let nonce: Option<String> = row.get("nonce")?;
    let code_challenge: Option<String> = row.get("code_challenge")?;
    Ok(Code {
        hash: row::hash(row, "hash")?,
        redirect_uri: row::text(row, "redirect_uri")?,
        nonce: nonce.map(Nonce::new),
        code_challenge: code_challenge.map(CodeChallenge::new),
        dpop_jkt: row::thumbprint(row, "dpop_jkt")?,
        expires_at: row::time(row, "expires_at")?,
    })
}
