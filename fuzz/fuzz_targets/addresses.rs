//! Addresses, taken apart by us and by the crate `url`: whatever the text, both see the same parts.
#![no_main]

use evergrant_core::address::Address;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let (ours, theirs) = (Address::parse(text), Url::parse(text));
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{text:?}");
    let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return };
    assert_eq!(ours.as_str(), theirs.as_str());
    assert_eq!(ours.scheme(), theirs.scheme());
    assert_eq!(ours.host(), theirs.host_str().filter(|host| !host.is_empty()), "{theirs}");
    if matches!(theirs.scheme(), "http" | "https") {
        assert_eq!(ours.domain(), theirs.domain(), "{theirs}");
        assert_eq!(ours.origin(), theirs.origin().ascii_serialization(), "{theirs}");
    }
});
