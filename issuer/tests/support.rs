//! A running issuer, a browser with cookies, and an application that checks what it gets.

mod app;
mod browser;
mod server;

pub(crate) use app::{App, CALLBACK, STATE, VERIFIER, claims};
pub(crate) use browser::{Answer, Browser, field};
pub(crate) use server::{PASSWORD, Server, config};
