//! The peers: servers of Node that hold everything in memory, as scripts beside this crate.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::cpus::Cpus;
use crate::issuer::server::{Server, SignedIn, free_address};

/// One of the scripts in `peers/`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) script: &'static str,
    /// Answers 200 as soon as it serves.
    pub(crate) first_path: &'static str,
}

/// Certified, and the most used in JavaScript.
pub(crate) const OIDC_PROVIDER: Peer = Peer { name: "oidc-provider", script: "oidc_provider.js", first_path: "/jwks" };

/// Small: opaque tokens, no OpenID Connect, nothing is signed.
pub(crate) const OAUTH2_SERVER: Peer =
    Peer { name: "@node-oauth/oauth2-server", script: "oauth2_server.js", first_path: "/healthz" };

impl Peer {
    /// Starts it with some live families, in the directory where its packages are.
    pub(crate) async fn start(
        &self,
        node: &Path,
        directory: &Path,
        families: usize,
        cpus: &Cpus,
    ) -> anyhow::Result<(Server, SignedIn)> {
        let address = free_address()?;
        let mut node = Command::new(node);
        node.current_dir(directory).env("NODE_ENV", "production").arg(self.script);
        node.args([address.port().to_string(), families.to_string()]);
        let log = directory.join(self.script).with_extension("log");
        let server = Server::start(cpus, &mut node, address, self.first_path, &log).await?;
        let signed_in = serde_json::from_str(&server.announcement)
            .with_context(|| format!("{} said something unexpected", self.name))?;
        Ok((server, signed_in))
    }
}
