//! Looking at an issuer that somebody named, before anything depends on it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use evergrant_core::protocol::Issuer;
use evergrant_core::protocol::metadata::{ProviderMetadata, discovery_url};
use evergrant_core::session::Failure;

use crate::listener::Listener;
use crate::provider::Provider;
use crate::{http, timer, window};

/// Asks an issuer for its metadata.
///
/// # Errors
/// A [`DiscoveryError`], which tells a server that is not there from one that this page may not read.
pub async fn discover(issuer: Issuer) -> Result<Rc<ProviderMetadata>, DiscoveryError> {
    let policy_said_no = Rc::new(Cell::new(false));
    let _listener = {
        let document = window().ok().and_then(|window| window.document());
        let said_no = Rc::clone(&policy_said_no);
        document.map(|document| Listener::new(&document, "securitypolicyviolation", move |_| said_no.set(true)))
    };
    let url = discovery_url(&issuer);
    let failure = match Provider::new(issuer).metadata().await {
        Ok(metadata) => return Ok(metadata),
        Err(failure) => failure,
    };
    if !matches!(failure, Failure::Unreachable { .. }) {
        return Err(DiscoveryError::Unusable(failure));
    }
    if http::is_answered(&url).await {
        return Err(DiscoveryError::Cors);
    }
    timer::within(POLICY_IS_TOLD, std::future::pending::<()>()).await;
    Err(if policy_said_no.get() { DiscoveryError::Policy } else { DiscoveryError::Unreachable { url } })
}

/// How long the browser may take to tell of its content security policy: it does so after the request has failed.
const POLICY_IS_TOLD: Duration = Duration::from_millis(200);

/// Why there is no metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer.
    #[error("Nothing answers at {url}. Check the address, and whether this device can reach it.")]
    Unreachable {
        /// What was asked for.
        url: String,
    },
    /// A server is there, and keeps its answer from this page (CORS).
    #[error(
        "A server answers there, but does not let this app read what it says (CORS). Allow this app's origin at the issuer, \
         and check the address."
    )]
    Cors,
    /// The content security policy of this page keeps it from asking.
    #[error(
        "This app may not talk to that address: the content security policy that it is served with forbids it. Its server \
         has a flag for that, --any-issuer."
    )]
    Policy,
    /// An answer that is of no use.
    #[error(transparent)]
    Unusable(Failure),
}
