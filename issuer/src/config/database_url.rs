//! The address of a PostgreSQL database. It may hold a password, so nothing prints it whole.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};
use tokio_postgres::config::{Host, SslMode};

use super::ConfigError;

/// `postgres://user:password@host/name?sslmode=verify-full`, as people write it. `Debug`, `Display` and the printed
/// configuration show where it leads, and neither user nor password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

/// How bytes travel to the database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In clear.
    Plain,
    /// Over TLS, with the certificate checked against these.
    Tls(Roots),
}

/// Who vouches for the database's certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those whom this machine trusts.
    System,
    /// The certificates in a PEM file.
    File(PathBuf),
}

const FORM: &str = "database_url: write it as postgres://user:password@host/name, with %XX for special characters in the \
                    password; of the parameters after ? those of libpq that name a server or a timeout are understood, \
                    sslmode and sslrootcert";

const SSLMODE: &str = "database_url: sslmode is one of disable, require and verify-full; the last two are the same here, \
                       since the certificate is always checked";

const ROOTS: &str = "database_url: sslrootcert checks nothing without TLS: add sslmode=verify-full";

impl DatabaseUrl {
    /// Whether it can be used, without connecting.
    ///
    /// # Errors
    /// [`ConfigError::Rule`] in words that repeat nothing of the address.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.read().map(drop)
    }

    /// Whether what is stored travels to another machine in clear.
    pub fn is_exposed(&self) -> bool {
        let Ok((server, Transport::Plain)) = self.read() else { return false };
        let is_loopback = |host: &Host| match host {
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
            #[cfg(unix)]
            Host::Unix(_) => true,
        };
        !server.get_hosts().iter().all(is_loopback)
            || !server.get_hostaddrs().iter().all(|address| address.is_loopback())
    }

    /// What to connect to, and how.
    pub(crate) fn read(&self) -> Result<(tokio_postgres::Config, Transport), ConfigError> {
        let (address, parameters) = self.parts();
        let (mut sslmode, mut roots, mut others) = (None, Roots::System, Vec::new());
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match url::form_urlencoded::parse(parameter.as_bytes()).next() {
                // Which of two counts would be a guess.
                Some((name, _)) if name == "sslmode" && sslmode.is_some() => return Err(ConfigError::rule(SSLMODE)),
                Some((name, value)) if name == "sslmode" => sslmode = Some(value.into_owned()),
                Some((name, value)) if name == "sslrootcert" => roots = Roots::File(PathBuf::from(value.into_owned())),
                _ => others.push(parameter),
            }
        }
        let transport = match sslmode.as_deref() {
            None | Some("disable") if roots != Roots::System => return Err(ConfigError::rule(ROOTS)),
            None | Some("disable") => Transport::Plain,
            Some("require" | "verify-full") => Transport::Tls(roots),
            Some(_) => return Err(ConfigError::rule(SSLMODE)),
        };
        let parsed = match self.is_address() {
            true => format!("{address}?{}", others.join("&")).parse::<tokio_postgres::Config>().ok(),
            false => None,
        };
        // What is wrong with it in detail might repeat a part of the password.
        let mut server = parsed.filter(names_a_server).ok_or_else(|| ConfigError::rule(FORM))?;
        server.ssl_mode(if transport == Transport::Plain { SslMode::Disable } else { SslMode::Require });
        Ok((server, transport))
    }

    fn is_address(&self) -> bool {
        ["postgres://", "postgresql://"].iter().any(|scheme| self.0.starts_with(scheme))
    }

    /// The address and its parameters; a question mark in the password is a part of it.
    fn parts(&self) -> (&str, &str) {
        let after_password = self.0.rfind('@').unwrap_or(0);
        match self.0[after_password..].split_once('?') {
            Some((before, parameters)) => (&self.0[..after_password + before.len()], parameters),
            None => (&self.0, ""),
        }
    }
}

/// An `@` left in a host name is the second one: the password before it is cut in two.
fn names_a_server(server: &tokio_postgres::Config) -> bool {
    let is_name = |host: &Host| !matches!(host, Host::Tcp(name) if name.contains('@'));
    !(server.get_hosts().is_empty() && server.get_hostaddrs().is_empty()) && server.get_hosts().iter().all(is_name)
}

impl FromStr for DatabaseUrl {
    type Err = Infallible;

    /// Takes any text: a refusal on the command line would repeat it. [`DatabaseUrl::check`] refuses.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.check().is_err() {
            return formatter.write_str("(an address that cannot be read)");
        }
        let (address, _) = self.parts();
        let place = address.rsplit_once('@').or_else(|| address.split_once("://")).map_or("", |(_, place)| place);
        write!(formatter, "postgres://{place}")
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DatabaseUrl({self})")
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        text.parse().unwrap()
    }

    #[test]
    fn it_shows_where_it_leads_and_no_password() {
        for (text, shown) in [
            ("postgres://ada:s3cret@db.example:5433/issuer?sslmode=require", "postgres://db.example:5433/issuer"),
            ("postgresql://ada:s3?cr/et@[::1]/issuer", "postgres://[::1]/issuer"),
            ("postgres://one.example,two.example/issuer", "postgres://one.example,two.example/issuer"),
            ("postgres:///issuer?host=/run/postgresql&password=s3cret", "postgres:///issuer"),
            ("postgres://ada:s3@cret@db.example/issuer", "(an address that cannot be read)"),
            ("host=db.example password=s3cret", "(an address that cannot be read)"),
        ] {
            let url = url(text);
            assert_eq!(url.to_string(), shown);
            let all = format!("{url} {url:?} {} {:?}", toml::Value::try_from(&url).unwrap(), url.check());
            assert!(!all.contains("s3") && !all.contains("cret"), "{all}");
        }
    }

    #[test]
    fn tls_is_used_where_it_is_asked_for_and_always_checks() {
        let transport = |parameters: &str| url(&format!("postgres://db.example/issuer{parameters}")).read().unwrap().1;
        assert_eq!(transport(""), Transport::Plain);
        assert_eq!(transport("?sslmode=disable"), Transport::Plain);
        assert_eq!(transport("?sslmode=require"), Transport::Tls(Roots::System));
        let pinned = transport("?connect_timeout=2&sslrootcert=%2Fetc%2Fca.pem&sslmode=verify-full");
        assert_eq!(pinned, Transport::Tls(Roots::File(PathBuf::from("/etc/ca.pem"))));
        let lax = url("postgres://db.example/issuer?sslmode=prefer").check().unwrap_err().to_string();
        assert!(lax.contains("verify-full"), "{lax}");
    }

    /// It was called fine, and everything travelled in clear.
    #[test]
    fn a_certificate_that_was_named_was_not_asked_for() {
        for parameters in ["?sslrootcert=/etc/ca.pem", "?sslrootcert=/etc/ca.pem&sslmode=disable"] {
            let error = url(&format!("postgres://db.example/issuer{parameters}")).check().unwrap_err().to_string();
            assert!(error.contains("sslmode=verify-full"), "{error}");
        }
        let twice = url("postgres://db.example/issuer?sslmode=verify-full&sslmode=disable").check();
        assert!(twice.unwrap_err().to_string().contains("sslmode is one of"));
    }

    #[test]
    fn an_address_that_cannot_be_meant_is_refused_with_the_form_it_has() {
        for text in ["", "issuer.sqlite3", "mysql://h/d", "postgres://", "postgres:///d", "postgres://h/d?colour=green"]
        {
            assert!(url(text).check().unwrap_err().to_string().contains("postgres://user:password@host"), "{text}");
        }
    }

    #[test]
    fn another_machine_in_clear_is_noticed() {
        for (text, exposed) in [
            ("postgres://db.example/issuer", true),
            ("postgres://localhost,db.example/issuer", true),
            ("postgres://db.example/issuer?sslmode=require", false),
            ("postgres://localhost/issuer", false),
            ("postgres://[::1]/issuer", false),
            ("postgres://%2Frun%2Fpostgresql/issuer", false),
        ] {
            assert_eq!(url(text).is_exposed(), exposed, "{text}");
        }
    }
}
