//! Pieces that several pages show.

mod avatar;
mod countdown;
mod fact;
mod header;
mod idle_warning;
mod nobody;
pub mod notices;
mod person;
mod renewals;
mod session_actions;
mod sign_in;

pub(crate) use avatar::Avatar;
pub(crate) use countdown::ExpiresIn;
pub(crate) use fact::fact;
pub(crate) use header::Header;
pub(crate) use idle_warning::IdleWarning;
pub(crate) use nobody::Nobody;
pub use notices::Notice;
pub(crate) use notices::Notices;
pub(crate) use person::name_or_ask;
pub(crate) use renewals::{NextRenewal, Renewals};
pub(crate) use session_actions::SessionActions;
pub(crate) use sign_in::SignInForm;
