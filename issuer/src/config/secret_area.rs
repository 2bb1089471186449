//! `[secret_area]`: the smallest protected resource there can be, at `/secret`.

use serde::{Deserialize, Serialize};

/// That it exists, and how it takes its token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecretArea {
    /// Whether the token may stand in the query, where servers and browsers keep it in logs and histories (RFC 6750 §2.3,
    /// RFC 9700 §4.3.2). Off unless old clients need it.
    pub allow_query_token: bool,
}
