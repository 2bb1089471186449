//! A running issuer, a browser with cookies, and an application that checks what it gets.

mod app;
mod browser;
mod device;
mod link;
mod postgres;
mod proof_key;
mod receiver;
mod server;

pub(crate) use app::{App, CALLBACK, STATE, VERIFIER, claims};
pub(crate) use browser::{Answer, Browser, field};
pub(crate) use device::Device;
pub(crate) use link::{Condition, Link};
pub(crate) use postgres::{Database, Postgres};
pub(crate) use proof_key::ProofKey;
pub(crate) use receiver::Receiver;
pub(crate) use server::{PASSWORD, Server, config, config_with_another_password};
