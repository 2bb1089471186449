//! Durations as whole seconds, at least one: how every lifetime is written.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// More than a century is a slip of the keyboard, and would overflow dates further on.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60;

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    match u64::deserialize(from) {
        Ok(seconds @ 1..=LONGEST) => Ok(Duration::from_secs(seconds)),
        _ => Err(D::Error::custom(format!("a lifetime is a whole number of seconds, from 1 to {LONGEST}"))),
    }
}

pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(duration.as_secs())
}

/// The same for a time that may be nothing.
pub(super) mod from_zero {
    use super::{Deserialize as _, Deserializer, Duration, Error as _, LONGEST};

    pub(in crate::config) use super::serialize;

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        match u64::deserialize(from) {
            Ok(seconds @ 0..=LONGEST) => Ok(Duration::from_secs(seconds)),
            _ => Err(D::Error::custom(format!("this is a whole number of seconds, from 0 to {LONGEST}"))),
        }
    }
}

/// The same for a lifetime that may be left out.
pub(super) mod optional {
    use super::{Deserializer, Duration, Serializer};

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        super::deserialize(from).map(Some)
    }

    pub(in crate::config) fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, to),
            None => to.serialize_none(),
        }
    }
}
