//! What happened to a session's renewals: a bounded record without secrets.

use std::collections::VecDeque;
use std::time::Duration;

use super::event::Cause;
use super::failure::Failure;
use super::record::Method;
use crate::time::UnixTime;

/// One renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenewalRecord {
    /// When it began, by the wall clock.
    pub started_at: UnixTime,
    /// How long it took.
    pub duration: Duration,
    /// What caused it.
    pub cause: Cause,
    /// How it was tried.
    pub method: Method,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// New tokens.
    Renewed,
    /// None, and why.
    Failed(Failure),
    /// Another tab had renewed already.
    Adopted,
    /// A sign-out made it worthless.
    Cancelled,
}

impl Outcome {
    /// The word used in pages and measures.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Adopted => "adopted",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The latest renewals, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenewalLog {
    records: VecDeque<RenewalRecord>,
    total: u64,
}

impl RenewalLog {
    /// How many are kept.
    pub const CAPACITY: usize = 100;

    /// Adds one, and drops the oldest past [`RenewalLog::CAPACITY`].
    pub fn push(&mut self, record: RenewalRecord) {
        if self.records.len() == Self::CAPACITY {
            self.records.pop_front();
        }
        self.records.push_back(record);
        self.total += 1;
    }

    /// The records, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &RenewalRecord> {
        self.records.iter()
    }

    /// How many there were in all, dropped ones included.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The latest record.
    pub fn last(&self) -> Option<&RenewalRecord> {
        self.records.back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_bounded_and_keeps_the_latest() {
        let mut log = RenewalLog::default();
        for second in 0..250 {
            log.push(RenewalRecord {
                started_at: UnixTime::from_seconds(second),
                duration: Duration::ZERO,
                cause: Cause::Schedule,
                method: Method::Iframe,
                outcome: Outcome::Renewed,
            });
        }
        assert_eq!(log.iter().count(), RenewalLog::CAPACITY);
        assert_eq!(log.total(), 250);
        assert_eq!(log.last().map(|record| record.started_at), Some(UnixTime::from_seconds(249)));
    }
}
