//! How long a browser may keep a file, judged by its name.

/// A file whose name changes with its content never changes.
pub(crate) const FOREVER: &str = "public, max-age=31536000, immutable";

/// A file that may change is asked for again each time; an unchanged one costs a `304`.
pub(crate) const REVALIDATE: &str = "no-cache";

/// `Cache-Control` for the file at a path.
pub(super) fn cache_control(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    if is_named_by_content(name) { FOREVER } else { REVALIDATE }
}

/// Trunk names files `name-<hash>.js` and `name-<hash>_bg.wasm`. The hash is 64 bits in hexadecimal
/// without leading zeros, so one in a few thousand is shorter than 16 digits.
pub(crate) fn is_named_by_content(name: &str) -> bool {
    let Some((stem, _)) = name.split_once('.') else {
        return false;
    };
    let stem = ["_bg", "_loader"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
    let Some((_, hash)) = stem.rsplit_once('-') else {
        return false;
    };
    let digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    (13..=16).contains(&hash.len()) && hash.chars().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_kept_forever() {
        for path in [
            "/evergrant-app-0123456789abcdef.js",
            "/evergrant-app-0123456789abcdef_bg.wasm",
            "/style-fedcba9876543210.css",
            "/assets/logo-23456789abcdef0.svg",
        ] {
            assert_eq!(cache_control(path), FOREVER, "{path}");
        }
    }

    #[test]
    fn other_names_are_asked_for_again() {
        for path in [
            "/config.json",
            "/favicon.svg",
            "/evergrant-app.js",
            "/a-name-with-dashes.js",
            "/app-0123456789ABCDEF.js",
            "/0123456789abcdef.js",
            "/snippets/crate-0123456789abcdef/inline0.js",
        ] {
            assert_eq!(cache_control(path), REVALIDATE, "{path}");
        }
    }
}
