//! What `--dev` adds, on a loopback address alone: failures to order, and a log of requests. The routes that control it are
//! in `routes/dev.rs`.

pub(crate) mod failures;
pub(crate) mod requests;

use failures::Failures;
use requests::Requests;

/// The state behind the controls.
#[derive(Debug, Default)]
pub(crate) struct DevControls {
    pub(crate) failures: Failures,
    pub(crate) requests: Requests,
}
