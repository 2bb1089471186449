//! The issuer's configuration: whatever is read is also checked, printed, and read again.
#![no_main]

use evergrant_issuer::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(config) = Config::parse(text) else { return };
    let _ = config.check();
    let _ = config.to_toml();
});
