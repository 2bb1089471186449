//! The configuration of the issuer and of the web app. Whatever is read of the issuer's can be checked and
//! written.
#![no_main]

use evergrant_issuer::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = evergrant_webapp::Config::parse(text);
    let Ok(config) = Config::parse(text) else { return };
    let _ = config.check();
    config.to_toml().expect("what was read can be written");
});
