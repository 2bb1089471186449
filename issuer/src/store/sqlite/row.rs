//! Reading columns into the types of the protocol.

use evergrant_core::time::UnixTime;
use rusqlite::Row;

use crate::secret::SecretHash;
use crate::store::StoreError;

pub(super) fn time(row: &Row<'_>, column: &str) -> Result<UnixTime, StoreError> {
    Ok(UnixTime::from_millis(row.get(column)?))
}

pub(super) fn hash(row: &Row<'_>, column: &str) -> Result<SecretHash, StoreError> {
    let bytes: Vec<u8> = row.get(column)?;
    SecretHash::from_bytes(&bytes).ok_or(StoreError::Unreadable("hash"))
}

pub(super) fn text(row: &Row<'_>, column: &str) -> Result<String, StoreError> {
    Ok(row.get(column)?)
}
