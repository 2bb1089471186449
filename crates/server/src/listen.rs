//! Taking a port: on both loopback families for `localhost`, and a plain sentence when it is taken.

use std::{
    fmt,
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use tokio::net::{TcpListener, lookup_host};

/// Where a server listens: a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    host: String,
    port: u16,
}

/// The text given for `--listen` is no `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write it as HOST:PORT, for example localhost:3001")]
pub struct ListenAddressError;

/// Why an address could not be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program has the port.
    #[error("Port {port} is taken: stop what listens there, or choose another with --listen {host}:PORT.")]
    PortTaken {
        /// The host that was asked for.
        host: String,
        /// The port that is taken.
        port: u16,
    },
    /// Anything else the operating system refuses.
    #[error("Cannot listen on {address} (--listen): {source}.")]
    Refused {
        /// What was asked for.
        address: ListenAddress,
        /// What the operating system says.
        source: io::Error,
    },
}

impl ListenAddress {
    /// The host as it was written.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether any free port will do.
    pub fn is_any_port(&self) -> bool {
        self.port == 0
    }

    /// Binds every address the host stands for, all on one port: the given one, or a free one
    /// where port 0 was given.
    ///
    /// # Errors
    /// When the port is taken, the host is unknown, or the operating system refuses.
    pub async fn bind(&self) -> Result<Vec<TcpListener>, ListenError> {
        self.bind_all().await.map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => ListenError::PortTaken { host: self.host.clone(), port: self.port },
            _ => ListenError::Refused { address: self.clone(), source },
        })
    }

    async fn bind_all(&self) -> io::Result<Vec<TcpListener>> {
        if self.host != "localhost" {
            let found = lookup_host((self.host.trim_matches(['[', ']']), self.port)).await?.next();
            let address = found.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
            return Ok(vec![TcpListener::bind(address).await?]);
        }
        loop {
            match bind_both_loopbacks(self.port).await {
                // The port that was free on 127.0.0.1 is not on ::1: ask for another.
                Err(error) if self.port == 0 && error.kind() == ErrorKind::AddrInUse => {}
                bound => return bound,
            }
        }
    }
}

/// What `localhost` means differs from machine to machine and from browser to browser, so both
/// meanings answer; a machine without IPv6 has only the first.
async fn bind_both_loopbacks(port: u16) -> io::Result<Vec<TcpListener>> {
    let v4 = TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await?;
    let port = v4.local_addr()?.port();
    match TcpListener::bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port)).await {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![v4]),
    }
}

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        let (host, port) = text.rsplit_once(':').ok_or(ListenAddressError)?;
        let bare_ipv6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
        if host.is_empty() || bare_ipv6 {
            return Err(ListenAddressError);
        }
        let port = port.parse().map_err(|_| ListenAddressError)?;
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn host_and_port_are_both_needed() {
        for text in ["localhost:3001", "127.0.0.1:0", "[::1]:3001", "silent.example:80"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for text in ["", "3001", "localhost", ":3001", "::1:3001", "localhost:99999", "localhost:x"] {
            assert_eq!(text.parse::<ListenAddress>(), Err(ListenAddressError), "{text}");
        }
    }

    #[tokio::test]
    async fn localhost_takes_the_same_free_port_on_both_loopbacks() {
        let address: ListenAddress = "localhost:0".parse().unwrap();
        let bound: Vec<SocketAddr> = address.bind().await.unwrap().iter().map(|l| l.local_addr().unwrap()).collect();
        assert!(bound[0].is_ipv4() && bound[0].port() != 0);
        if let Some(v6) = bound.get(1) {
            assert_eq!((v6.ip(), v6.port()), (Ipv6Addr::LOCALHOST.into(), bound[0].port()));
        }
    }

    #[tokio::test]
    async fn a_port_taken_on_either_loopback_is_taken() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(other) = TcpListener::bind(loopback).await else {
                continue;
            };
            let port = other.local_addr().unwrap().port();
            let address: ListenAddress = format!("localhost:{port}").parse().unwrap();
            let error = address.bind().await.unwrap_err();
            assert!(matches!(error, ListenError::PortTaken { port: named, .. } if named == port));
        }
    }
}
