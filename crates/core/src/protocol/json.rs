//! JSON that came from elsewhere, read in one way: as a value first, and then member by member.
//!
//! A reader derived for each type would be linked into every app, with a copy of the parser in it: a kilobyte or two on
//! the wire for each. Types that only servers read may derive theirs.

use std::time::Duration;

use serde::de::{DeserializeOwned, Error as _};
use serde_json::{Map, Value};

use super::error::without_tokens;

/// Reads JSON that must be UTF-8. A byte order mark, which some editors and servers put before it, is ignored
/// (RFC 8259 §8.1), as a browser's own reader does.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    read_text(std::str::from_utf8(bytes).map_err(|_| serde_json::Error::custom("it is not UTF-8"))?)
}

/// The same of text.
pub(crate) fn read_text<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The text that a member of an object has.
pub(crate) fn text(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

/// The members of an object, to be read one by one.
pub(crate) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// The members of `value`, which must be an object.
    pub(crate) fn of(value: &'a Value) -> Result<Self, MemberError> {
        let object = value.as_object().ok_or(MemberError::NotAnObject)?;
        Ok(Self(object))
    }

    /// A member that must be there.
    pub(crate) fn required<T: Member>(&self, name: &'static str) -> Result<T, MemberError> {
        self.optional(name)?.ok_or(MemberError::Missing(name))
    }

    /// A member that may be absent, or `null`.
    pub(crate) fn optional<T: Member>(&self, name: &'static str) -> Result<Option<T>, MemberError> {
        match self.member(name) {
            Some(value) => T::read(value).map(Some).ok_or(MemberError::Wrong(name)),
            None => Ok(None),
        }
    }

    /// The same for a member that some servers leave empty when there is nothing to say.
    pub(crate) fn filled<T: Member>(&self, name: &'static str) -> Result<Option<T>, MemberError> {
        if self.member(name).and_then(Value::as_str) == Some("") { Ok(None) } else { self.optional(name) }
    }

    /// The same for what a server says to people.
    pub(crate) fn words(&self, name: &'static str) -> Result<Option<String>, MemberError> {
        Ok(self.filled::<String>(name)?.as_deref().map(without_tokens))
    }

    /// The same for a member that nothing depends on: one of another kind counts as absent.
    #[expect(clippy::unnecessary_wraps, reason = "as the others, for `members!`")]
    pub(crate) fn lenient<T: Member>(&self, name: &'static str) -> Result<Option<T>, MemberError> {
        Ok(self.member(name).and_then(T::read))
    }

    /// A member that has its type's default when it is absent.
    pub(crate) fn or_default<T: Member + Default>(&self, name: &'static str) -> Result<T, MemberError> {
        self.optional(name).map(Option::unwrap_or_default)
    }

    /// Whole seconds, which some servers send as a text or with a fraction. Anything else counts as absent.
    pub(crate) fn seconds(&self, name: &'static str) -> Result<Option<Duration>, MemberError> {
        Ok(match self.member(name) {
            Some(Value::Number(number)) => {
                number.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds.floor()).ok())
            }
            // Without parsing a float from text: its tables would be 12 KB more of every app.
            Some(Value::String(text)) => text.split('.').next().and_then(|it| it.parse().ok()).map(Duration::from_secs),
            _ => None,
        })
    }

    /// That there are no others than `names`.
    pub(crate) fn only(self, names: &[&str]) -> Result<Self, MemberError> {
        match self.0.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(MemberError::Unknown(name.clone())),
            None => Ok(self),
        }
    }

    /// An object that may be absent.
    pub(crate) fn object(&self, name: &'static str) -> Result<Option<&'a Map<String, Value>>, MemberError> {
        self.member(name).map(|value| value.as_object().ok_or(MemberError::Wrong(name))).transpose()
    }

    fn member(&self, name: &'static str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
}

/// Why an object is not what it should be. The texts name members, and never say what stands in them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MemberError {
    #[error("it is not a JSON object")]
    NotAnObject,
    #[error("it is not of the right kind")]
    OtherKind,
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{0}` is not of the right kind")]
    Wrong(&'static str),
    #[error("it is none of{0}")]
    NotAWord(&'static str),
    #[error("`{0}` is not known here")]
    Unknown(String),
}

/// What a member of an object can be.
pub(crate) trait Member: Sized {
    /// `None` when it is something else.
    fn read(value: &Value) -> Option<Self>;
}

impl Member for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Member for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Member for u32 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl Member for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

/// Dates may have a fraction, which is dropped (RFC 7519 §2, NumericDate).
impl Member for i64 {
    fn read(value: &Value) -> Option<Self> {
        // The cast saturates, which is what an absurd date deserves.
        value.as_i64().or_else(|| value.as_f64().map(|date| date.floor() as Self))
    }
}

/// As serde writes it.
impl Member for Duration {
    fn read(value: &Value) -> Option<Self> {
        let members = Members::of(value).ok()?;
        let whole = Self::from_secs(members.required("secs").ok()?);
        whole.checked_add(Self::from_nanos(members.required::<u32>("nanos").ok()?.into()))
    }
}

impl<T: Member> Member for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

impl<T: Member> Member for Box<T> {
    fn read(value: &Value) -> Option<Self> {
        T::read(value).map(Self::new)
    }
}

/// How a struct is read whose members have the names of its fields: each with the method of [`Members`] that takes it.
macro_rules! members {
    ($type:ident { $($field:ident: $take:ident),* $(,)? }) => {
        $crate::protocol::json::member! {
            $type: |value| {
                let members = $crate::protocol::json::Members::of(value)?;
                Ok(Self { $($field: members.$take(stringify!($field))?,)* })
            }
        }
    };
}

/// How an enum of plain words is read.
macro_rules! words {
    ($type:ident { $($word:literal => $variant:ident),* $(,)? }) => {
        $crate::protocol::json::member! {
            $type: |value| match value.as_str() {
                $(Some($word) => Ok(Self::$variant),)*
                _ => Err($crate::protocol::json::MemberError::NotAWord(concat!("" $(, " `", $word, "`")*))),
            }
        }
    };
}

/// Makes a type one that a member can be, and that can be read by itself.
macro_rules! member {
    ($type:ident: |$value:ident| $read:expr) => {
        impl $type {
            fn from_json($value: &serde_json::Value) -> Result<Self, $crate::protocol::json::MemberError> {
                $read
            }
        }

        impl $crate::protocol::json::Member for $type {
            fn read(value: &serde_json::Value) -> Option<Self> {
                Self::from_json(value).ok()
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::from_json(&serde_json::Value::deserialize(from)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use {member, members, words};
