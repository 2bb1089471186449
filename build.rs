//! Leaves the names of functions out of the app that strangers download: they are a fifth of it, and of use to nobody
//! there. `strip` in Cargo's profile would take the list of WebAssembly features along, which wasm-bindgen reads.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable, value| std::env::var(variable).as_deref() == Ok(value);
    if is("CARGO_CFG_TARGET_FAMILY", "wasm") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=--strip-all");
        println!("cargo::rustc-link-arg-bins=--keep-section=target_features");
    }
}
