//! The static server that hosts the silent callback.
//!
//! A renewal by hidden iframe ends here: the issuer redirects the frame to `/silent`, and the page
//! there hands the authorization response to the app that opened the frame. The server sits on an
//! origin of its own, so a redirect URI with little behind it is all that the issuer has to trust.
//! With `--app-dir` it serves a built app too, with the headers such an app needs.
//!
//! ```no_run
//! use clap::Parser;
//! use evergrant_silent::{Options, Server};
//!
//! # async fn example() -> Result<(), evergrant_silent::StartError> {
//! let options = Options::parse_from([
//!     "evergrant-silent",
//!     "--listen=localhost:0",
//!     "--app-origin=http://localhost:8080",
//! ]);
//! let server = Server::start(&options).await?;
//! println!("{}/silent", server.url());
//! server.run_until(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! Where things are: [`Options`] are the flags, `router` is the one list of routes, `silent_page`
//! the callback page, `app_dir` the built app, and `hosting` writes for other web servers what this one does.

mod app_dir;
mod hosting;
mod options;
mod router;
mod server;
mod silent_page;

pub use app_dir::AppDirError;
pub use evergrant_server::{ListenAddress, ListenAddressError, ListenError, Origin, OriginError};
pub use hosting::ExportError;
pub use options::Options;
pub use server::{Server, StartError, run};
pub use silent_page::MESSAGE_TYPE;
