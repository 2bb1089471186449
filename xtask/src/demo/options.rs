//! The flags of `cargo xtask demo`.

use lexopt::{Arg::Long, Parser, ValueExt};

use super::ports::Ports;

/// What the person asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(super) ports: Ports,
    /// Seconds.
    pub(super) access_token_lifetime: Option<u32>,
    /// Seconds.
    pub(super) id_token_lifetime: Option<u32>,
    pub(super) without_app: bool,
    pub(super) no_build: bool,
}

impl Options {
    /// Reads what is left of the command line.
    pub(crate) fn parse(arguments: &mut Parser) -> Result<Self, lexopt::Error> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("app-port") => options.ports.app = arguments.value()?.parse()?,
                Long("issuer-port") => options.ports.issuer = arguments.value()?.parse()?,
                Long("silent-port") => options.ports.silent = arguments.value()?.parse()?,
                Long("api-port") => options.ports.api = arguments.value()?.parse()?,
                Long("webapp-port") => options.ports.web_app = arguments.value()?.parse()?,
                Long("access-token-lifetime") => {
                    options.access_token_lifetime = Some(arguments.value()?.parse()?);
                }
                Long("id-token-lifetime") => options.id_token_lifetime = Some(arguments.value()?.parse()?),
                Long("without-app") => options.without_app = true,
                Long("no-build") => options.no_build = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, lexopt::Error> {
        Options::parse(&mut Parser::from_args(arguments))
    }

    #[test]
    fn flags_change_what_they_name() {
        let options = parse(&["--access-token-lifetime", "15", "--issuer-port=4000", "--without-app"]).unwrap();
        let ports = Ports { issuer: 4000, ..Ports::default() };
        let expected = Options { ports, access_token_lifetime: Some(15), without_app: true, ..Options::default() };
        assert_eq!(options, expected);
    }

    #[test]
    fn what_is_no_flag_or_no_number_is_refused_by_name() {
        for (arguments, named) in
            [(&["--lifetime"][..], "--lifetime"), (&["--app-port", "http"], "http"), (&["now"], "now")]
        {
            let error = parse(arguments).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
