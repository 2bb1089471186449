//! What the browser kept, or somebody else put there.
#![no_main]

use evergrant_core::config::Config;
use evergrant_core::protocol::authorize::Transaction;
use evergrant_core::session::{Change, Ledger, Session};
use evergrant_core::time::UnixTime;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Config::parse(text, "https://app.example");
    let _ = serde_json::from_str::<Transaction>(text);
    let session = serde_json::from_str::<Session>(text).ok().map(Box::new);
    if let Ok(mut ledger) = serde_json::from_str::<Ledger>(text) {
        let _ = ledger.apply(&Change::Consult { session, shared: true });
        let _ = ledger.apply(&Change::SignOut { generation: 0, at: UnixTime::from_millis(0) });
    }
});
