//! The WebAssembly module: which names it shares with the script beside it, and the module under other names.

use std::collections::BTreeSet;

use anyhow::Context;
use wasm_encoder::{
    ExportSection, ImportSection, Module,
    reencode::{self, Reencode},
};
use wasmparser::{Export, Import, ImportSectionReader, Parser, Payload};

use crate::names::Names;

/// The names of what the module takes from the script, and of what it gives to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Border {
    pub(crate) imports: BTreeSet<String>,
    pub(crate) exports: BTreeSet<String>,
}

impl Border {
    /// Reads them.
    pub(crate) fn of(module: &[u8]) -> anyhow::Result<Self> {
        let mut border = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload.context("This is no WebAssembly module")? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        border.imports.insert(import?.name.to_owned());
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        border.exports.insert(export?.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(border)
    }

    /// All names of both kinds.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        &self.imports | &self.exports
    }
}

/// The same module without these exports.
pub(crate) fn without_exports(module: &[u8], unused: &BTreeSet<String>) -> anyhow::Result<Vec<u8>> {
    let mut without = Module::new();
    Withholding(unused)
        .parse_core_module(&mut without, Parser::new(0), module)
        .context("Cannot leave out what the WebAssembly module exports")?;
    Ok(without.finish())
}

struct Withholding<'a>(&'a BTreeSet<String>);

impl Reencode for Withholding<'_> {
    type Error = std::convert::Infallible;

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        if self.0.contains(export.name) {
            return Ok(());
        }
        reencode::utils::parse_export(self, exports, export)
    }
}

/// The same module with other names.
pub(crate) fn renamed(module: &[u8], names: &Names) -> anyhow::Result<Vec<u8>> {
    let mut renamed = Module::new();
    Renaming(names)
        .parse_core_module(&mut renamed, Parser::new(0), module)
        .context("Cannot rename what the WebAssembly module imports and exports")?;
    Ok(renamed.finish())
}

struct Renaming<'a>(&'a Names);

impl<'a> Renaming<'a> {
    fn new_name<'b>(&self, name: &'b str) -> &'b str
    where
        'a: 'b,
    {
        self.0.get(name).map_or(name, String::as_str)
    }
}

impl Reencode for Renaming<'_> {
    type Error = std::convert::Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        for import in section.into_imports() {
            let import = import?;
            let name = self.new_name(import.name);
            reencode::utils::parse_import(self, imports, Import { name, ..import })?;
        }
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let name = self.new_name(export.name);
        reencode::utils::parse_export(self, exports, Export { name, ..export })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use wasm_encoder::{EntityType, ExportKind, FunctionSection, TypeSection};

    use super::*;

    /// Imports two functions, and exports the second of them and one of its own type.
    fn module() -> Vec<u8> {
        let (mut types, mut imports, mut functions, mut exports) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new(), ExportSection::new());
        types.ty().function([], []);
        for name in ["__wbg_fetch_0123", "__wbg_now_4567"] {
            imports.import("./app_bg.js", name, EntityType::Function(0));
        }
        functions.function(0);
        exports.export("memory", ExportKind::Func, 1).export("__wbindgen_start", ExportKind::Func, 2);
        let mut code = wasm_encoder::CodeSection::new();
        code.function(wasm_encoder::Function::new([]).instruction(&wasm_encoder::Instruction::End));
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn imports_and_exports_have_their_new_names_and_others_the_old_ones() {
        let before = Border::of(&module()).unwrap();
        assert_eq!(before.imports, set(&["__wbg_fetch_0123", "__wbg_now_4567"]));
        assert_eq!(before.exports, set(&["__wbindgen_start", "memory"]));
        let new = [("__wbg_fetch_0123", "a"), ("__wbg_now_4567", "b"), ("__wbindgen_start", "c")];
        let renamed = renamed(&module(), &new.map(|(old, new)| (old.to_owned(), new.to_owned())).into()).unwrap();
        assert_eq!(Border::of(&renamed).unwrap().names(), set(&["a", "b", "c", "memory"]));
    }

    #[test]
    fn what_nobody_uses_is_exported_no_more() {
        let without = without_exports(&module(), &set(&["__wbindgen_start", "__wbg_now_4567"])).unwrap();
        let expected = Border { exports: set(&["memory"]), ..Border::of(&module()).unwrap() };
        assert_eq!(Border::of(&without).unwrap(), expected);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(Border::of(b"no module").is_err());
        assert!(renamed(b"no module", &Names::new()).is_err());
        assert!(without_exports(b"no module", &BTreeSet::new()).is_err());
    }
}
