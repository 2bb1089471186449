//! Addresses as servers read them. `evergrant-browser` holds the same table against browsers.
#![allow(clippy::unwrap_used)]

mod table;

use evergrant_core::address::Address;
use proptest::prelude::*;
use url::Url;

#[test]
fn an_address_is_read() {
    table::check_what_is_read();
}

#[test]
fn what_is_no_address_is_refused() {
    table::check_what_is_refused();
}

#[test]
fn this_machine_is_known() {
    table::check_what_is_this_machine();
}

#[test]
fn a_path_is_seen() {
    table::check_what_ends_with_the_host();
}

#[test]
fn parameters_are_added_to_a_query() {
    table::check_what_is_added();
}

#[test]
fn the_parts_of_every_row_are_where_the_parser_saw_them() {
    for row in table::READ {
        check_parts(row.text);
    }
}

#[test]
fn dots_with_nothing_between_them_make_no_ipv4_address() {
    for text in ["http://./", "http://../", "http://127.1../", "http://127.0.0.1../", "http://1..2/"] {
        check_parts(text);
        assert!(!Address::parse(text).is_ok_and(|address| address.is_loopback()), "{text:?}");
    }
}

fn check_parts(text: &str) {
    let Ok(url) = Url::parse(text) else {
        assert!(Address::parse(text).is_err(), "{text:?}");
        return;
    };
    let address = Address::parse(text).unwrap();
    assert_eq!(address.as_str(), url.as_str());
    assert_eq!(address.scheme(), url.scheme(), "{text:?}");
    assert_eq!(address.host(), url.host_str().filter(|host| !host.is_empty()), "{text:?}");
    assert_eq!(address.has_fragment(), url.fragment().is_some(), "{text:?}");
    if ["http", "https"].contains(&url.scheme()) {
        assert_eq!(address.origin(), url.origin().ascii_serialization(), "{text:?}");
        assert_eq!(address.domain(), url.domain(), "{text:?}");
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        assert_eq!(address.ends_with_host(), bare, "{text:?}");
    }
    let mut extended = url;
    extended.query_pairs_mut().append_pair("a b", "ü");
    assert_eq!(address.with_params([("a b", "ü")]).as_str(), extended.as_str(), "{text:?}");
}

proptest! {
    #[test]
    fn the_parts_are_where_the_parser_saw_them(text in "(https?|ftp|blob|x):[/\\\\@:\\[\\]?#.%a-c0-9ü \\t]{0,40}") {
        check_parts(&text);
    }

    #[test]
    fn anything_is_read_or_refused(text in "\\PC{0,60}") {
        check_parts(&text);
    }
}
