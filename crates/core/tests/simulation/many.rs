//! Worlds with many tabs: what they share, what they tell each other, and what they must agree on.

mod faults;
mod hands;
mod invariants;
mod issuer;
mod mischief;
mod misfortune;
mod oracle;
mod renewal;
mod requests;
mod store;
mod tab;
mod tally;
mod transactions;
mod world;

pub use mischief::Mischief;
pub use world::World;
