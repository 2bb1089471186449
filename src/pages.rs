//! The pages.

mod callback;
mod expenses;
mod home;
mod issuer;
mod not_found;
mod session;
pub mod start_error;

pub(crate) use callback::CallbackPage;
pub(crate) use expenses::ExpensesPage;
pub(crate) use home::HomePage;
pub(crate) use issuer::IssuerPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use session::SessionPage;
