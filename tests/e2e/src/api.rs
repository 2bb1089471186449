//! The expenses API: it can be held still, killed, and started again at the same address.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::process::Process;

/// A running API that follows the world's issuer.
#[derive(Debug)]
pub struct Api {
    program: PathBuf,
    arguments: Vec<String>,
    origin: String,
    process: RefCell<Option<Process>>,
}

impl Api {
    /// Starts the demo's API on a free port, for tokens of this issuer and pages of this app.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(program: &Path, issuer: &str, app: &str) -> anyhow::Result<Self> {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../api/demo.toml");
        let arguments = ["--exit-on-stdin-close", "--issuer", &format!("{issuer}/"), "--app-origin", app];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).into();
        arguments.extend(["--config".to_owned(), demo.display().to_string()]);
        let mut api =
            Self { program: program.to_owned(), arguments, origin: String::new(), process: RefCell::default() };
        api.origin = api.listen("localhost:0")?;
        Ok(api)
    }

    /// Where it answers.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Kills it without warning.
    pub fn kill(&self) {
        self.process.take();
    }

    /// Starts it again at the same address.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&self) -> anyhow::Result<()> {
        self.kill();
        let address = self.origin.strip_prefix("http://").context("the API's origin is not http")?;
        self.listen(address).map(drop)
    }

    /// What it logged since it was last started.
    pub fn output(&self) -> String {
        self.process.borrow().as_ref().map(Process::output).unwrap_or_default()
    }

    /// When the tokens it accepted were issued, as it logged that, oldest request first.
    pub fn issued_at(&self) -> Vec<String> {
        let dates = self.output();
        let dates = dates.lines().filter_map(|line| line.split_once("issued_at=")?.1.split_whitespace().next());
        dates.map(str::to_owned).collect()
    }

    fn listen(&self, address: &str) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(["--listen", address]).env("NO_COLOR", "1");
        let (process, origin) = Process::start("the API", &mut command, |line| {
            line.strip_prefix("evergrant-api is listening on ").map(str::to_owned)
        })?;
        self.process.replace(Some(process));
        Ok(origin)
    }
}
