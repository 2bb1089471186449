//! The script of the app: what wasm-bindgen wrote, and the line that starts it.

/// The file name under which the start finds wasm-bindgen's script while both are put into one.
pub(crate) const BINDINGS: &str = "bindings.js";

/// Starts the app with the code at an address, if it is the code of this hash.
pub(crate) fn start(address: &str, integrity: &str) -> String {
    format!(
        "import init from './{BINDINGS}';\n\
         init({{ module_or_path: fetch('{address}', {{ integrity: '{integrity}' }}) }});\n"
    )
}
