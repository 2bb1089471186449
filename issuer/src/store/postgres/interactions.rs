//! Authorization requests that wait for a person, and what people have allowed.

use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use super::connections::{Connections, ONE_AT_A_TIME, Values};
use super::logged_in_rps::HEARS;
use super::row;
use crate::secret::SecretHash;
use crate::store::{Consent, ConsentKey, Interaction, Room, StoreError, TRIM_BATCH};

pub(super) async fn open(db: &Connections, interaction: &Interaction, room: Room) -> Result<(), StoreError> {
    let sql = "WITH given_up AS
                   (DELETE FROM interaction WHERE id = ANY (ARRAY
                       (SELECT id FROM interaction WHERE id = ANY
                           (ARRAY ((SELECT id FROM interaction WHERE browser = $2
                                   ORDER BY shown DESC, created_at DESC OFFSET $7)
                                   EXCEPT
                                   (SELECT id FROM interaction WHERE browser = $2 AND NOT shown
                                    ORDER BY created_at DESC LIMIT $9))
                            || ARRAY ((SELECT id FROM interaction WHERE address = $3
                                      ORDER BY shown DESC, created_at DESC OFFSET $8)
                                      EXCEPT
                                      (SELECT id FROM interaction WHERE address = $3 AND NOT shown
                                       ORDER BY created_at DESC LIMIT $10)))
                        FOR UPDATE SKIP LOCKED)))
               INSERT INTO interaction (id, browser, address, request, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        &interaction.id.as_bytes() as _,
        &interaction.browser.as_bytes() as _,
        &room.address.as_bytes() as _,
        &interaction.request as _,
        &interaction.created_at.as_millis() as _,
        &interaction.expires_at.as_millis() as _,
        &i64::from(room.per_browser.saturating_sub(1)) as _,
        &i64::from(room.per_address.saturating_sub(1)) as _,
        &i64::from(Room::on_the_way(room.per_browser)) as _,
        &i64::from(Room::on_the_way(room.per_address)) as _,
    ];
    db.rows(sql, &values).await?;
    Ok(())
}

pub(super) async fn note_shown(db: &Connections, id: SecretHash) -> Result<(), StoreError> {
    db.rows("UPDATE interaction SET shown = true WHERE id = $1", &[&id.as_bytes()]).await?;
    Ok(())
}

pub(super) async fn salt(
    db: &Connections,
    id: SecretHash,
    salt: [u8; 32],
    now: UnixTime,
    again_since: UnixTime,
) -> Result<Option<[u8; 32]>, StoreError> {
    let sql = "UPDATE interaction SET salt = CASE WHEN salted_at > $4 THEN salt ELSE $2 END,
                   salted_at = CASE WHEN salted_at > $4 THEN salted_at ELSE $3 END
               WHERE id = $1 RETURNING salt";
    let values = [&id.as_bytes() as _, &salt.as_slice() as _, &now.as_millis() as _, &again_since.as_millis() as _];
    let Some(row) = db.row(sql, &values).await? else { return Ok(None) };
    let salt: &[u8] = row.try_get("salt")?;
    salt.try_into().map(Some).map_err(|_| StoreError::Unreadable("salt"))
}

pub(super) async fn trim(db: &Connections, most: u32) -> Result<(), StoreError> {
    let sql = "DELETE FROM interaction WHERE id = ANY (ARRAY
                   (SELECT id FROM interaction WHERE id = ANY (ARRAY
                       (SELECT id FROM interaction ORDER BY shown DESC, created_at DESC LIMIT $1 OFFSET $2))
                    FOR UPDATE SKIP LOCKED))";
    db.rows(sql, &[&i64::from(TRIM_BATCH), &i64::from(most)]).await?;
    Ok(())
}

pub(super) async fn find(
    db: &Connections,
    id: SecretHash,
    browser: SecretHash,
    now: UnixTime,
) -> Result<Option<Interaction>, StoreError> {
    let sql = "SELECT id, browser, request, created_at, expires_at, answered_at, shown FROM interaction
               WHERE id = $1 AND browser = $2 AND expires_at > $3";
    let found = db.row(sql, &[&id.as_bytes(), &browser.as_bytes(), &now.as_millis()]).await?;
    found.as_ref().map(read).transpose()
}

pub(super) async fn answer(
    db: &Connections,
    id: SecretHash,
    now: UnixTime,
    until: UnixTime,
) -> Result<bool, StoreError> {
    let sql = "UPDATE interaction SET answered_at = coalesce(answered_at, $2), expires_at = least(expires_at, $3)
               WHERE id = $1 AND expires_at > $2 RETURNING 1";
    Ok(db.row(sql, &[&id.as_bytes(), &now.as_millis(), &until.as_millis()]).await?.is_some())
}

pub(super) async fn consent(db: &Connections, key: &ConsentKey) -> Result<Scope, StoreError> {
    let sql = "SELECT scope FROM consent WHERE subject = $1 AND client_id = $2 AND audience = $3";
    let rows = db.rows(sql, &[&key.subject.as_str(), &key.client_id.as_str(), &audience(key)]).await?;
    let words: Result<Vec<String>, _> = rows.iter().map(|row| row::text(row, "scope")).collect();
    Ok(Scope::parse(&words?.join(" ")))
}

pub(super) async fn remember_consent(
    db: &Connections,
    key: &ConsentKey,
    scope: &Scope,
    now: UnixTime,
) -> Result<(), StoreError> {
    // In one order: two that remember the same words at once would otherwise wait for each other.
    let sql = "INSERT INTO consent (subject, client_id, audience, scope, granted_at)
               SELECT $1, $2, $3, word, $5 FROM unnest($4::text[]) AS word ORDER BY word
               ON CONFLICT DO NOTHING";
    let words: Vec<&str> = scope.words().collect();
    let values = [
        &key.subject.as_str() as _,
        &key.client_id.as_str() as _,
        &audience(key) as _,
        &words as _,
        &now.as_millis() as _,
    ];
    db.rows(sql, &values).await?;
    Ok(())
}

pub(super) async fn consents_of(db: &Connections, subject: &Subject) -> Result<Vec<Consent>, StoreError> {
    let sql = "SELECT client_id, audience, scope, granted_at FROM consent WHERE subject = $1
               ORDER BY granted_at, client_id, audience, scope";
    let rows = db.rows(sql, &[&subject.as_str()]).await?;
    let words: Result<Vec<_>, StoreError> = rows
        .iter()
        .map(|row| {
            let time = row::time(row, "granted_at")?;
            Ok((row::text(row, "client_id")?, row::text(row, "audience")?, row::text(row, "scope")?, time))
        })
        .collect();
    Ok(Consent::gather(words?))
}

/// Forgets what a person allowed a client, ends every grant they gave it, and has it hear of that, in one step. What was being
/// granted by what they allowed, when this has that locked, is committed by then.
pub(super) async fn withdraw_consent(
    db: &Connections,
    subject: &Subject,
    client_id: &ClientId,
    now: UnixTime,
) -> Result<(), StoreError> {
    if !row::may_be_stored(client_id.as_str()) {
        return Ok(());
    }
    // In the order in which it is remembered.
    let lock = "SELECT 1 FROM consent WHERE subject = $1 AND client_id = $2 ORDER BY audience, scope FOR UPDATE";
    let sql = format!(
        "WITH forgotten AS (DELETE FROM consent WHERE subject = $1 AND client_id = $2), hears AS ({HEARS})
         UPDATE grants SET ended_at = $3 WHERE subject = $1 AND client_id = $2 AND ended_at IS NULL"
    );
    let values: Values<'_> = &[&subject.as_str(), &client_id.as_str(), &now.as_millis()];
    let locks: [(_, Values<'_>); 2] =
        [(ONE_AT_A_TIME, &[&subject.as_str()]), (lock, &[&subject.as_str(), &client_id.as_str()])];
    db.rows_once_locked(&locks, (&sql, values)).await?;
    Ok(())
}

fn audience(key: &ConsentKey) -> &str {
    key.audience.as_deref().unwrap_or_default()
}

fn read(row: &Row) -> Result<Interaction, StoreError> {
    Ok(Interaction {
        id: row::hash(row, "id")?,
        browser: row::hash(row, "browser")?,
        request: row::text(row, "request")?,
        created_at: row::time(row, "created_at")?,
        expires_at: row::time(row, "expires_at")?,
        answered_at: row.try_get::<_, Option<i64>>("answered_at")?.map(UnixTime::from_millis),
        shown: row.try_get("shown")?,
    })
}
