//! What every server's process has in common: where it listens, how it says so, whom it lets in, and when it ends; and how
//! its pages look.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::Router;
//! use axum::routing::get;
//! use evergrant_server::Server;
//!
//! let server = Server::bind(&"localhost:8000".parse()?).await?;
//! let router = Router::new().route("/healthz", get("ok"));
//! server.announce_and_run("my-server", router, false).await?;
//! # Ok(())
//! # }
//! ```

mod connections;
mod listen;
mod log;
pub mod look;
mod origin;
mod places;
mod server;
mod shutdown;

pub use listen::{ListenAddress, ListenAddressError, ListenError};
pub use log::log_to_standard_error;
pub use origin::{Origin, OriginError};
pub use server::{MAX_CONNECTIONS, Server};
