//! Short names for what code and script call of each other. wasm-bindgen's own are long, and end in hashes that no
//! compression makes smaller.

use std::collections::{BTreeMap, BTreeSet};

/// What the first character of a name is taken from, and then every other.
const FIRST: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// A name for each name.
pub(crate) type Names = BTreeMap<String, String>;

/// Gives names of one or two letters to those that may be changed: only what has an underscore is certainly
/// wasm-bindgen's, and no property of the browser's own.
pub(crate) fn shortened(names: &BTreeSet<String>) -> Names {
    let long = names.iter().filter(|name| name.contains('_'));
    let taken = |short: &String| names.contains(short);
    long.cloned().zip((0..).map(short).filter(|short| !taken(short))).collect()
}

fn short(mut number: usize) -> String {
    let mut name = String::new();
    loop {
        name.push(char::from(FIRST[number % FIRST.len()]));
        number /= FIRST.len();
        if number == 0 {
            return name;
        }
        number -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_all_different() {
        let names: BTreeSet<String> = (0..10_000).map(short).collect();
        assert_eq!(names.len(), 10_000);
        assert!(names.contains("a") && names.contains("aa") && names.contains("ZZ"));
    }

    #[test]
    fn what_may_be_somebody_elses_keeps_its_name() {
        let names = ["memory", "a", "__wbg_fetch_0123456789abcdef", "__wbindgen_start"].map(str::to_owned);
        let shortened = shortened(&names.into());
        assert_eq!(shortened.get("__wbg_fetch_0123456789abcdef").map(String::as_str), Some("b"), "a is taken");
        assert_eq!(shortened.len(), 2);
    }
}
