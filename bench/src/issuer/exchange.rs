//! The exchanges that are measured: what is sent, and whether what came back is what was asked for. An answer that is
//! wrong ends the measurement: a server that refuses quickly is not a quick server.

mod jwks;
mod password;
mod refresh;
mod silent;

use crate::issuer::http::{Request, Response};

pub(crate) use jwks::Jwks;
pub(crate) use password::Password;
pub(crate) use refresh::Refresh;
pub(crate) use silent::Silent;

/// One kind of request, again and again on one connection.
pub(crate) trait Exchange: Send + 'static {
    /// The next request.
    fn next(&mut self) -> anyhow::Result<Request>;

    /// Takes the answer to it.
    ///
    /// # Errors
    /// When it is not what was asked for.
    fn judge(&mut self, response: &Response) -> anyhow::Result<()>;
}
