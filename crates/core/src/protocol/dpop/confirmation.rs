//! `cnf`: by what its sender must show that a token is its own (RFC 7800 §3.1).

use serde::Serialize;

use super::JwkThumbprint;
use crate::protocol::json;

/// The key that a token is bound to (RFC 9449 §6.1). A token that is bound in a way unknown here cannot be read, so it never
/// passes for one that anybody may present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// The key, by its thumbprint.
    pub jkt: JwkThumbprint,
}

json::members!(Confirmation { jkt: required });

impl From<JwkThumbprint> for Confirmation {
    fn from(jkt: JwkThumbprint) -> Self {
        Self { jkt }
    }
}
