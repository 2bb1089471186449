//! Which functions run until the app is there, by fingerprints of their names. `cargo xtask profile` finds them out.
//!
//! A function that is missing here is brought as it is called, and one that is here without need makes the first part larger: both
//! cost time, and nothing else.

use std::collections::BTreeSet;

use anyhow::Context;
use sha2::{Digest, Sha256};

/// One to a line, eight digits each.
const KNOWN: &str = include_str!("../start.txt");

/// The functions that run at the start.
#[derive(Debug)]
pub(crate) struct Start(BTreeSet<u32>);

impl Start {
    /// Those that are known.
    ///
    /// # Errors
    /// When a line of the list is no fingerprint.
    pub(crate) fn known() -> anyhow::Result<Self> {
        let lines = KNOWN.lines().map(|line| u32::from_str_radix(line, 16));
        lines
            .collect::<Result<_, _>>()
            .map(Self)
            .context("start.txt is damaged: make it anew with `cargo xtask profile`")
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
    fn the_list_that_is_kept_is_in_order() {
        assert!(!Start::known().unwrap().0.is_empty());
        assert!(KNOWN.lines().is_sorted());
    }
}
