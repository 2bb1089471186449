//! Authorization requests that wait for a person, and what people have allowed.

use evergrant_core::protocol::{ClientId, Scope, Subject};
use evergrant_core::time::UnixTime;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::row;
use crate::secret::SecretHash;
use crate::store::{Consent, ConsentKey, Grant, Interaction, Room, StoreError, TRIM_BATCH};

pub(super) fn open(db: &Connection, interaction: &Interaction, room: Room) -> Result<(), StoreError> {
    let browser = interaction.browser;
    for (sql, whose, most) in [
        (
            "DELETE FROM interaction WHERE id IN
                (SELECT id FROM interaction WHERE browser = ?1 ORDER BY shown DESC, created_at DESC LIMIT -1 OFFSET ?2)
             AND id NOT IN
                (SELECT id FROM interaction WHERE browser = ?1 AND shown = 0 ORDER BY created_at DESC LIMIT ?3)",
            browser,
            room.per_browser,
        ),
        (
            "DELETE FROM interaction WHERE id IN
                (SELECT id FROM interaction WHERE address = ?1 ORDER BY shown DESC, created_at DESC LIMIT -1 OFFSET ?2)
             AND id NOT IN
                (SELECT id FROM interaction WHERE address = ?1 AND shown = 0 ORDER BY created_at DESC LIMIT ?3)",
            room.address,
            room.per_address,
        ),
    ] {
        db.prepare_cached(sql)?.execute(params![whose.as_bytes(), most.saturating_sub(1), Room::on_the_way(most)])?;
    }
    db.prepare_cached(
        "INSERT INTO interaction (id, browser, address, request, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        interaction.id.as_bytes(),
        browser.as_bytes(),
        room.address.as_bytes(),
        interaction.request,
        interaction.created_at.as_millis(),
        interaction.expires_at.as_millis(),
    ])?;
    Ok(())
}

pub(super) fn note_shown(db: &Connection, id: SecretHash) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE interaction SET shown = 1 WHERE id = ?1")?.execute([id.as_bytes()])?;
    Ok(())
}

pub(super) fn salt(
    db: &Connection,
    id: SecretHash,
    salt: [u8; 32],
    now: UnixTime,
    again_since: UnixTime,
) -> Result<Option<[u8; 32]>, StoreError> {
    let salt = db
        .prepare_cached(
            "UPDATE interaction SET salt = iif(salted_at > ?4, salt, ?2), salted_at = iif(salted_at > ?4, salted_at, ?3)
             WHERE id = ?1 RETURNING salt",
        )?
        .query_row(params![id.as_bytes(), salt, now.as_millis(), again_since.as_millis()], |row| row.get(0))
        .optional()?;
    Ok(salt)
}

pub(super) fn trim(db: &Connection, most: u32) -> Result<(), StoreError> {
    db.prepare_cached(
        "DELETE FROM interaction WHERE id IN
            (SELECT id FROM interaction ORDER BY shown DESC, created_at DESC LIMIT ?1 OFFSET ?2)",
    )?
    .execute([TRIM_BATCH, most])?;
    Ok(())
}

pub(super) fn find(
    db: &Connection,
    id: SecretHash,
    browser: SecretHash,
    now: UnixTime,
) -> Result<Option<Interaction>, StoreError> {
    db.prepare_cached(
        "SELECT id, browser, request, created_at, expires_at, answered_at, shown FROM interaction
         WHERE id = ?1 AND browser = ?2 AND expires_at > ?3",
    )?
    .query_row(params![id.as_bytes(), browser.as_bytes(), now.as_millis()], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

pub(super) fn answer(db: &Connection, id: SecretHash, now: UnixTime, until: UnixTime) -> Result<bool, StoreError> {
    let answered = db
        .prepare_cached(
            "UPDATE interaction SET answered_at = coalesce(answered_at, ?2), expires_at = min(expires_at, ?3)
             WHERE id = ?1 AND expires_at > ?2",
        )?
        .execute(params![id.as_bytes(), now.as_millis(), until.as_millis()])?;
    Ok(answered > 0)
}

pub(super) fn consent(db: &Connection, key: &ConsentKey) -> Result<Scope, StoreError> {
    let words: Result<Vec<String>, _> = db
        .prepare_cached("SELECT scope FROM consent WHERE subject = ?1 AND client_id = ?2 AND audience = ?3")?
        .query_map(params![key.subject.as_str(), key.client_id.as_str(), audience(key)], |row| row.get(0))?
        .collect();
    Ok(Scope::parse(&words?.join(" ")))
}

pub(super) fn remember_consent(
    db: &Connection,
    key: &ConsentKey,
    scope: &Scope,
    now: UnixTime,
) -> Result<(), StoreError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO consent (subject, client_id, audience, scope, granted_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )?;
    for word in scope.words() {
        statement.execute(params![
            key.subject.as_str(),
            key.client_id.as_str(),
            audience(key),
            word,
            now.as_millis()
        ])?;
    }
    Ok(())
}

/// That a person has allowed what they grant.
pub(super) fn remember_consent_to(db: &Connection, grant: &Grant) -> Result<(), StoreError> {
    remember_consent(db, &grant.consent_key(), &grant.scope, grant.created_at)
}

pub(super) fn consents_of(db: &Connection, subject: &Subject) -> Result<Vec<Consent>, StoreError> {
    let words: Result<Vec<_>, StoreError> = db
        .prepare_cached(
            "SELECT client_id, audience, scope, granted_at FROM consent WHERE subject = ?1
             ORDER BY granted_at, client_id, audience, scope",
        )?
        .query_and_then([subject.as_str()], |row| {
            let time = row::time(row, "granted_at")?;
            Ok((row::text(row, "client_id")?, row::text(row, "audience")?, row::text(row, "scope")?, time))
        })?
        .collect();
    Ok(Consent::gather(words?))
}

pub(super) fn forget_consent(db: &Connection, subject: &Subject, client_id: &ClientId) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM consent WHERE subject = ?1 AND client_id = ?2")?
        .execute([subject.as_str(), client_id.as_str()])?;
    Ok(())
}

fn audience(key: &ConsentKey) -> &str {
    key.audience.as_deref().unwrap_or_default()
}

fn read(row: &rusqlite::Row<'_>) -> Result<Interaction, StoreError> {
    Ok(Interaction {
        id: row::hash(row, "id")?,
        browser: row::hash(row, "browser")?,
        request: row::text(row, "request")?,
        created_at: row::time(row, "created_at")?,
        expires_at: row::time(row, "expires_at")?,
        answered_at: row.get::<_, Option<i64>>("answered_at")?.map(UnixTime::from_millis),
        shown: row.get("shown")?,
    })
}
