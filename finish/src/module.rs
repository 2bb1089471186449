//! The WebAssembly module: which names it shares with the script beside it, and the module under other names.

use std::collections::BTreeSet;

use anyhow::Context;
use wasm_encoder::{
    ExportSection, ImportSection, Module,
    reencode::{self, Reencode},
};
use wasmparser::{Export, Import, ImportSectionReader, Parser, Payload};

use crate::names::Names;

/// The names of what the module takes from the script and of what it gives to it.
pub(crate) fn names_across_the_border(module: &[u8]) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("This is no WebAssembly module")? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    names.insert(import?.name.to_owned());
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    names.insert(export?.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(names)
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

    #[test]
    fn imports_and_exports_have_their_new_names_and_others_the_old_ones() {
        let before = names_across_the_border(&module()).unwrap();
        assert_eq!(
            before,
            ["__wbg_fetch_0123", "__wbg_now_4567", "__wbindgen_start", "memory"].map(str::to_owned).into()
        );
        let new = [("__wbg_fetch_0123", "a"), ("__wbg_now_4567", "b"), ("__wbindgen_start", "c")];
        let renamed = renamed(&module(), &new.map(|(old, new)| (old.to_owned(), new.to_owned())).into()).unwrap();
        let after = names_across_the_border(&renamed).unwrap();
        assert_eq!(after, ["a", "b", "c", "memory"].map(str::to_owned).into());
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(names_across_the_border(b"no module").is_err());
        assert!(renamed(b"no module", &Names::new()).is_err());
    }
}
