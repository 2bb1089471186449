//! What the tests stand on: the two servers, and a browser.

mod browser;
mod world;

pub(crate) use browser::{Answer, Browser};
pub(crate) use world::World;
