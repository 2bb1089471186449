//! Reading columns into the types of the protocol.

use std::time::Duration;

use evergrant_core::protocol::dpop::JwkThumbprint;
use evergrant_core::time::UnixTime;
use rusqlite::types::FromSql;
use rusqlite::{Row, RowIndex};

use crate::secret::SecretHash;
use crate::store::{self, StoreError};

pub(super) fn time(row: &Row<'_>, column: impl RowIndex) -> Result<UnixTime, StoreError> {
    Ok(UnixTime::from_millis(row.get(column)?))
}

pub(super) fn duration(row: &Row<'_>, column: impl RowIndex) -> Result<Duration, StoreError> {
    let millis: i64 = row.get(column)?;
    u64::try_from(millis).map(Duration::from_millis).map_err(|_| StoreError::Unreadable("duration"))
}

/// As it is stored.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn hash(row: &Row<'_>, column: impl RowIndex) -> Result<SecretHash, StoreError> {
    let bytes = row.get_ref(column)?.as_blob().ok();
    bytes.and_then(SecretHash::from_bytes).ok_or(StoreError::Unreadable("hash"))
}

pub(super) fn optional_hash(row: &Row<'_>, column: impl RowIndex) -> Result<Option<SecretHash>, StoreError> {
    let bytes = row.get_ref(column)?.as_blob_or_null().map_err(|_| StoreError::Unreadable("hash"))?;
    bytes.map(|bytes| SecretHash::from_bytes(bytes).ok_or(StoreError::Unreadable("hash"))).transpose()
}

pub(super) fn text(row: &Row<'_>, column: impl RowIndex) -> Result<String, StoreError> {
    Ok(row.get(column)?)
}

pub(super) fn thumbprint(row: &Row<'_>, column: impl RowIndex) -> Result<Option<JwkThumbprint>, StoreError> {
    store::thumbprint(row.get_ref(column)?.as_str_or_null().map_err(|_| StoreError::Unreadable("thumbprint"))?)
}

/// The columns of a row from left to right: where a row has many, finding each by its name takes longer than reading it.
pub(super) struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn of(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn next<T: FromSql>(&mut self) -> Result<T, StoreError> {
        Ok(self.row.get(self.step())?)
    }

    pub(super) fn time(&mut self) -> Result<UnixTime, StoreError> {
        time(self.row, self.step())
    }

    pub(super) fn hash(&mut self) -> Result<SecretHash, StoreError> {
        hash(self.row, self.step())
    }

    pub(super) fn optional_hash(&mut self) -> Result<Option<SecretHash>, StoreError> {
        optional_hash(self.row, self.step())
    }

    pub(super) fn thumbprint(&mut self) -> Result<Option<JwkThumbprint>, StoreError> {
        thumbprint(self.row, self.step())
    }

    fn step(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }
}
