//! The very beginning: the address is cleaned, then `config.json` is read.

use evergrant_core::config::{Config, ConfigError};
use evergrant_core::session::Failure;
use web_sys::TextDecoder;

use crate::{http, location};

/// Reads the configuration at `url`, usually `/config.json`.
///
/// An authorization response in the address is taken out of it first: `state` beside `code`, `error`, `access_token` or
/// `id_token`, in the query or the fragment, whatever the path. An app that has such addresses of its own, as the callback of
/// another service, reads them before this.
///
/// A page with `<link rel="preload" href="/config.json" as="fetch" crossorigin="anonymous">` has it a round trip sooner: then it is
/// loaded beside the code.
///
/// # Errors
/// A [`StartError`] whose text says what to do.
pub async fn load_config(url: &str) -> Result<Config, StartError> {
    location::hide_response();
    let unreachable = |_: Failure| StartError::Unreachable { url: url.to_owned() };
    let origin = location::origin().map_err(unreachable)?;
    let answer = http::get_own("the configuration", url).await.map_err(unreachable)?;
    if answer.status != 200 {
        return Err(StartError::Status { url: url.to_owned(), status: answer.status });
    }
    // By the browser, as what reads it here would be needed for nothing else before the app is there. It takes whatever comes.
    let text = TextDecoder::new().and_then(|decoder| decoder.decode_with_u8_array(&answer.body)).unwrap_or_default();
    Config::parse(&text, &origin).map_err(|error| StartError::Config { url: url.to_owned(), error })
}

/// Why the app could not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// No answer.
    #[error("{url} could not be loaded: check your connection, and that the server of this app is running")]
    Unreachable {
        /// What was asked for.
        url: String,
    },
    /// An answer other than 200.
    #[error("{url} could not be loaded: the server answered {status}. The file must lie beside the app's index.html")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// A configuration that cannot be used; or no JSON at all, where a server sends its `index.html` for a file that is not there.
    #[error("{url} cannot be used as a JSON configuration: {error}")]
    Config {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        error: ConfigError,
    },
}
