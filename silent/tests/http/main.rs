//! The server over real HTTP: started in this process on a free port, asked as a browser asks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod app_caching;
mod app_pages;
mod app_policy;
mod cors;
mod hosting;
mod server;
mod silent_page;
