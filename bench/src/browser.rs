//! What is measured in a real browser: the app beside pages that do the same with other libraries.

mod bundle;
mod page_server;
mod pages;
mod samples;
mod stage;
mod steps;
mod weight;

pub(crate) mod memory;
pub(crate) mod renewal;
pub(crate) mod size;
pub(crate) mod start;
pub(crate) mod tabs;

/// What the app is called in tables.
const OURS: &str = "Evergrant's demo app";
