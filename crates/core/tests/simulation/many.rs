//! Worlds with many tabs: what they share, what they tell each other, and what they must agree on.

mod doubt;
mod faults;
mod hands;
mod held;
mod invariants;
mod issuer;
mod lock;
mod mischief;
mod misfortune;
mod oracle;
mod pages;
mod plan;
mod renewal;
mod requests;
mod store;
mod tab;
mod tally;
mod transactions;
mod world;

pub use mischief::Mischief;
pub use world::World;
