//! Reading columns into the types of the protocol, and what PostgreSQL's text cannot hold.

use std::time::Duration;

use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::time::UnixTime;
use tokio_postgres::Row;

use crate::secret::SecretHash;
use crate::store::{self, StoreError};

pub(super) fn time(row: &Row, column: &str) -> Result<UnixTime, StoreError> {
    Ok(UnixTime::from_millis(row.try_get(column)?))
}

pub(super) fn duration(row: &Row, column: &str) -> Result<Duration, StoreError> {
    let millis: i64 = row.try_get(column)?;
    u64::try_from(millis).map(Duration::from_millis).map_err(|_| StoreError::Unreadable("duration"))
}

/// As it is stored.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn hash(row: &Row, column: &str) -> Result<SecretHash, StoreError> {
    SecretHash::from_bytes(row.try_get(column)?).ok_or(StoreError::Unreadable("hash"))
}

pub(super) fn optional_hash(row: &Row, column: &str) -> Result<Option<SecretHash>, StoreError> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(|bytes| SecretHash::from_bytes(bytes).ok_or(StoreError::Unreadable("hash"))).transpose()
}

pub(super) fn text(row: &Row, column: &str) -> Result<String, StoreError> {
    Ok(row.try_get(column)?)
}

pub(super) fn thumbprint(row: &Row, column: &str) -> Result<Option<JwkThumbprint>, StoreError> {
    store::thumbprint(row.try_get(column)?)
}

/// Whether a name that somebody made up can be one that is stored: PostgreSQL refuses to look for a text with a NUL.
pub(super) fn may_be_stored(name: &str) -> bool {
    !name.contains('\0')
}
