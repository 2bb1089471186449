//! The module in two parts. The first has what runs until the app is there, and all data; the rest follows while the person
//! already looks at it.
//!
//! All functions of the rest that the first part may call are in the table, and their places are empty until the rest is there.
//! So the first part calls what is in the table with a look at its place: where nothing is, it asks the script for the rest,
//! which returns when that has filled the table. Which function is where changes how long something takes, and nothing else.

mod first;
mod plan;
mod rest;
mod table;
mod whole;

use anyhow::Context;
use wasmparser::Validator;

use plan::Plan;
pub(crate) use whole::Whole;

/// The name under which the first part imports the function that brings the rest, beside what the app imports.
pub(crate) const BRING: &str = "$";

/// The module that the rest imports from: what the first part exports.
const FIRST: &str = "";

/// Both, as modules that were found valid.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) first: Vec<u8>,
    pub(crate) rest: Vec<u8>,
}

/// Splits a module: the first part gets the functions whose names `starts` knows.
///
/// # Errors
/// When the module does not name its functions, or has something that compiled Rust does not have.
pub(crate) fn split(module: &[u8], starts: impl Fn(&str) -> bool) -> anyhow::Result<Parts> {
    let whole = Whole::read(module).context("Cannot read the WebAssembly module")?;
    let plan = Plan::of(&whole, starts)?;
    let parts = Parts { first: first::encoded(module, &plan)?, rest: rest::encoded(module, &plan)? };
    for (name, part) in [("first", &parts.first), ("second", &parts.rest)] {
        Validator::new().validate_all(part).with_context(|| format!("The {name} part came out wrong"))?;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::{borrow::Cow, slice};

    use wasm_encoder::{
        CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
        FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemorySection, MemoryType, Module,
        NameMap, NameSection, RefType, TableSection, TableType, TypeSection, ValType,
    };
    use wasmparser::{ElementItems, ExternalKind, Operator, Parser, Payload};

    use super::*;

    const NOW: u32 = 0;
    /// `main` calls `later` once; `often` calls it three times, and what is in the table at 1, which is `drawn`.
    const NAMES: [&str; 5] = ["now", "main", "often", "later", "drawn"];
    const MAIN: u32 = 1;
    const OFTEN: u32 = 2;
    const LATER: u32 = 3;
    const DRAWN: u32 = 4;

    fn module(of_main: &Instruction<'_>) -> Vec<u8> {
        let (mut types, mut imports, mut functions, mut tables) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new(), TableSection::new());
        types.ty().function([], []);
        types.ty().function([ValType::I64], [ValType::I64]);
        imports.import("./app_bg.js", "now", EntityType::Function(NOW));
        functions.function(0).function(0).function(1).function(1);
        let (element_type, minimum, maximum) = (RefType::FUNCREF, 3, Some(3));
        tables.table(TableType { element_type, minimum, maximum, table64: false, shared: false });
        let (mut memories, mut globals, mut exports, mut elements) =
            (MemorySection::new(), GlobalSection::new(), ExportSection::new(), ElementSection::new());
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let stack_pointer = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(stack_pointer, &ConstExpr::i32_const(1024));
        exports.export("memory", ExportKind::Memory, 0).export("main", ExportKind::Func, MAIN);
        elements.active(None, &ConstExpr::i32_const(1), Elements::Functions(Cow::Borrowed(&[DRAWN, MAIN])));

        let mut code = CodeSection::new();
        let number = Instruction::I64Const(5);
        let call = [number.clone(), Instruction::Call(LATER), Instruction::Drop];
        let in_table = Instruction::CallIndirect { type_index: 1, table_index: 0 };
        let drawn = [number, Instruction::I32Const(1), in_table, Instruction::Drop];
        let main = [slice::from_ref(of_main), &call[..]].concat();
        let often = [&call[..], &call[..], &call[..], &drawn[..]].concat();
        let stack = [Instruction::GlobalGet(0), Instruction::Drop];
        let rest = [&stack[..], &[Instruction::Call(OFTEN), Instruction::LocalGet(0)]].concat();
        for body in [main, often, rest.clone(), rest] {
            let mut function = Function::new([]);
            for instruction in &body {
                function.instruction(instruction);
            }
            code.function(function.instruction(&Instruction::End));
        }
        let (mut all, mut names) = (NameSection::new(), NameMap::new());
        (0..).zip(NAMES).for_each(|(function, name)| names.append(function, name));
        all.functions(&names);

        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
        module.section(&globals).section(&exports).section(&elements).section(&code).section(&all);
        module.finish()
    }

    fn parts() -> Parts {
        split(&module(&Instruction::Call(NOW)), |name| ["main", "often"].contains(&name)).unwrap()
    }

    /// What each function that a module brings calls.
    fn calls(module: &[u8]) -> Vec<Vec<u32>> {
        let bodies = Parser::new(0).parse_all(module).filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        let called = |operator| match operator {
            Operator::Call { function_index } => Some(function_index),
            Operator::CallIndirect { .. } => Some(u32::MAX),
            _ => None,
        };
        bodies
            .map(|body| body.get_operators_reader().unwrap().into_iter().filter_map(|it| called(it.unwrap())).collect())
            .collect()
    }

    /// Where a module puts how many functions into the table.
    fn filled(module: &[u8]) -> Vec<(i32, u32)> {
        let mut rows = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            let Payload::ElementSection(section) = payload.unwrap() else { continue };
            for element in section {
                let element = element.unwrap();
                let wasmparser::ElementKind::Active { offset_expr, .. } = element.kind else { panic!() };
                let Operator::I32Const { value } = offset_expr.get_operators_reader().read().unwrap() else { panic!() };
                let ElementItems::Functions(functions) = element.items else { panic!() };
                rows.push((value, functions.count()));
            }
        }
        rows
    }

    #[test]
    fn the_first_part_calls_what_is_not_there_by_way_of_the_table() {
        let parts = parts();
        // Imported are `now` and what brings the rest; then come the two functions, the longer one first, the proxy for what is
        // called often, and what calls functions of that type by their places in the table.
        let (now, bring, proxy, caller) = (0, 1, 4, 5);
        let in_table = u32::MAX;
        assert_eq!(
            calls(&parts.first),
            [vec![proxy, proxy, proxy, caller], vec![now, proxy], vec![caller], vec![bring, in_table]]
        );
    }

    #[test]
    fn each_part_puts_its_own_functions_into_the_table() {
        let parts = parts();
        assert_eq!(filled(&parts.first), [(2, 1)], "main");
        assert_eq!(filled(&parts.rest), [(1, 1), (3, 1)], "drawn, and later at a new place");
    }

    #[test]
    fn the_rest_shares_memory_table_globals_and_functions() {
        let parts = parts();
        let mut shared = Vec::new();
        for payload in Parser::new(0).parse_all(&parts.rest) {
            let Payload::ImportSection(imports) = payload.unwrap() else { continue };
            shared.extend(imports.into_imports().map(|import| import.unwrap()).map(|it| (it.module, it.name)));
        }
        assert_eq!(shared, [("", "0"), ("", "1"), ("", "2"), ("", "3")]);
        let mut given = Vec::new();
        for payload in Parser::new(0).parse_all(&parts.first) {
            let Payload::ExportSection(exports) = payload.unwrap() else { continue };
            given.extend(exports.into_iter().map(|export| export.unwrap()).map(|it| (it.name, it.kind)));
        }
        let expected = [
            ("memory", ExternalKind::Memory),
            ("main", ExternalKind::Func),
            ("0", ExternalKind::Memory),
            ("1", ExternalKind::Table),
            ("2", ExternalKind::Global),
            ("3", ExternalKind::Func),
        ];
        assert_eq!(given, expected);
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        let refused = |module: &[u8], starts: fn(&str) -> bool| split(module, starts).unwrap_err().to_string();
        let module_of = |instruction| module(&instruction);
        assert!(refused(&module_of(Instruction::Nop), |_| false).contains("was it profiled?"));
        assert!(refused(&module_of(Instruction::Nop), |_| true).contains("Every function"));
        refused(&module_of(Instruction::DataDrop(0)), |name| name == "main");
        refused(b"no module", |_| true);
    }
}
