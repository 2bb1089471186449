//! How far a database's schema is behind this version's.

use super::StoreError;

/// What is still to be done to a schema of version `found`: each migration takes it one version further.
pub(super) fn missing<'a>(migrations: &'a [&'a str], found: i64) -> Result<&'a [&'a str], StoreError> {
    let done = usize::try_from(found).ok();
    let newer = || StoreError::Newer { found, known: version_after(migrations) };
    done.and_then(|done| migrations.get(done..)).ok_or_else(newer)
}

/// The version of a schema to which all of them were done.
pub(super) fn version_after(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}
