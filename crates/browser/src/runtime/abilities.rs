//! What can work here, as this page has seen it, and a way to see it before it is needed.

use evergrant_core::session::{Abilities, BrowserOffers, HiddenIframe, RefreshTokens};

use super::Runtime;
use crate::{locks, renewal};

impl Runtime {
    /// What can work here, as far as it was seen. It may change whenever the view does.
    pub fn abilities(&self) -> Abilities {
        let inner = &self.0;
        let issuer = inner.provider.known_metadata();
        Abilities {
            refresh_token: RefreshTokens::seen(inner.store.session().as_ref(), &inner.config, issuer.as_deref()),
            iframe: inner.provider.iframe(),
            browser: BrowserOffers {
                storage: inner.store.warning().is_none(),
                locks: locks::are_available(),
                ledger: inner.ledger.is_shared(),
                messages: inner.tabs.borrow().is_some(),
            },
        }
    }

    /// Tries once whether a hidden iframe is answered here, and drops the answer: the session stays as it is. A renewal that
    /// is in flight is waited for.
    pub async fn probe(&self) -> HiddenIframe {
        let inner = &self.0;
        if let Ok(_lock) = inner.lock().await {
            let session = inner.store.session();
            let flow = session.as_ref().map_or(inner.config.flow, |session| session.flow);
            // What was granted is dropped; that it was, or why not, is remembered.
            let _ = renewal::ask_in_iframe(&inner.config, &inner.provider, flow, session.as_ref()).await;
        }
        inner.tell_app();
        inner.provider.iframe()
    }
}
