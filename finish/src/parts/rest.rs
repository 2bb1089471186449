//! The rest: all other functions, over the memory, the tables and the globals of the first part. As it is instantiated it
//! puts its functions into the table, where nothing was until then.

use std::collections::BTreeMap;

use anyhow::Context;
use wasm_encoder::{
    CodeSection, ElementSection, EntityType, FunctionSection, ImportSection, Module, TypeSection,
    reencode::{self, Reencode},
};
use wasmparser::{Import, Parser, Payload};

use super::{
    FIRST,
    plan::{Given, Plan},
    table,
};

type Outcome<T = ()> = Result<T, reencode::Error<std::convert::Infallible>>;

/// Writes it.
pub(super) fn encoded(module: &[u8], plan: &Plan<'_>) -> anyhow::Result<Vec<u8>> {
    let imports = plan.imports_of_rest();
    let all = imports.iter().chain(&plan.shared).chain(&plan.rest);
    let indices = all.zip(0..).map(|(old, new)| (*old, new)).collect();
    let mut rest = Rest { plan, indices };
    let (mut types, mut imported) = (TypeSection::new(), ImportSection::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => rest.parse_type_section(&mut types, section)?,
            Payload::ImportSection(section) => {
                for (function, import) in (0..).zip(section.into_imports()) {
                    rest.keep(&mut imported, function, import?)?;
                }
            }
            _ => {}
        }
    }
    rest.import_given(&mut imported).context("Cannot write the second part of the WebAssembly module")?;
    let mut encoded = Module::new();
    encoded
        .section(&types)
        .section(&imported)
        .section(&rest.functions())
        .section(&rest.elements())
        .section(&rest.code()?);
    Ok(encoded.finish())
}

struct Rest<'a> {
    plan: &'a Plan<'a>,
    /// The index of each function that this part has or imports.
    indices: BTreeMap<u32, u32>,
}

impl Rest<'_> {
    /// Imports from the script what this part names.
    fn keep(&mut self, imports: &mut ImportSection, function: u32, import: Import<'_>) -> Outcome {
        if self.indices.contains_key(&function) {
            reencode::utils::parse_import(self, imports, import)?;
        }
        Ok(())
    }

    fn import_given(&mut self, imports: &mut ImportSection) -> Outcome {
        for (name, given) in self.plan.given() {
            let whole = self.plan.whole;
            let kind = match given {
                Given::Memory(index) => EntityType::Memory(self.memory_type(whole.memories[index as usize])?),
                Given::Table(index) => EntityType::Table(self.table_type(self.plan.table_type(index))?),
                Given::Global(index) => EntityType::Global(self.global_type(whole.globals[index as usize])?),
                Given::Function(function) => EntityType::Function(whole.types[function as usize]),
            };
            imports.import(FIRST, &name, kind);
        }
        Ok(())
    }

    fn functions(&self) -> FunctionSection {
        let mut functions = FunctionSection::new();
        for function in &self.plan.rest {
            functions.function(self.plan.whole.types[*function as usize]);
        }
        functions
    }

    fn elements(&self) -> ElementSection {
        let all = self.plan.slots.iter().flat_map(|(function, slots)| slots.iter().map(|slot| (*slot, *function)));
        table::filled(self.plan.whole.table, &all.map(|(slot, function)| (slot, self.indices[&function])).collect())
    }

    fn code(&mut self) -> Outcome<CodeSection> {
        let mut code = CodeSection::new();
        for function in &self.plan.rest {
            self.parse_function_body(&mut code, self.plan.whole.body(*function).clone())?;
        }
        Ok(code)
    }
}

impl Reencode for Rest<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(self.indices[&index])
    }
}
