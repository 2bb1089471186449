//! The script of the app: what wasm-bindgen wrote, as far as it is used, and the line that starts it.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::sealed::Sealed;

/// The file name under which the start finds wasm-bindgen's script while both are put into one.
pub(crate) const BINDINGS: &str = "bindings.js";

/// That of the addresses of the code.
pub(crate) const PARTS: &str = "parts.js";

/// The files that are put into one script beside those, by their names.
pub(crate) const MODULES: [(&str, &str); 1] = [("sha256.js", include_str!("sha256.js"))];

/// What starts the app.
pub(crate) const START: &str = include_str!("start.js");

/// What starts an app that records which of its functions run.
pub(crate) const RECORD: &str = include_str!("record.js");

/// The functions of wasm-bindgen's script that the start calls by itself, since it loads the code in two parts.
const CALLED: &str = "export { __wbg_finalize_init, __wbg_get_imports, __wbg_load };\n";

/// Where the start finds the parts of the code, each with the hash that it must have (`integrity` for `fetch`, `digest` for the script itself), and at which address of the app the
/// first of them will do.
pub(crate) fn parts(home: &str, parts: &[Sealed]) -> String {
    let part = |part: &Sealed| {
        let digest: String = Sha256::digest(&part.content).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{{ address: '{home}{}', integrity: '{}', digest: '{digest}' }}", part.name, part.integrity)
    };
    let [first, rest] = [0, 1].map(|which| parts.get(which).map_or("null".to_owned(), part));
    format!("export const home = '{home}', first = {first}, rest = {rest};\n")
}

/// wasm-bindgen's script with what the start calls of it.
pub(crate) fn with_functions_for_start(bindings: &str) -> String {
    format!("{bindings}{CALLED}")
}

/// wasm-bindgen's script without what keeps its classes in use when nobody makes one: the method that JavaScript's `using`
/// would call.
pub(crate) fn without_disposal(bindings: &str) -> String {
    let lines = bindings.lines().filter(|line| !line.starts_with("if (Symbol.dispose) "));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// wasm-bindgen's script, which frees what the browser has collected once all code is there: Firefox collects some seconds after a page
/// was loaded, whether or not there is a network to bring what frees it. Nothing is kept for classes that nobody makes.
pub(crate) fn freeing_later(bindings: &str) -> String {
    let later = "const freeing = (free) => new FinalizationRegistry(async (held) => {
    await globalThis.evergrantCode;
    free(held);
});
";
    format!("{later}{}", bindings.replace("new FinalizationRegistry(", "/* @__PURE__ */ freeing("))
}

/// wasm-bindgen's script without these functions, which the code does not import.
pub(crate) fn without_functions(bindings: &str, unused: &BTreeSet<String>) -> String {
    let mut without = String::with_capacity(bindings.len());
    let mut lines = bindings.lines();
    while let Some(line) = lines.next() {
        if function_in(line).is_some_and(|name| unused.contains(name)) {
            lines.by_ref().find(|line| line.starts_with(FUNCTION_END));
        } else {
            without.extend([line, "\n"]);
        }
    }
    without
}

/// The functions of the object that the code imports from, as far as they are longer than a line.
pub(crate) fn functions(bindings: &str) -> BTreeSet<String> {
    bindings.lines().filter_map(function_in).map(str::to_owned).collect()
}

/// The name of the function that begins with a line.
fn function_in(line: &str) -> Option<&str> {
    let (name, function) = line.strip_prefix("        ")?.split_once(": function(")?;
    function.ends_with('{').then_some(name)
}

/// What its last line begins with.
const FUNCTION_END: &str = "        }";

/// Whether a script reads a property of this name, written after a dot.
pub(crate) fn reads(script: &str, property: &str) -> bool {
    script.match_indices(property).any(|(start, _)| {
        let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        script[..start].ends_with('.') && !script[start + property.len()..].starts_with(goes_on)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_knows_where_both_parts_are_and_what_they_must_be() {
        let [first, rest] =
            [("app", "_bg.wasm"), ("app-rest", ".wasm")].map(|(stem, end)| Sealed::new(stem, end, vec![1]));
        let both = parts("/below/", &[first, rest]);
        for (name, part) in [("first", "app-"), ("rest", "app-rest-")] {
            let address = format!("{name} = {{ address: '/below/{part}8d2ce87d86f55fcf");
            assert!(both.contains(&address) && both.contains("integrity: 'sha384-"), "{both}");
            assert!(
                both.contains("digest: '4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a'"),
                "{both}"
            );
        }
        assert!(parts("/", &[]).ends_with("home = '/', first = null, rest = null;\n"));
    }

    /// As wasm-bindgen 0.2 writes it.
    const BINDINGS: &str = "\
export class Source {
}
if (Symbol.dispose) Source.prototype[Symbol.dispose] = Source.prototype.free;
function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_now_0123: function(arg0) {
            if (arg0) {
                return 1;
            }
        },
        __wbg_log_4567: function() { return handleError(function () {
            return { a: 1 };
        }, arguments); },
        __wbg_fetch_89ab: function(arg0) {
            return arg0;
        },
    };
";

    #[test]
    fn a_function_goes_whole_and_leaves_the_others() {
        let names = ["__wbg_now_0123", "__wbg_log_4567", "__wbg_fetch_89ab"].map(str::to_owned);
        assert_eq!(functions(BINDINGS), names.clone().into());
        for (name, lines) in names.iter().zip([5, 3, 3]) {
            let without = without_functions(BINDINGS, &[name.clone()].into());
            assert_eq!(functions(&without), names.iter().filter(|other| *other != name).cloned().collect());
            assert_eq!(without.lines().count(), BINDINGS.lines().count() - lines, "{without}");
        }
        assert_eq!(without_functions(BINDINGS, &["import0".to_owned()].into()), BINDINGS);
    }

    #[test]
    fn only_the_disposal_of_classes_is_taken_away() {
        assert_eq!(without_disposal(BINDINGS).lines().count(), BINDINGS.lines().count() - 1);
        assert!(!without_disposal(BINDINGS).contains("dispose"));
    }

    #[test]
    fn what_was_collected_is_freed_later_where_the_browser_tells_of_it() {
        let bindings = "const SourceFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_source_free(ptr, 1));
";
        let later = freeing_later(bindings);
        assert!(later.ends_with("    : /* @__PURE__ */ freeing(ptr => wasm.__wbg_source_free(ptr, 1));\n"), "{later}");
        assert_eq!(later.matches("new FinalizationRegistry(").count(), 1, "{later}");
        assert!(later.contains("typeof FinalizationRegistry === 'undefined'"), "{later}");
    }

    #[test]
    fn a_property_is_read_by_its_whole_name() {
        for (script, reads_it) in [
            ("wasm.main()", true),
            ("wasm.main", true),
            ("wasm.mainly();wasm.main_1;wasm.main$", false),
            ("main(domain.x)", false),
            ("wasm.remain;wasm.main=1", true),
        ] {
            assert_eq!(reads(script, "main"), reads_it, "{script}");
        }
    }
}
