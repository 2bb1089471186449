//! Whose tokens are accepted, for what, and how strictly. Every default stands here, with its reason.

use std::time::Duration;

use evergrant_core::protocol::Issuer;
use evergrant_core::protocol::jwt::Algorithm;
use evergrant_server::Origin;

/// How access tokens are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// Whose tokens are accepted: the issuer identifier, to the letter.
    pub issuer: Issuer,
    /// This API, as tokens name it in `aud`.
    pub audience: String,
    /// The signature algorithms to accept. Default: all that can be checked here.
    pub algorithms: Vec<Algorithm>,
    /// How far the issuer's clock and this server's may differ. Default 60 s.
    pub clock_tolerance: Duration,
    /// How often the issuer is asked for its keys and for what it revoked. Default 2 s: what is taken back is refused
    /// within seconds, and two small requests cost nobody anything.
    pub refresh_every: Duration,
    /// Where this API is reached, for DPoP proofs, which name the address of their request (RFC 9449 §4.3). Default none: at the
    /// host that the request names (`Host`), with TLS or without. To be said where a proxy sends another `Host` on, and where
    /// servers that have nothing to do with each other take tokens for one audience.
    pub public_origins: Vec<Origin>,
    /// How many tokens that were verified are remembered. Default 10 000, which takes about 10 MB.
    pub remembered_tokens: usize,
}

impl Settings {
    /// Tokens of `issuer` for `audience`, and the defaults.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: Issuer::new(issuer),
            audience: audience.into(),
            algorithms: Algorithm::ALL.to_vec(),
            clock_tolerance: Duration::from_secs(60),
            refresh_every: Duration::from_secs(2),
            public_origins: Vec::new(),
            remembered_tokens: 10_000,
        }
    }
}
