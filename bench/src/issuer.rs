//! `evergrant-bench issuer`: what is measured, on which servers, and in which order.

mod budgets;
mod evergrant;
mod exchange;
mod families;
mod http;
mod load;
mod peers;
mod results;
mod scenario;
mod server;
mod start_up;

use std::time::Duration;

use crate::cpus::Cpus;
use crate::issuer::evergrant::{AUTHORIZE_PATH, CLIENT_ID, JWKS_PATH, PASSWORD, REDIRECT_URI, TOKEN_PATH, USERNAME};
use crate::issuer::exchange::{Jwks, Password, Refresh, Silent};
use crate::issuer::load::Until;
use crate::issuer::peers::{OAUTH2_SERVER, OIDC_PROVIDER, Peer};
use crate::issuer::results::{Families, MemoryUse, Results};
use crate::issuer::scenario::Scenario;
use crate::issuer::server::{Server, SignedIn};
use crate::machine::Machine;
use crate::options::IssuerOptions;
use crate::section::Section;
use crate::usage;

pub(crate) const OURS: &str = "evergrant-issuer";

/// Enough to keep a server busy that waits for its disk before each answer.
const CONNECTIONS: usize = 128;

/// So few that such a server waits with nothing else to do.
const FEW_CONNECTIONS: usize = 16;

/// Families in the small database.
const FEW_FAMILIES: usize = 1000;

/// For each connection and round: below what the issuer allows one address in a minute, however short the rounds are.
const PASSWORDS: Until = Until::Answers(1);

/// Measures everything.
///
/// # Errors
/// When a server cannot be started or gives a wrong answer.
pub(crate) async fn measure(options: &IssuerOptions, cpus: &Cpus, machine: Machine) -> anyhow::Result<Section> {
    let (rounds, until, many_families) = match options.common.quick {
        true => (1, Until::Elapsed(Duration::from_millis(300)), 10 * FEW_FAMILIES),
        false => (options.rounds, Until::Elapsed(Duration::from_secs(options.seconds.into())), options.families),
    };
    println!("Starting and ending every server {rounds} times ...");
    let start_ups = start_up::measure(options, cpus, rounds.into()).await?;
    println!("Signing people in: {FEW_FAMILIES} live families in one database, {many_families} in another ...");
    let servers = Servers::start(options, cpus, many_families).await?;
    let mut scenarios = Scenarios::on(&servers);
    println!("Warming up ...");
    scenarios.warm_up(until).await?;
    for round in 1..=rounds {
        println!("Round {round} of {rounds} ...");
        scenarios.round(until).await?;
    }
    let results = Results {
        connections: CONNECTIONS,
        few_connections: FEW_CONNECTIONS,
        rounds,
        refresh: scenarios.refresh.outcomes(),
        refresh_few: scenarios.refresh_few.outcomes(),
        silent: scenarios.silent.outcomes(),
        jwks: scenarios.jwks.outcomes(),
        password: scenarios.password.outcomes(),
        families: Families { few: FEW_FAMILIES, many: many_families, outcomes: scenarios.families.outcomes() },
        start_ups,
        memory: servers.memory()?,
    };
    results.into_section(machine)
}

/// A server, and what the people hold who are signed in there.
#[derive(Debug)]
struct Running {
    server: Server,
    signed_in: SignedIn,
}

/// Everything that runs during the measurement; no more than one is asked at a time.
#[derive(Debug)]
struct Servers {
    ours: Running,
    ours_with_many: Running,
    oidc_provider: Option<Running>,
    oauth2_server: Option<Running>,
}

impl Servers {
    async fn start(options: &IssuerOptions, cpus: &Cpus, many_families: usize) -> anyhow::Result<Self> {
        let mut servers = Self {
            ours: Running::evergrant(options, cpus, "few-families", FEW_FAMILIES).await?,
            ours_with_many: Running::evergrant(options, cpus, "many-families", many_families).await?,
            oidc_provider: None,
            oauth2_server: None,
        };
        if !options.common.quick {
            servers.oidc_provider = Some(Running::peer(OIDC_PROVIDER, options, cpus).await?);
            servers.oauth2_server = Some(Running::peer(OAUTH2_SERVER, options, cpus).await?);
        }
        Ok(servers)
    }

    fn memory(&self) -> anyhow::Result<Vec<MemoryUse>> {
        let all = [
            (OURS, Some(&self.ours)),
            ("evergrant-issuer, many families", Some(&self.ours_with_many)),
            (OIDC_PROVIDER.name, self.oidc_provider.as_ref()),
            (OAUTH2_SERVER.name, self.oauth2_server.as_ref()),
        ];
        let running = all.into_iter().filter_map(|(name, running)| Some((name, running?)));
        running
            .map(|(server, running)| {
                let memory = usage::memory(running.server.pid())?;
                Ok(MemoryUse { server, after: memory.now, highest: memory.highest })
            })
            .collect()
    }
}

impl Running {
    async fn evergrant(options: &IssuerOptions, cpus: &Cpus, name: &str, families: usize) -> anyhow::Result<Self> {
        let database = evergrant::fresh_database(&options.common.directory, name);
        let signed_in = families::sign_in(&database, families).await?;
        Ok(Self { server: evergrant::start(&options.program, &database, cpus).await?, signed_in })
    }

    async fn peer(peer: Peer, options: &IssuerOptions, cpus: &Cpus) -> anyhow::Result<Self> {
        let families = CONNECTIONS + FEW_CONNECTIONS;
        let (server, signed_in) = peer.start(&options.common.node, &options.common.directory, families, cpus).await?;
        Ok(Self { server, signed_in })
    }

    /// One family for each of so many connections: the first ones.
    fn first(&self, connections: usize) -> &[String] {
        &self.signed_in.refresh_tokens[..connections]
    }

    /// One family for each of the few connections: others than the first.
    fn next_few(&self) -> &[String] {
        &self.signed_in.refresh_tokens[CONNECTIONS..][..FEW_CONNECTIONS]
    }

    /// The rest.
    fn others(&self) -> &[String] {
        &self.signed_in.refresh_tokens[CONNECTIONS + FEW_CONNECTIONS..]
    }

    fn silents(&self, path: &str) -> Vec<Silent> {
        let cookie = &self.signed_in.cookie;
        (0..CONNECTIONS).map(|_| Silent::new(path, CLIENT_ID, REDIRECT_URI, cookie.clone())).collect()
    }
}

#[derive(Debug)]
struct Scenarios<'a> {
    refresh: Scenario<'a, Refresh>,
    refresh_few: Scenario<'a, Refresh>,
    families: Scenario<'a, Refresh>,
    silent: Scenario<'a, Silent>,
    jwks: Scenario<'a, Jwks>,
    password: Scenario<'a, Password>,
}

impl<'a> Scenarios<'a> {
    fn on(servers: &'a Servers) -> Self {
        let Servers { ours, ours_with_many, oidc_provider, oauth2_server } = servers;
        let passwords = (0..FEW_CONNECTIONS).map(|_| Password::new(TOKEN_PATH, CLIENT_ID, USERNAME, PASSWORD));
        let mut scenarios = Self {
            refresh: Scenario::new().with(OURS, &ours.server, refreshes(ours.first(CONNECTIONS), CONNECTIONS)),
            refresh_few: Scenario::new().with(OURS, &ours.server, refreshes(ours.next_few(), FEW_CONNECTIONS)),
            families: Scenario::new().with("few", &ours.server, refreshes(ours.others(), CONNECTIONS)).with(
                "many",
                &ours_with_many.server,
                refreshes(ours_with_many.others(), CONNECTIONS),
            ),
            silent: Scenario::new().with(OURS, &ours.server, ours.silents(AUTHORIZE_PATH)),
            jwks: Scenario::new().with(OURS, &ours.server, jwks(JWKS_PATH)),
            password: Scenario::new().with(OURS, &ours.server, passwords.collect()),
        };
        if let Some(peer) = oidc_provider {
            let (name, server) = (OIDC_PROVIDER.name, &peer.server);
            scenarios.refresh = scenarios.refresh.with(name, server, peer_refreshes(peer.first(CONNECTIONS), true));
            scenarios.refresh_few = scenarios.refresh_few.with(name, server, peer_refreshes(peer.next_few(), true));
            scenarios.silent = scenarios.silent.with(name, server, peer.silents("/auth"));
            scenarios.jwks = scenarios.jwks.with(name, server, jwks("/jwks"));
        }
        if let Some(peer) = oauth2_server {
            let (name, server) = (OAUTH2_SERVER.name, &peer.server);
            scenarios.refresh = scenarios.refresh.with(name, server, peer_refreshes(peer.first(CONNECTIONS), false));
            scenarios.refresh_few = scenarios.refresh_few.with(name, server, peer_refreshes(peer.next_few(), false));
        }
        scenarios
    }

    async fn warm_up(&mut self, until: Until) -> anyhow::Result<()> {
        self.refresh.warm_up(until).await?;
        self.families.warm_up(until).await?;
        self.silent.warm_up(until).await?;
        self.jwks.warm_up(until).await
    }

    async fn round(&mut self, until: Until) -> anyhow::Result<()> {
        self.refresh.round(until).await?;
        self.refresh_few.round(until).await?;
        self.families.round(until).await?;
        self.silent.round(until).await?;
        self.jwks.round(until).await?;
        self.password.round(PASSWORDS).await
    }
}

/// One client for each connection, which share the families among them.
fn refreshes(tokens: &[String], connections: usize) -> Vec<Refresh> {
    let share = |first| tokens.iter().skip(first).step_by(connections).cloned().collect();
    (0..connections).map(|first| Refresh::new(TOKEN_PATH, CLIENT_ID, true, share(first))).collect()
}

fn peer_refreshes(tokens: &[String], openid: bool) -> Vec<Refresh> {
    tokens.iter().map(|token| Refresh::new("/token", CLIENT_ID, openid, vec![token.clone()])).collect()
}

fn jwks(path: &'static str) -> Vec<Jwks> {
    (0..CONNECTIONS).map(|_| Jwks { path }).collect()
}
