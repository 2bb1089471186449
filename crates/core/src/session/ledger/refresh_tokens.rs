//! What became of refresh tokens: which were sent, and which were answered (R7). Only their hashes are kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::Ledger;
use crate::protocol::RefreshToken;
use crate::session::record::Session;

/// How many refresh tokens are remembered as sent, and as answered: those that tabs still hold are asked for, the others can go.
pub(super) const MOST_REMEMBERED: usize = 64;

impl Ledger {
    /// A refresh token that was sent brought tokens. A server that does not rotate expects the same one again.
    pub(super) fn answered(&mut self, sent: Option<&RefreshToken>, session: &Session) {
        let Some(sent) = sent else { return };
        let hash = fingerprint(sent);
        if session.refresh_token.as_ref() == Some(sent) {
            self.sent.retain(|known| *known != hash);
        } else {
            remember(&mut self.spent, hash);
        }
    }

    pub(super) fn unsend(&mut self, refresh_token: Option<&RefreshToken>) {
        if let Some(hash) = refresh_token.map(fingerprint) {
            self.sent.retain(|known| *known != hash);
        }
    }
}

/// `false` when it is among them already. One that is asked for moves to the end: whoever holds that token still does.
pub(super) fn remember(hashes: &mut Vec<String>, hash: String) -> bool {
    let known = hashes.len();
    hashes.retain(|other| *other != hash);
    let is_new = hashes.len() == known;
    if hashes.len() == MOST_REMEMBERED {
        hashes.remove(0);
    }
    hashes.push(hash);
    is_new
}

pub(super) fn fingerprint(refresh_token: &RefreshToken) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(refresh_token.secret().as_bytes()))
}
