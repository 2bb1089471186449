//! Which functions run until the app is there, by fingerprints of their names. `cargo xtask profile` finds them out.
//!
//! A function that is missing here is brought as it is called, and one that is here without need makes the first part larger: both
//! cost time, and nothing else.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::Context;
use sha2::{Digest, Sha256};

/// The functions that run at the start.
#[derive(Debug)]
pub(crate) struct Start(BTreeSet<u32>);

impl Start {
    /// Those of a list: one to a line, eight digits each.
    ///
    /// # Errors
    /// When it cannot be read, or a line of it is no fingerprint.
    pub(crate) fn read(list: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(list).with_context(|| format!("Cannot read {}", list.display()))?;
        let lines = text.lines().map(|line| u32::from_str_radix(line, 16));
        lines
            .collect::<Result<_, _>>()
            .map(Self)
            .with_context(|| format!("{} is damaged: make it anew with `cargo xtask profile`", list.display()))
    }

    /// Whether a function of this name is one of them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(&fingerprint(name))
    }
}

/// A name as it is listed.
pub(crate) fn listed(name: &str) -> String {
    format!("{:08x}", fingerprint(name))
}

fn fingerprint(name: &str) -> u32 {
    let digest: [u8; 32] = Sha256::digest(name).into();
    digest[..4].iter().fold(0, |fingerprint, byte| fingerprint << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_listed_is_known_again() {
        let start = Start(BTreeSet::from([u32::from_str_radix(&listed("core::fmt::write"), 16).unwrap()]));
        assert!(start.has("core::fmt::write") && !start.has("core::fmt"));
    }

    #[test]
    fn the_lists_that_are_kept_are_in_order() {
        for name in ["start.txt", "start-smallest.txt"] {
            let list = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
            assert!(!Start::read(&list).unwrap().0.is_empty());
            assert!(fs::read_to_string(list).unwrap().lines().is_sorted(), "{name}");
        }
    }
}
