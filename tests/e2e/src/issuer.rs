//! The authorization server under test: it can be held still, killed, and started again at the same address.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use tempfile::TempDir;

use crate::process::Process;
use crate::setup::Setup;

/// A running issuer with a database of its own, which outlives a restart.
#[derive(Debug)]
pub struct Issuer {
    program: PathBuf,
    arguments: Vec<String>,
    settings: String,
    clients: String,
    data: TempDir,
    origin: String,
    process: RefCell<Option<Process>>,
}

impl Issuer {
    /// Starts the demo's issuer on a free port, for an app and a silent page at these origins.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(program: &Path, app: &str, silent: &str, setup: &Setup) -> anyhow::Result<Self> {
        let mut arguments: Vec<String> =
            ["--exit-on-stdin-close", "--dev", "--app-origin", app, "--silent-origin", silent]
                .map(str::to_owned)
                .into();
        let lifetimes = [
            ("--access-token-lifetime", setup.access_token_lifetime),
            ("--id-token-lifetime", setup.id_token_lifetime),
        ];
        for (flag, seconds) in lifetimes {
            arguments.extend(seconds.into_iter().flat_map(|seconds| [flag.to_owned(), seconds.to_string()]));
        }
        let data = TempDir::with_prefix("evergrant-issuer-")?;
        let mut issuer = Self {
            program: program.to_owned(),
            arguments,
            settings: setup.issuer_settings.clone(),
            clients: setup.clients.clone(),
            data,
            origin: String::new(),
            process: RefCell::default(),
        };
        let host = if setup.issuer_is_another_site { "127.0.0.1" } else { "localhost" };
        issuer.configure(&format!("http://{host}:3000/"))?;
        issuer.origin = issuer.listen(&format!("{host}:0"))?;
        Ok(issuer)
    }

    /// Starts it again with another origin in place of `demo` in every client's registration.
    ///
    /// # Errors
    /// When it does not start.
    pub fn replace_origin(&mut self, demo: &str, origin: &str) -> anyhow::Result<()> {
        self.arguments.extend(["--replace-origin".to_owned(), format!("{demo}={origin}")]);
        self.restart()
    }

    /// Where it answers, without the slash that ends its identifier.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Kills it without warning, as a crash would.
    pub fn kill(&self) {
        self.process.take();
    }

    /// Starts it again at the same address, with the same database.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&self) -> anyhow::Result<()> {
        self.kill();
        let address = self.origin.strip_prefix("http://").context("the issuer's origin is not http")?;
        // On port 0 the issuer put the port it got into its identifier; on a port that is named it believes the file.
        self.configure(&format!("{}/", self.origin))?;
        self.listen(address).map(drop)
    }

    /// Holds it still: connections open, requests wait, and no answer comes.
    ///
    /// # Errors
    /// When it is not running.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.process.borrow().as_ref().context("the issuer is not running")?.pause()
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.process.borrow().as_ref().context("the issuer is not running")?.resume()
    }

    /// Moves its clock by so many seconds, ahead or back.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn move_clock(&self, seconds: i32) -> anyhow::Result<()> {
        ureq::post(format!("{}/dev/clock", self.origin)).send_form([("advance", seconds.to_string())])?;
        Ok(())
    }

    /// What it logged since it was last started.
    pub fn output(&self) -> String {
        self.process.borrow().as_ref().map(Process::output).unwrap_or_default()
    }

    /// How many requests to `path` it has answered with this status since it was last started.
    pub fn answered(&self, path: &str, status: u16) -> usize {
        let (path, status) = (format!("path=\"{path}\""), format!("status={status}"));
        self.output().lines().filter(|line| line.contains(&path) && line.contains(&status)).count()
    }

    /// The demo's configuration, for an issuer of this identifier, with the settings and the clients that were asked for besides.
    fn configure(&self, identifier: &str) -> anyhow::Result<()> {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../issuer/demo.toml");
        let text = fs::read_to_string(demo).context("the demo's configuration cannot be read")?;
        let text = text.replace("\"http://localhost:3000/\"", &format!("\"{identifier}\""));
        let text = [&self.settings, &text, &self.clients].map(String::as_str).concat();
        fs::write(self.config(), text)?;
        Ok(())
    }

    fn config(&self) -> PathBuf {
        self.data.path().join("issuer.toml")
    }

    fn listen(&self, address: &str) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(["--listen", address]).arg("--config").arg(self.config());
        command.arg("--database").arg(self.data.path().join("issuer.sqlite"));
        let (process, origin) = Process::start("the issuer", &mut command, |line| {
            line.strip_prefix("evergrant-issuer is listening on ").map(|url| url.trim_end_matches('/').to_owned())
        })?;
        self.process.replace(Some(process));
        Ok(origin)
    }
}
