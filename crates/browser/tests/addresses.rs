//! Addresses as this browser reads them: the table that `evergrant-core` holds against the crate `url`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

#[path = "../../core/tests/addresses/table.rs"]
mod table;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn an_address_is_read() {
    table::check_what_is_read();
}

#[wasm_bindgen_test]
fn what_is_no_address_is_refused() {
    table::check_what_is_refused();
}

#[wasm_bindgen_test]
fn this_machine_is_known() {
    table::check_what_is_this_machine();
}

#[wasm_bindgen_test]
fn a_path_is_seen() {
    table::check_what_ends_with_the_host();
}

#[wasm_bindgen_test]
fn parameters_are_added_to_a_query() {
    table::check_what_is_added();
}
