//! Opening the port. `localhost` is two addresses: browsers try either first, so both are served.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use tokio::net::{TcpListener, lookup_host};

/// `HOST:PORT` to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// A name or an address.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
}

impl FromStr for ListenAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').ok_or("write it as HOST:PORT, for example localhost:3000")?;
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: port.parse().map_err(|_| "the port is a number from 0 to 65535")?,
        })
    }
}

/// Opens every address of `address`, all on one port.
///
/// # Errors
/// What the operating system says, `AddrInUse` above all.
pub async fn open(address: &ListenAddress) -> io::Result<Vec<TcpListener>> {
    if address.host == "localhost" {
        return open_both_loopbacks(address.port).await;
    }
    let found = lookup_host((address.host.as_str(), address.port)).await?.next();
    let found = found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address"))?;
    Ok(vec![TcpListener::bind(found).await?])
}

/// Whether only this machine can reach all of them.
pub fn are_loopback(listeners: &[TcpListener]) -> bool {
    listeners.iter().all(|listener| listener.local_addr().is_ok_and(|address| address.ip().is_loopback()))
}

/// The port of the first.
///
/// # Errors
/// When the operating system does not say.
pub fn port(listeners: &[TcpListener]) -> io::Result<u16> {
    let first = listeners.first().ok_or(io::ErrorKind::NotFound)?;
    Ok(first.local_addr()?.port())
}

async fn open_both_loopbacks(port: u16) -> io::Result<Vec<TcpListener>> {
    /// A free port of IPv4 may be taken in IPv6: then another is tried.
    const TRIES: usize = 10;
    for _ in 1..TRIES {
        match open_pair(port).await {
            Err(error) if port == 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            other => return other,
        }
    }
    open_pair(port).await
}

async fn open_pair(port: u16) -> io::Result<Vec<TcpListener>> {
    let v4 = TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await?;
    let port = v4.local_addr()?.port();
    match TcpListener::bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)).await {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        // A machine without IPv6: `localhost` is one address there.
        Err(_) => Ok(vec![v4]),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn localhost_is_served_on_one_port() {
        let listeners = open(&"localhost:0".parse().unwrap()).await.unwrap();
        let port = port(&listeners).unwrap();
        assert!(listeners.iter().all(|listener| listener.local_addr().unwrap().port() == port));
        assert!(are_loopback(&listeners));
        let taken = open(&format!("localhost:{port}").parse().unwrap()).await.unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn addresses_are_read() {
        let address: ListenAddress = "[::1]:3000".parse().unwrap();
        assert_eq!((address.host.as_str(), address.port), ("::1", 3000));
        assert!("localhost".parse::<ListenAddress>().is_err());
        assert!("localhost:70000".parse::<ListenAddress>().is_err());
    }
}
