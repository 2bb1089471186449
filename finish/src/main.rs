//! `evergrant-finish DIR`: makes the app that Trunk built in a directory ready to be served, in place.
//!
//! Code, script and style become smaller: what neither uses of the other goes, and with it every word about panics. Each is
//! then sealed: the page names the hash of the style and of the script, the script that of the code, so a browser runs what
//! was built or nothing. The code comes in two parts, the second of which follows when the app is there. The page starts the app
//! without a script of its own, so a content security policy needs no exception for it. What a server may send compressed is
//! compressed here, once and well.

mod built;
mod compressed;
mod locations;
mod module;
mod names;
mod optimizers;
mod order;
mod page;
mod parts;
mod plain;
mod recorded;
mod script;
mod sealed;
mod silent;
mod start;

use std::{path::PathBuf, process::ExitCode, slice};

use anyhow::Context;
use lexopt::{
    Arg::{Long, Value},
    Parser,
};

use built::BuiltApp;
use module::Border;
use names::Names;
use optimizers::Optimizers;
use page::Page;
use parts::Parts;
use sealed::Sealed;
use start::Start;

const USAGE: &str = "evergrant-finish DIR --esbuild PROGRAM --wasm-opt PROGRAM (--start LIST | --record)";

fn main() -> ExitCode {
    match options(Parser::from_env()).and_then(|options| finish(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    directory: PathBuf,
    optimizers: Optimizers,
    /// The list of the functions that run at the start, by which the app is split; without one, the app is to say which of them run.
    start: Option<PathBuf>,
}

fn options(mut arguments: Parser) -> anyhow::Result<Options> {
    let (mut directory, mut esbuild, mut wasm_opt, mut start, mut record) = (None, None, None, None, false);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("esbuild") => esbuild = Some(PathBuf::from(arguments.value()?)),
            Long("wasm-opt") => wasm_opt = Some(PathBuf::from(arguments.value()?)),
            Long("start") => start = Some(PathBuf::from(arguments.value()?)),
            Long("record") => record = true,
            Value(value) if directory.is_none() => directory = Some(PathBuf::from(value)),
            other => return Err(other.unexpected()).context(USAGE),
        }
    }
    let optimizers = Optimizers { esbuild: esbuild.context(USAGE)?, wasm_opt: wasm_opt.context(USAGE)? };
    anyhow::ensure!(record != start.is_some(), USAGE);
    Ok(Options { directory: directory.context(USAGE)?, optimizers, start })
}

fn finish(options: &Options) -> anyhow::Result<()> {
    let optimizers = &options.optimizers;
    let mut app = BuiltApp::find(options.directory.clone())?;
    let mut page = Page::read(&app)?;
    page.put_in_order(&mut app.styles);

    let built = app.read(&app.code)?;
    let bindings = String::from_utf8(app.read(&app.script)?).with_context(|| format!("{} is not UTF-8", app.script))?;
    let bindings = script::with_functions_for_start(&script::freeing_later(&script::without_disposal(&bindings)));

    // What nobody here calls is seen in the script when it is put together as it will be, and in the code when it is small.
    let known = options.start.as_deref().map(Start::read).transpose()?;
    let start = if known.is_some() { script::START } else { script::RECORD };
    let draft = optimizers.bundled_script(&bindings, start, &script::parts("", &[]), &Names::new())?;
    let draft = String::from_utf8(draft).context("esbuild wrote something that is not UTF-8")?;
    let mut unused = Border::of(&built)?.exports;
    unused.retain(|name| !script::reads(&draft, name));
    let code = silent::silenced(&built, &unused)?;
    let code = optimizers.smaller_code(&module::without_exports(&code, &unused)?)?;
    let border = Border::of(&code)?;
    let bindings = script::without_functions(&bindings, &(&script::functions(&bindings) - &border.imports));

    let names = names::shortened(&border.names());
    let code = locations::forgotten(&module::renamed(&code, &names)?)?;
    let parts = match known {
        Some(known) => {
            let Parts { first, rest } = parts::split(&code, |name| known.has(name))?;
            vec![first, rest]
        }
        None => {
            app.write(recorded::FUNCTIONS, recorded::functions(&code)?.as_bytes())?;
            vec![recorded::recorded(&code)?]
        }
    };
    let named = [(app.stem.clone(), "_bg.wasm"), (format!("{}-rest", app.stem), ".wasm")];
    let parts: Vec<Sealed> = named.iter().zip(parts).map(|((stem, end), part)| Sealed::new(stem, end, part)).collect();

    let script = optimizers.bundled_script(&bindings, start, &script::parts(&page.address_of(""), &parts), &names)?;
    let script = Sealed::new(&app.stem, ".js", script);
    page.start_by(&app, &script, &parts[0])?;
    app.replace(slice::from_ref(&app.code), &parts)?;
    app.replace(slice::from_ref(&app.script), slice::from_ref(&script))?;

    if !app.styles.is_empty() {
        // As one: what they have in common is found, and a browser has six connections to a server that speaks HTTP/1.1.
        let style = Sealed::new(&app.stem, ".css", optimizers.smaller_style(&app.content_of(&app.styles)?)?);
        page.use_style(&app.styles, &style)?;
        app.replace(&app.styles, slice::from_ref(&style))?;
    }
    for script in &app.other_scripts {
        app.write(script, &optimizers.smaller_script(&app.directory.join(script))?)?;
    }
    page.write(&app)?;
    compressed::beside_each(&app.directory)
}
