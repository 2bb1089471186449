//! Where a request comes from, as far as limits go.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::rejection::ExtensionRejection;
use axum::extract::{ConnectInfo, Extension, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::provider::Provider;

/// The address of whoever sent a request; of IPv6 only the network, because one household has all the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl FromRequestParts<Arc<Provider>> for Peer {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, provider: &Arc<Provider>) -> Result<Self, Self::Rejection> {
        let Extension(ConnectInfo(peer)) =
            Extension::<ConnectInfo<SocketAddr>>::from_request_parts(parts, provider).await?;
        let forwarded = provider.config.limits.behind_proxy.then(|| forwarded_for(&parts.headers)).flatten();
        Ok(Self(network(forwarded.unwrap_or(peer.ip()))))
    }
}

/// The last entry is the one the proxy itself wrote; those before it, anybody may have.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let last = last.rsplit(',').next()?.trim();
    // Some proxies write the port as well.
    last.parse().ok().or_else(|| last.parse().map(|peer: SocketAddr| peer.ip()).ok())
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn read(value: &'static str) -> Option<IpAddr> {
        let name = "x-forwarded-for".parse().unwrap();
        forwarded_for(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
    }

    #[test]
    fn the_last_forwarded_address_counts() {
        assert_eq!(read("10.0.0.1, 192.0.2.7"), Some(IpAddr::from([192, 0, 2, 7])));
        assert_eq!(read("192.0.2.7, unknown"), None);
        assert_eq!(forwarded_for(&HeaderMap::new()), None);
    }

    /// All people counted as one behind a proxy that writes so.
    #[test]
    fn an_address_with_a_port_behind_it_was_none() {
        assert_eq!(read("10.0.0.1, 192.0.2.7:51004"), Some(IpAddr::from([192, 0, 2, 7])));
        assert_eq!(read("[2001:db8::7]:51004"), "2001:db8::7".parse().ok());
        assert_eq!(read("192.0.2.7:port"), None);
    }

    #[test]
    fn neighbours_in_one_network_are_one() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }
}
