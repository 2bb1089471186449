//! What is believed of the issuer at this moment: read by every request, replaced as a whole when the issuer says something
//! new.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use evergrant_core::protocol::jwk::JwkSet;
use evergrant_core::protocol::revoked::RevokedTokens;
use evergrant_core::time::UnixTime;

use crate::keys::Keys;
use crate::revoked_list::RevokedList;

/// Keys and revocations. Reading waits for nobody.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    keys: ArcSwapOption<Keys>,
    revoked: ArcSwap<RevokedList>,
}

impl Trust {
    /// The keys; none before the issuer has been asked.
    pub(crate) fn keys(&self) -> Option<Arc<Keys>> {
        self.keys.load_full()
    }

    /// What was revoked.
    pub(crate) fn revoked(&self) -> Guard<Arc<RevokedList>> {
        self.revoked.load()
    }

    /// Takes over a key set. One that is not new changes nothing.
    pub(crate) fn take_keys(&self, published: JwkSet) {
        let before = self.keys.load();
        if before.as_ref().is_none_or(|before| *before.published() != published) {
            self.keys.store(Some(Arc::new(Keys::succeeding(before.as_deref(), published))));
        }
    }

    /// Takes over a list of what was revoked; see [`RevokedList::renewed`].
    pub(crate) fn take_revoked(&self, said: RevokedTokens, over: UnixTime) {
        self.revoked.store(Arc::new(self.revoked.load().renewed(said, over)));
    }
}
