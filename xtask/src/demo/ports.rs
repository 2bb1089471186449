//! The ports of the demo: free ones, and the same ones everywhere they are written down.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener},
};

use anyhow::bail;

/// The ports that the person chose, or the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) app: u16,
    pub(super) issuer: u16,
    pub(super) silent: u16,
    pub(super) api: u16,
    pub(super) web_app: u16,
}

/// How an origin of the demo begins.
const LOCALHOST: &str = "http://localhost:";

/// The origin at a port.
pub(super) fn origin(port: u16) -> String {
    format!("{LOCALHOST}{port}")
}

impl Default for Ports {
    fn default() -> Self {
        Self { app: 8080, issuer: 3000, silent: 3001, api: 3002, web_app: 3003 }
    }
}

impl Ports {
    /// Whether all of them are free: before the first minute of building, not after it.
    pub(super) fn check(&self, with_app: bool) -> anyhow::Result<()> {
        let wanted = self.with_flags();
        for (index, (port, flag)) in wanted.iter().enumerate() {
            if let Some((_, other)) = wanted[..index].iter().find(|(earlier, _)| earlier == port) {
                bail!("Port {port} is asked for twice: {other} and {flag} must differ.");
            }
            // `trunk serve` may be there already.
            let needed = with_app || *flag != "--app-port";
            if needed && is_taken(*port) {
                bail!("Port {port} is taken: stop what listens there, or choose another with {flag}.");
            }
        }
        Ok(())
    }

    /// The text with the usual origins replaced by those on these ports.
    pub(super) fn replace_in(&self, text: &str) -> String {
        let usual = Self::default();
        let mut parts = text.split(LOCALHOST);
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (port, rest) = part.split_at(digits);
            let port = match port.parse::<u16>() {
                Ok(port) if port == usual.app => self.app.to_string(),
                Ok(port) if port == usual.issuer => self.issuer.to_string(),
                Ok(port) if port == usual.silent => self.silent.to_string(),
                Ok(port) if port == usual.api => self.api.to_string(),
                Ok(port) if port == usual.web_app => self.web_app.to_string(),
                _ => port.to_owned(),
            };
            replaced.extend([LOCALHOST, &port, rest]);
        }
        replaced
    }

    fn with_flags(&self) -> [(u16, &'static str); 5] {
        [
            (self.app, "--app-port"),
            (self.issuer, "--issuer-port"),
            (self.silent, "--silent-port"),
            (self.api, "--api-port"),
            (self.web_app, "--webapp-port"),
        ]
    }
}

/// Whether something listens at either meaning of `localhost`.
fn is_taken(port: u16) -> bool {
    let loopbacks: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    loopbacks
        .into_iter()
        .any(|loopback| TcpListener::bind((loopback, port)).is_err_and(|error| error.kind() == ErrorKind::AddrInUse))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_flag_on_either_loopback() {
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(other) = TcpListener::bind(loopback) else { continue };
            let port = other.local_addr().unwrap().port();
            let ports = Ports { app: 0, issuer: port, silent: 1, api: 2, web_app: 3 };
            let expected =
                format!("Port {port} is taken: stop what listens there, or choose another with --issuer-port.");
            assert_eq!(ports.check(true).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_port_of_the_app_may_be_taken_when_the_app_is_left_out() {
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let app = other.local_addr().unwrap().port();
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let ports = Ports { app, issuer: free(), silent: free(), api: free(), web_app: free() };
        assert!(ports.check(true).is_err());
        assert!(ports.check(false).is_ok());
    }

    #[test]
    fn one_port_cannot_be_two() {
        let ports = Ports { app: 3001, ..Ports::default() };
        let error = ports.with_flags().map(|(_, flag)| flag);
        assert_eq!(error, ["--app-port", "--issuer-port", "--silent-port", "--api-port", "--webapp-port"]);
        let ports = Ports { app: 0, issuer: 0, ..Ports::default() };
        assert_eq!(
            ports.check(true).unwrap_err().to_string(),
            "Port 0 is asked for twice: --app-port and --issuer-port must differ."
        );
    }

    #[test]
    fn origins_are_replaced_all_at_once() {
        let text = r#"{"issuer": "http://localhost:3000/", "silent_redirect_uri": "http://localhost:3001/silent",
            "api": ["http://localhost:3002", "http://localhost:30000", "http://localhost/"], "app": "http://localhost:8080",
            "token_backend": "http://localhost:3003/oauth"}"#;
        let swapped = Ports { app: 3000, issuer: 8080, silent: 9000, api: 9002, web_app: 9003 };
        assert_eq!(
            swapped.replace_in(text),
            r#"{"issuer": "http://localhost:8080/", "silent_redirect_uri": "http://localhost:9000/silent",
            "api": ["http://localhost:9002", "http://localhost:30000", "http://localhost/"], "app": "http://localhost:3000",
            "token_backend": "http://localhost:9003/oauth"}"#
        );
        assert_eq!(Ports::default().replace_in(text), text);
    }
}
