//! `evergrant-finish DIR`: makes the app that Trunk built in a directory ready to be served, in place.
//!
//! Code, script and style become smaller: what neither uses of the other goes, and with it every word about panics. Each is
//! then sealed: the page names the hash of the style and of the script, the script that of the code, so a browser runs what
//! was built or nothing. The page starts the app without a script of its own, so a content security policy needs no exception
//! for it. What a server may send compressed is compressed here, once and well.

mod built;
mod compressed;
mod locations;
mod module;
mod names;
mod optimizers;
mod order;
mod page;
mod panics;
mod script;
mod sealed;

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
use sealed::Sealed;

const USAGE: &str = "evergrant-finish DIR --esbuild PROGRAM --wasm-opt PROGRAM";

fn main() -> ExitCode {
    match options(Parser::from_env()).and_then(|(directory, optimizers)| finish(directory, &optimizers)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn options(mut arguments: Parser) -> anyhow::Result<(PathBuf, Optimizers)> {
    let (mut directory, mut esbuild, mut wasm_opt) = (None, None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("esbuild") => esbuild = Some(PathBuf::from(arguments.value()?)),
            Long("wasm-opt") => wasm_opt = Some(PathBuf::from(arguments.value()?)),
            Value(value) if directory.is_none() => directory = Some(PathBuf::from(value)),
            other => return Err(other.unexpected()).context(USAGE),
        }
    }
    let optimizers = Optimizers { esbuild: esbuild.context(USAGE)?, wasm_opt: wasm_opt.context(USAGE)? };
    Ok((directory.context(USAGE)?, optimizers))
}

fn finish(directory: PathBuf, optimizers: &Optimizers) -> anyhow::Result<()> {
    let mut app = BuiltApp::find(directory)?;
    let mut page = Page::read(&app)?;
    page.put_in_order(&mut app.styles);

    let code = panics::silenced(&app.read(&app.code)?)?;
    let bindings = String::from_utf8(app.read(&app.script)?).with_context(|| format!("{} is not UTF-8", app.script))?;
    let bindings = script::without_disposal(&bindings);

    // What nobody here calls is seen in the script when it is put together as it will be, and in the code when it is small.
    let draft = optimizers.bundled_script(&bindings, &script::start("", ""), &Names::new())?;
    let draft = String::from_utf8(draft).context("esbuild wrote something that is not UTF-8")?;
    let mut unused = Border::of(&code)?.exports;
    unused.retain(|name| !script::reads(&draft, name));
    let code = optimizers.smaller_code(&module::without_exports(&code, &unused)?)?;
    let border = Border::of(&code)?;
    let bindings = script::without_functions(&bindings, &(&script::functions(&bindings) - &border.imports));

    let names = names::shortened(&border.names());
    let code = order::by_likeness(&locations::forgotten(&module::renamed(&code, &names)?)?)?;
    let code = Sealed::new(&app.stem, "_bg.wasm", code);

    let start = script::start(&page.address_of(&code.name), &code.integrity);
    let script = optimizers.bundled_script(&bindings, &start, &names)?;
    let script = Sealed::new(&app.stem, ".js", script);
    page.start_by(&app, &script, &code)?;
    app.replace(slice::from_ref(&app.code), &code)?;
    app.replace(slice::from_ref(&app.script), &script)?;

    if !app.styles.is_empty() {
        // As one: what they have in common is found, and a browser has six connections to a server that speaks HTTP/1.1.
        let style = Sealed::new(&app.stem, ".css", optimizers.smaller_style(&app.content_of(&app.styles)?)?);
        page.use_style(&app.styles, &style)?;
        app.replace(&app.styles, &style)?;
    }
    page.write(&app)?;
    compressed::beside_each(&app.directory)
}
