//! The programs that make things smaller: `esbuild` for script and style, `wasm-opt` of Binaryen for code.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use crate::{
    names::Names,
    script::{BINDINGS, MODULES, PARTS},
};

/// What the compiler uses of WebAssembly. Without a list wasm-opt refuses the module; with all features on it uses what
/// browsers do not have.
const FEATURES: [&str; 7] = [
    "bulk-memory",
    "bulk-memory-opt",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

/// The syntax that browsers know which can run the app at all.
const TARGET: &str = "--target=es2022";

/// Where the programs are.
#[derive(Debug)]
pub(crate) struct Optimizers {
    pub(crate) esbuild: PathBuf,
    pub(crate) wasm_opt: PathBuf,
}

impl Optimizers {
    /// Makes a WebAssembly module smaller.
    pub(crate) fn smaller_code(&self, module: &[u8]) -> anyhow::Result<Vec<u8>> {
        let workbench = tempfile::tempdir()?;
        let (from, to) = (workbench.path().join("from.wasm"), workbench.path().join("to.wasm"));
        fs::write(&from, module)?;
        let mut wasm_opt = Command::new(&self.wasm_opt);
        // Where a panic traps now, what it would have been told is computed for nothing: seen before all else, it goes everywhere.
        wasm_opt.args(["--inlining-optimizing", "--dae-optimizing", "-Oz"]);
        // A long function that is called once stays one: inlined, it has as many bytes, and is like no other.
        wasm_opt.args(["--one-caller-inline-max-function-size", "50"]);
        // The stack grows down to address 0, and traps there: what lies within the first kilobyte is never asked for on purpose,
        // so an offset can be added by the instruction that loads.
        wasm_opt.arg("--low-memory-unused");
        // The names of functions are of use until the code is split.
        wasm_opt.args(["-g", "--strip-producers", "--strip-target-features"]);
        wasm_opt.args(FEATURES.map(|feature| format!("--enable-{feature}")));
        run(wasm_opt.arg(from).arg("-o").arg(&to))?;
        Ok(fs::read(to)?)
    }

    /// Puts wasm-bindgen's script and the start into one, under the names that the module has now.
    pub(crate) fn bundled_script(
        &self,
        bindings: &str,
        start: &str,
        parts: &str,
        names: &Names,
    ) -> anyhow::Result<Vec<u8>> {
        let workbench = tempfile::tempdir()?;
        let file = |name: &str| workbench.path().join(name);
        fs::write(file(BINDINGS), bindings)?;
        fs::write(file(PARTS), parts)?;
        MODULES.iter().try_for_each(|(name, module)| fs::write(file(name), module))?;
        fs::write(file("start.js"), start)?;
        let cache: Map<String, Value> = names.iter().map(|(old, new)| (old.clone(), new.as_str().into())).collect();
        fs::write(file("names.json"), Value::from(cache).to_string())?;

        let mut esbuild = Command::new(&self.esbuild);
        esbuild.current_dir(workbench.path()).args(["start.js", "--bundle", "--format=esm", "--minify", TARGET]);
        esbuild.args([
            "--log-level=warning",
            "--legal-comments=none",
            "--mangle-cache=names.json",
            // One that is made for a class which nobody uses does nothing.
            "--pure:FinalizationRegistry",
            "--outfile=bundle.js",
        ]);
        if !names.is_empty() {
            let all = names.keys().map(String::as_str).collect::<Vec<_>>().join("|");
            esbuild.arg(format!("--mangle-props=^({all})$"));
        }
        run(&mut esbuild)?;
        Ok(fs::read(file("bundle.js"))?)
    }

    /// Makes a script smaller, and leaves its syntax, which may be for browsers that cannot run the app.
    pub(crate) fn smaller_script(&self, file: &Path) -> anyhow::Result<Vec<u8>> {
        let mut esbuild = Command::new(&self.esbuild);
        run(esbuild.arg(file).args(["--minify-whitespace", "--minify-identifiers", "--log-level=warning"]))
    }

    /// Makes a style sheet smaller.
    pub(crate) fn smaller_style(&self, style: &[u8]) -> anyhow::Result<Vec<u8>> {
        let workbench = tempfile::tempdir()?;
        let file = workbench.path().join("style.css");
        fs::write(&file, style)?;
        let mut esbuild = Command::new(&self.esbuild);
        run(esbuild.arg(file).args(["--minify", "--log-level=warning"]))
    }
}

/// What a program that has to succeed wrote to its standard output.
fn run(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("Cannot run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}
