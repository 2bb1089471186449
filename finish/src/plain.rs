//! Names of functions without what differs between two builds of the same source: by whom they were compiled, and what else
//! was compiled with them.

/// What the compiler calls the code that drops a value: Rust 1.95, and 1.97.
const DROP: [&str; 2] = ["core::ptr::drop_in_place::<", "core::ptr::drop_glue::<"];

/// The marks of what may be sent to other threads and shared with them, in the orders in which the compiler names them.
const MARKS: [&str; 2] = ["core::marker::Send + core::marker::Sync", "core::marker::Sync + core::marker::Send"];

/// How wasm-bindgen's names of functions that take closures count those.
const COUNTED: &str = "shim_idx: ";

/// A name without
/// - the hashes of crates and of the function, of either mangling: `core[1f]::f` and `core::f::h0123456789abcdef`,
/// - those with which wasm-bindgen's names end: `__wbg_then_0123456789abcdef`,
/// - the numbers of those that share a name in one module: `core::f.12`, `core::f[12]`, or wasm-bindgen's `shim_idx: 12`,
///
/// and with one of the names that compilers give to the same.
pub(crate) fn plain(name: &str) -> String {
    let mut plain = without_brackets(name).replace(DROP[1], DROP[0]).replace(MARKS[1], MARKS[0]);
    while let Some((path, number)) = plain.trim_end_matches(']').rsplit_once(['.', '['])
        && (number == "llvm" || is_number(number))
    {
        plain.truncate(path.len());
    }
    if let Some((path, hash)) = plain.rsplit_once("::h")
        && is_long_hash(hash)
    {
        plain.truncate(path.len());
    }
    plain = plain.split(' ').map(without_end).collect::<Vec<_>>().join(" ");
    match plain.split_once(COUNTED) {
        Some((before, counted)) => before.to_owned() + counted.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => plain,
    }
}

/// A hash follows the name of a crate; in other brackets are slices, whose elements may read as one: `[f64]`.
fn without_brackets(name: &str) -> String {
    let mut without = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('[') {
        without.push_str(before);
        rest = match after.split_once(']') {
            Some((hash, after)) if before.ends_with(is_of_name) && is_hash(hash) => after,
            _ => {
                without.push('[');
                after
            }
        };
    }
    without + rest
}

/// A word without the hash that wasm-bindgen put to its end.
fn without_end(word: &str) -> &str {
    match word.rsplit_once('_') {
        Some((name, hash)) if name.contains("__wbg_") && is_long_hash(hash) => name,
        _ => word,
    }
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hash(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_long_hash(text: &str) -> bool {
    text.len() == 16 && is_hash(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_builds_of_one_source_give_the_same_names() {
        for (one, other) in [
            ("core[c5930c85a12de822]::fmt::write", "core[1f]::fmt::write"),
            ("core::fmt::write::h3115b7cb3665b59c", "core::fmt::write::h0000000000000000"),
            ("<alloc[3ca501edff3f0c7c]::vec::Vec<_, _>>::remove", "<alloc[0]::vec::Vec<_, _>>::remove"),
            ("alloc[1]::boxed::box_new_uninit.34", "alloc[2]::boxed::box_new_uninit.1499"),
            ("dlmalloc::malloc", "dlmalloc::malloc.12.llvm.8423561432"),
            ("core::ptr::drop_in_place::<app::App>[2]", "core::ptr::drop_in_place::<app::App>"),
            (
                "<[dyn core::marker::Send + core::marker::Sync]>::f",
                "<[dyn core::marker::Sync + core::marker::Send]>::f",
            ),
            ("core[1]::ptr::drop_in_place::<app[1]::App>", "core[2]::ptr::drop_glue::<app[2]::App>"),
            (
                "<js_sys[1]::Promise>::then::__wbg_then_656f253a5dd7d8ea externref shim",
                "<js_sys[2]::Promise>::then::__wbg_then_0123456789abcdef externref shim",
            ),
            (
                "Closure(Closure { owned: true, function: Function { arguments: [], shim_idx: 235, ret: Unit } })",
                "Closure(Closure { owned: true, function: Function { arguments: [], shim_idx: 7, ret: Unit } })",
            ),
        ] {
            assert_eq!(plain(one), plain(other));
        }
    }

    #[test]
    fn what_is_not_the_same_stays_different() {
        for (one, other) in [
            ("<[f64]>::sort", "<[f32]>::sort"),
            ("<[u8; 16]>::map", "<[u8; 32]>::map"),
            ("app::start::{closure#0}", "app::start::{closure#1}"),
            ("app::version.rs", "app::version.md"),
            ("core::ptr::drop_in_place::<app::App>", "core::ptr::drop_in_place::<app::Page>"),
        ] {
            assert_ne!(plain(one), plain(other));
        }
        assert_eq!(plain("<[f64] as app[1f]::Sum>::sum"), "<[f64] as app::Sum>::sum");
    }
}
