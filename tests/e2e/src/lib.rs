//! The harness of the end-to-end tests: the real servers, the built app and a real browser, started anew for every
//! journey and ended with it.
//!
//! A test describes its [`Setup`] and hands its steps to [`journey()`]. What a person sees is reached through the page
//! objects ([`App`], [`IssuerPages`]), what the browser sends through [`Browser::requests_since`]. Nothing waits for a fixed time:
//! [`eventually()`] looks again and again until what must come has come.

pub mod api;
pub mod app;
pub mod app_dir;
pub mod artefacts;
pub mod barriers;
pub mod browser;
mod chrome_command;
pub mod device;
pub mod driver;
pub mod eventually;
pub mod expenses;
pub mod failure_report;
pub mod inspector;
pub mod issuer;
pub mod issuer_endpoints;
pub mod issuer_pages;
pub mod journey;
pub mod kept;
pub mod network;
mod on_the_way;
pub mod process;
pub mod screen;
pub mod setup;
pub mod stored_session;
pub mod web_app;
pub mod world;

pub use api::Api;
pub use app::{App, Flow};
pub use app_dir::compressed_copy;
pub use browser::Browser;
pub use device::Device;
pub use driver::Engine;
pub use eventually::{eventually, eventually_within};
pub use expenses::Expenses;
pub use inspector::Inspector;
pub use issuer_endpoints::IssuerEndpoints;
pub use issuer_pages::IssuerPages;
pub use journey::{FellSilent, journey};
pub use kept::Kept;
pub use network::Request;
pub use screen::Screen;
pub use setup::Setup;
pub use stored_session::StoredSession;
pub use web_app::WebApp;
pub use world::World;
