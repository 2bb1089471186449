//! A small API with two rights: reading notes and writing them.
//!
//! Start an issuer (`cargo xtask demo`), then this with `cargo run -p evergrant-api --example notes`, and ask it:
//!
//! ```sh
//! curl -i http://localhost:3004/notes
//! ```
//!
//! It answers 401, and says how to ask. With a token of the issuer for `http://localhost:3004/` it answers. For the issuer to give one, its
//! configuration (`issuer/demo.toml`) needs to know this API:
//!
//! ```toml
//! [[api]]
//! identifier = "http://localhost:3004/"
//! name = "Notes"
//! scopes = "read:notes write:notes"
//! ```

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::get;
use evergrant_api::{Bearer, RequiredScope, Settings, Verifier, cors};
use evergrant_server::{Server, log_to_standard_error};

struct ReadNotes;

impl RequiredScope for ReadNotes {
    const SCOPE: &'static str = "read:notes";
}

struct WriteNotes;

impl RequiredScope for WriteNotes {
    const SCOPE: &'static str = "write:notes";
}

#[derive(Clone, FromRef)]
struct Notebook {
    notes: Arc<Mutex<Vec<String>>>,
    verifier: Arc<Verifier>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    log_to_standard_error();
    let verifier = Verifier::follow(Settings::new("http://localhost:3000/", "http://localhost:3004/"))?;
    let router = Router::new()
        .route("/notes", get(read).post(write))
        .layer(cors(&["http://localhost:8080".parse()?]))
        .with_state(Notebook { notes: Arc::default(), verifier: Arc::new(verifier) });
    let server = Server::bind(&"localhost:3004".parse()?).await?;
    Ok(server.announce_and_run("notes", router, false).await?)
}

async fn read(_: Bearer<ReadNotes>, State(notes): State<Arc<Mutex<Vec<String>>>>) -> String {
    notes.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
}

async fn write(token: Bearer<WriteNotes>, State(notes): State<Arc<Mutex<Vec<String>>>>, note: String) -> StatusCode {
    let note = format!("{}: {note}", token.claims.sub);
    notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    StatusCode::CREATED
}
