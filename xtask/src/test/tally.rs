//! Counting passed and failed tests from what test programs print.

use std::{fmt, ops::AddAssign};

/// How many tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u32,
    pub(super) failed: u32,
}

impl Tally {
    /// One check that holds or does not.
    pub(super) fn of(holds: bool) -> Self {
        Self { passed: u32::from(holds), failed: u32::from(!holds) }
    }

    /// What a line adds: the last line of libtest, which wasm-bindgen-test prints too.
    pub(super) fn in_line(line: &str) -> Self {
        let Some((_, counts)) = line.split_once("test result: ") else { return Self::default() };
        let count = |of: &str| {
            let found = counts.split([';', '.']).find_map(|part| part.trim().strip_suffix(of));
            found.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
        };
        Self { passed: count(" passed"), failed: count(" failed") }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_test_programs_are_counted() {
        for (line, passed, failed) in [
            ("test result: ok. 25 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.08s", 25, 0),
            (
                "test result: FAILED. 15 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.09s",
                15,
                2,
            ),
            ("test result: ok. 4 passed; 0 failed; 1 ignored; 0 filtered out; finished in 0.31s", 4, 0),
        ] {
            assert_eq!(Tally::in_line(line), Tally { passed, failed }, "{line}");
        }
    }

    #[test]
    fn other_lines_count_for_nothing() {
        for line in ["", "running 3 tests", "test a ... ok", "3 passed; 1 failed", "no tests to run!"] {
            assert_eq!(Tally::in_line(line), Tally::default(), "{line}");
        }
    }

    #[test]
    fn sums_read_as_the_last_line_of_a_run() {
        let mut total = Tally { passed: 3, failed: 1 };
        total += Tally { passed: 4, failed: 0 };
        assert_eq!(total.to_string(), "7 passed, 1 failed");
    }
}
