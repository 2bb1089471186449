//! Several connections at once, each with an exchange of its own, until the time is over or a number is reached.

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::issuer::exchange::Exchange;
use crate::issuer::http::Connection;

/// When a connection stops.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After the first answer past this time.
    Elapsed(Duration),
    /// After so many answers on each connection.
    Answers(usize),
}

/// How long each answer took, on all connections, and how long it all took.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) latencies: Vec<Duration>,
    pub(crate) elapsed: Duration,
}

/// Runs one exchange on each connection, and leaves each where it got to: what follows rotation can go on in a next run.
///
/// # Errors
/// The first wrong answer on any connection.
pub(crate) async fn run<E: Exchange>(to: SocketAddr, exchanges: &mut Vec<E>, until: Until) -> anyhow::Result<Measured> {
    let mut connections = Vec::new();
    for (number, exchange) in (0..).zip(exchanges.drain(..)) {
        connections.push((Connection::open(sender(number), to).await?, exchange));
    }
    let started = Instant::now();
    let mut running: JoinSet<_> =
        connections.into_iter().map(|(connection, exchange)| carry_on(connection, exchange, until)).collect();
    let mut latencies = Vec::new();
    while let Some(ended) = running.join_next().await {
        let (exchange, took) = ended??;
        exchanges.push(exchange);
        latencies.extend(took);
    }
    Ok(Measured { latencies, elapsed: started.elapsed() })
}

async fn carry_on<E: Exchange>(
    mut connection: Connection,
    mut exchange: E,
    until: Until,
) -> anyhow::Result<(E, Vec<Duration>)> {
    let started = Instant::now();
    let mut latencies = Vec::new();
    loop {
        let over = match until {
            Until::Elapsed(time) => started.elapsed() >= time,
            Until::Answers(number) => latencies.len() >= number,
        };
        if over {
            return Ok((exchange, latencies));
        }
        let request = exchange.next()?;
        let sent = Instant::now();
        let response = connection.send(request).await?;
        latencies.push(sent.elapsed());
        exchange.judge(&response)?;
    }
}

/// Every connection is another machine to a server that limits by address; all of 127.0.0.0/8 is this one on Linux.
fn sender(number: u8) -> SocketAddr {
    let address = if cfg!(target_os = "linux") { Ipv4Addr::new(127, 0, 1, number) } else { Ipv4Addr::LOCALHOST };
    SocketAddr::from((address, 0))
}
