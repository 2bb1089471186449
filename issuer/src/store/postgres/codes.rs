//! Authorization codes, and the grants they stand for.

use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::protocol::{ClientId, CodeChallenge, Nonce};
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::Connections;
use super::{grants, row};
use crate::secret::SecretHash;
use crate::store::{Code, CodeUse, ConsentUse, Grant, Overtaken, StoreError};

pub(super) async fn add(
    db: &Connections,
    grant: &Grant,
    code: &Code,
    consent: ConsentUse,
) -> Result<Result<(), Overtaken>, StoreError> {
    let (granting, words) = grants::granting(grant, consent);
    let sql = format!(
        "WITH {granting},
              granted AS (
                  INSERT INTO grants
                      (id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at,
                       granted_until, keep_until)
                  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, greatest($11::bigint, $17) FROM granting
                  RETURNING id
              )
         INSERT INTO code (hash, grant_id, redirect_uri, nonce, code_challenge, expires_at, dpop_jkt)
         SELECT $13, id, $14, $15, $16, $17, $18 FROM granted RETURNING 1"
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
        &code.hash.as_bytes() as _,
        &code.redirect_uri as _,
        &code.nonce.as_ref().map(|nonce| nonce.secret().as_bytes()) as _,
        &code.code_challenge.as_ref().map(CodeChallenge::as_str) as _,
        &code.expires_at.as_millis() as _,
        &code.dpop_jkt.as_ref().map(JwkThumbprint::as_str) as _,
    ];
    match db.row(&sql, &values).await? {
        Some(_) => Ok(Ok(())),
        None => grants::overtaken(db, grant).await.map(Err),
    }
}

pub(super) async fn redeem(
    db: &Connections,
    hash: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<CodeUse, StoreError> {
    // The decision is this one statement: whoever changes the row has the code.
    let sql = "UPDATE code SET used_at = $3 FROM grants
               WHERE hash = $1 AND used_at IS NULL AND expires_at > $3
                 AND grants.id = grant_id AND client_id = $2 AND ended_at IS NULL
               RETURNING hash, redirect_uri, nonce, code_challenge, expires_at, dpop_jkt,
                   grant_id, client_id, subject, sid, device, scope, audience, password, auth_time, granted_at, granted_until";
    let used = db.row(sql, &[&hash.as_bytes(), &client_id.as_str(), &now.as_millis()]).await?;
    match used {
        Some(row) => Ok(CodeUse::Redeemed(Box::new((grants::read(&row)?, read_code(&row)?)))),
        None => end_grant_of_used_code(db, hash, client_id, now).await,
    }
}

async fn end_grant_of_used_code(
    db: &Connections,
    hash: SecretHash,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<CodeUse, StoreError> {
    let sql = "UPDATE grants SET ended_at = coalesce(ended_at, $3)
               WHERE client_id = $2 AND id = (SELECT grant_id FROM code WHERE hash = $1 AND used_at IS NOT NULL)
               RETURNING 1";
    let replayed = db.row(sql, &[&hash.as_bytes(), &client_id.as_str(), &now.as_millis()]).await?;
    Ok(if replayed.is_some() { CodeUse::Replayed } else { CodeUse::Refused })
}

fn read_code(row: &Row) -> Result<Code, StoreError> {
    let nonce: Option<Vec<u8>> = row.try_get("nonce")?;
    let nonce = nonce.map(String::from_utf8).transpose().map_err(|_| StoreError::Unreadable("nonce"))?;
    let code_challenge: Option<String> = row.try_get("code_challenge")?;
    Ok(Code {
        hash: row::hash(row, "hash")?,
        redirect_uri: row::text(row, "redirect_uri")?,
        nonce: nonce.map(Nonce::new),
        code_challenge: code_challenge.map(CodeChallenge::new),
        dpop_jkt: row::thumbprint(row, "dpop_jkt")?,
        expires_at: row::time(row, "expires_at")?,
    })
}
