//! The rules of renewal and the rows of the state table, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clocks;
mod failures;
mod history;
mod how;
mod idle;
mod idle_taken_up;
mod opening;
mod page;
mod regressions;
mod sign_in;
mod sign_out;
mod when;
