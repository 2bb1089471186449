//! What the demo and the end-to-end tests start: the built app, and the servers' binaries.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

use crate::{
    process,
    stop::Stop,
    tools::{Browser, Compiler, Optimizers, Tools},
    workspace,
};

/// The servers' binaries.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) issuer: PathBuf,
    pub(crate) silent: PathBuf,
    pub(crate) api: PathBuf,
    pub(crate) web_app: PathBuf,
}

/// How the servers are compiled.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Profile {
    /// For people who try it, and for tests: quick to build. Hashing a password takes the time it is meant to.
    Dev,
    /// For measuring.
    Release,
    /// For servers: as quick as the compiler can make it, however long that takes.
    ServerRelease,
}

impl Profile {
    /// What Cargo calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
            Self::ServerRelease => "server-release",
        }
    }

    /// Where Cargo puts what it builds.
    fn directory(self) -> PathBuf {
        workspace::target_dir().join(match self {
            Self::Dev => "debug",
            built => built.name(),
        })
    }

    /// Where Cargo puts a program.
    pub(crate) fn program(self, name: &str) -> PathBuf {
        self.directory().join(name).with_extension(env::consts::EXE_EXTENSION)
    }

    /// Cargo, building packages.
    pub(crate) fn build(self, packages: &[&str]) -> Command {
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--profile", self.name()]);
        for package in packages {
            cargo.args(["--package", package]);
        }
        cargo
    }
}

impl Servers {
    /// Where Cargo puts the binaries.
    pub(crate) fn located(profile: Profile) -> Self {
        Self {
            issuer: profile.program("evergrant-issuer"),
            silent: profile.program("evergrant-silent"),
            api: profile.program("evergrant-api"),
            web_app: profile.program("evergrant-webapp"),
        }
    }

    /// Builds all of them.
    pub(crate) fn build(profile: Profile, stop: &Stop) -> anyhow::Result<Self> {
        let mut cargo = profile.build(&["evergrant-issuer", "evergrant-silent", "evergrant-api", "evergrant-webapp"]);
        process::run_to_success(&mut cargo, stop)?;
        Ok(Self::located(profile))
    }

    /// The binaries of an earlier build.
    pub(crate) fn built_before(profile: Profile) -> anyhow::Result<Self> {
        let servers = Self::located(profile);
        if servers.all().iter().any(|binary| !binary.is_file()) {
            bail!("There is nothing built yet: run once without --no-build.");
        }
        Ok(servers)
    }

    /// Each of them.
    pub(crate) fn all(&self) -> [&Path; 4] {
        [&self.issuer, &self.silent, &self.api, &self.web_app]
    }
}

/// Where the app lies that the end-to-end tests open.
pub(crate) fn app_for_tests() -> PathBuf {
    workspace::root().join("target").join("e2e").join("app")
}

/// Builds an example as `trunk serve` would, into `dist`, with these of its features.
pub(crate) fn build_example(
    name: &str,
    features: &[&str],
    dist: &Path,
    tools: &Tools,
    stop: &Stop,
) -> anyhow::Result<()> {
    let page = Path::new("examples").join(name).join("index.html");
    let mut trunk = tools.trunk();
    trunk.args(["build", "--offline"]);
    for feature in features {
        trunk.args(["--features", feature]);
    }
    trunk.arg("--dist").arg(dist).arg(page);
    process::run_to_success(&mut trunk, stop)
}

/// Builds the app with all optimizations of the compiler, into `dist`.
pub(crate) fn build_app(dist: &Path, compiler: Compiler, tools: &Tools, stop: &Stop) -> anyhow::Result<()> {
    // Offline, Trunk never goes looking for tools; so Cargo fetches what the build needs before.
    process::run_to_success(&mut compiler.fetch(), stop)?;
    let mut trunk = tools.trunk();
    trunk.args(["build", "--release", "--offline", "--dist"]).arg(dist);
    process::run_to_success(compiler.builds(&mut trunk), stop)
}

/// Builds the app as strangers download it, into `dist`: smaller, sealed and compressed as well.
pub(crate) fn build_finished_app(dist: &Path, compiler: Compiler, tools: &Tools, stop: &Stop) -> anyhow::Result<()> {
    let optimizers = Optimizers::ensure(stop)?;
    build_app(dist, compiler, tools, stop)?;
    process::run_to_success(finish(dist, optimizers).arg("--start").arg(compiler.start_list()), stop)
}

/// Builds the app so that it records which of its functions run, into `dist`.
pub(crate) fn build_recording_app(dist: &Path, compiler: Compiler, tools: &Tools, stop: &Stop) -> anyhow::Result<()> {
    let optimizers = Optimizers::ensure(stop)?;
    build_app(dist, compiler, tools, stop)?;
    process::run_to_success(finish(dist, optimizers).arg("--record"), stop)
}

fn finish(dist: &Path, optimizers: Optimizers) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--quiet", "--package", "evergrant-finish", "--"]).arg(dist);
    cargo.arg("--esbuild").arg(optimizers.esbuild).arg("--wasm-opt").arg(optimizers.wasm_opt);
    cargo
}

/// Where everything is that takes part in a journey through a browser, by the variables that say so.
pub(crate) fn environment(app: PathBuf, servers: Servers, chromium: Browser) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("EVERGRANT_APP_DIR", app),
        ("EVERGRANT_ISSUER_BIN", servers.issuer),
        ("EVERGRANT_SILENT_BIN", servers.silent),
        ("EVERGRANT_API_BIN", servers.api),
        ("EVERGRANT_WEBAPP_BIN", servers.web_app),
        ("CHROMIUM", chromium.program),
        ("CHROMEDRIVER", chromium.driver),
    ]
}
