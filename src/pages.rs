//! The pages.

mod callback;
mod home;
mod not_found;
mod session;
pub mod start_error;

pub use callback::CallbackPage;
pub use home::HomePage;
pub use not_found::NotFoundPage;
pub use session::SessionPage;
