//! How long a server takes from its start to its first answer, and how much memory it then holds.

use serde::Serialize;

use crate::cpus::Cpus;
use crate::issuer::evergrant;
use crate::issuer::peers::{OAUTH2_SERVER, OIDC_PROVIDER};
use crate::issuer::server::Server;
use crate::median::median;
use crate::options::{Common, IssuerOptions};
use crate::usage;

/// Medians over all starts.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StartUp {
    pub(crate) server: &'static str,
    pub(crate) millis: f64,
    /// Bytes.
    pub(crate) memory: f64,
}

#[derive(Default)]
struct Starts(Vec<(f64, f64)>);

/// Starts every server so many times, in turn.
pub(crate) async fn measure(options: &IssuerOptions, cpus: &Cpus, times: usize) -> anyhow::Result<Vec<StartUp>> {
    let IssuerOptions { program, common: Common { node, directory, quick }, .. } = options;
    let [mut first, mut again, mut oidc_provider, mut oauth2_server] = [const { Starts(Vec::new()) }; 4];
    for _ in 0..times {
        let database = evergrant::fresh_database(directory, "start-up");
        first.add(&evergrant::start(program, &database, cpus).await?)?;
        again.add(&evergrant::start(program, &database, cpus).await?)?;
        if !*quick {
            oidc_provider.add(&OIDC_PROVIDER.start(node, directory, 1, cpus).await?.0)?;
            oauth2_server.add(&OAUTH2_SERVER.start(node, directory, 1, cpus).await?.0)?;
        }
    }
    let all = [
        first.medians("evergrant-issuer, new database"),
        again.medians("evergrant-issuer, database there"),
        oidc_provider.medians(OIDC_PROVIDER.name),
        oauth2_server.medians(OAUTH2_SERVER.name),
    ];
    Ok(all.into_iter().flatten().collect())
}

impl Starts {
    #[allow(clippy::cast_precision_loss)]
    fn add(&mut self, server: &Server) -> anyhow::Result<()> {
        self.0.push((server.started_in.as_secs_f64() * 1e3, usage::memory(server.pid())?.now as f64));
        Ok(())
    }

    fn medians(&self, server: &'static str) -> Option<StartUp> {
        let millis = median(self.0.iter().map(|start| start.0))?;
        let memory = median(self.0.iter().map(|start| start.1))?;
        Some(StartUp { server, millis, memory })
    }
}
