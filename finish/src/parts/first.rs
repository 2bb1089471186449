//! The first part: the functions that run at the start, everything that is not a function, and what calls the others.

use std::collections::BTreeMap;

use anyhow::Context;
use wasm_encoder::{
    BlockType, CodeSection, ElementSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    ImportSection, Instruction, Module, TableSection, TypeSection, ValType,
    reencode::{self, Reencode},
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, ElementSectionReader, ExportSectionReader, FunctionBody,
    FunctionSectionReader, ImportSectionReader, Operator, Parser, TableSectionReader, TypeSectionReader,
};

use super::{
    BRING,
    plan::{Given, Plan},
    table,
};

type Outcome<T = ()> = Result<T, reencode::Error<std::convert::Infallible>>;

/// Writes it.
pub(super) fn encoded(module: &[u8], plan: &Plan<'_>) -> anyhow::Result<Vec<u8>> {
    let imports = plan.imports_of_first();
    let bring = imports.len() as u32;
    let own = plan.first.iter().chain(&plan.proxied).zip(bring + 1..);
    let indices: BTreeMap<u32, u32> = imports.iter().zip(0..).chain(own).map(|(old, new)| (*old, new)).collect();

    let callers = plan.called_in_table().into_iter().zip(bring + 1 + (plan.first.len() + plan.proxied.len()) as u32..);
    let callers = callers.collect();
    let mut first = Module::new();
    First { plan, indices, callers, bring }
        .parse_core_module(&mut first, Parser::new(0), module)
        .context("Cannot write the first part of the WebAssembly module")?;
    Ok(first.finish())
}

struct First<'a> {
    plan: &'a Plan<'a>,
    /// The index of each function that this part has, or has a proxy for.
    indices: BTreeMap<u32, u32>,
    /// For each type of function, that of the one which calls such a function by its place in the table.
    callers: BTreeMap<u32, u32>,
    /// That of the function which brings the rest.
    bring: u32,
}

impl First<'_> {
    /// Calls a function of the rest with what it was called with.
    fn proxy(&self, function: u32) -> Function {
        let whole = self.plan.whole;
        let kind = whole.types[function as usize];
        let mut proxy = Function::new([]);
        for parameter in 0..whole.signatures[kind as usize].params().len() as u32 {
            proxy.instruction(&Instruction::LocalGet(parameter));
        }
        for instruction in self.call_of_rest(function) {
            proxy.instruction(&instruction);
        }
        proxy.instruction(&Instruction::End);
        proxy
    }

    fn call_of_rest(&self, function: u32) -> [Instruction<'static>; 2] {
        let kind = self.plan.whole.types[function as usize];
        let slot = self.plan.slots[&function][0];
        [Instruction::I32Const(slot.cast_signed()), Instruction::Call(self.callers[&kind])]
    }

    /// Calls a function of this type by its place in the table, which comes last, once something is there.
    fn caller(&self, kind: u32) -> Function {
        let whole = self.plan.whole;
        let slot = whole.signatures[kind as usize].params().len() as u32;
        let mut caller = Function::new([]);
        caller
            .instruction(&Instruction::LocalGet(slot))
            .instruction(&Instruction::TableGet(whole.table))
            .instruction(&Instruction::RefIsNull)
            .instruction(&Instruction::If(BlockType::Empty))
            .instruction(&Instruction::Call(self.bring))
            .instruction(&Instruction::End);
        for parameter in 0..=slot {
            caller.instruction(&Instruction::LocalGet(parameter));
        }
        caller
            .instruction(&Instruction::CallIndirect { type_index: kind, table_index: whole.table })
            .instruction(&Instruction::End);
        caller
    }

    /// The type of what brings the rest; those of the callers follow.
    fn type_of_bring(&self) -> u32 {
        self.plan.whole.signatures.len() as u32
    }
}

impl Reencode for First<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(self.indices[&index])
    }

    fn parse_type_section(&mut self, types: &mut TypeSection, section: TypeSectionReader<'_>) -> Outcome {
        reencode::utils::parse_type_section(self, types, section)?;
        types.ty().function([], []);
        for kind in self.callers.keys().copied().collect::<Vec<_>>() {
            let mut signature = self.func_type(self.plan.whole.signatures[kind as usize].clone())?;
            let parameters = signature.params().iter().copied().chain([ValType::I32]);
            signature = wasm_encoder::FuncType::new(parameters, signature.results().to_vec());
            types.ty().func_type(&signature);
        }
        Ok(())
    }

    fn parse_import_section(&mut self, imports: &mut ImportSection, section: ImportSectionReader<'_>) -> Outcome {
        for (function, import) in (0..).zip(section.into_imports()) {
            let import = import?;
            if self.indices.contains_key(&function) {
                reencode::utils::parse_import(self, imports, import)?;
            }
        }
        imports.import(self.plan.whole.script, BRING, EntityType::Function(self.type_of_bring()));
        Ok(())
    }

    fn parse_function_section(&mut self, functions: &mut FunctionSection, _: FunctionSectionReader<'_>) -> Outcome {
        for function in self.plan.first.iter().chain(&self.plan.proxied) {
            functions.function(self.plan.whole.types[*function as usize]);
        }
        for (_, kind) in self.callers.keys().zip(self.type_of_bring() + 1..) {
            functions.function(kind);
        }
        Ok(())
    }

    fn parse_table_section(&mut self, tables: &mut TableSection, _: TableSectionReader<'_>) -> Outcome {
        for index in 0..self.plan.whole.tables.len() as u32 {
            tables.table(self.table_type(self.plan.table_type(index))?);
        }
        Ok(())
    }

    fn parse_export_section(&mut self, exports: &mut ExportSection, section: ExportSectionReader<'_>) -> Outcome {
        reencode::utils::parse_export_section(self, exports, section)?;
        for (name, given) in self.plan.given() {
            match given {
                Given::Memory(index) => exports.export(&name, ExportKind::Memory, index),
                Given::Table(index) => exports.export(&name, ExportKind::Table, index),
                Given::Global(index) => exports.export(&name, ExportKind::Global, index),
                Given::Function(function) => exports.export(&name, ExportKind::Func, self.indices[&function]),
            };
        }
        Ok(())
    }

    fn parse_element_section(&mut self, elements: &mut ElementSection, _: ElementSectionReader<'_>) -> Outcome {
        let whole = self.plan.whole;
        let here = whole.slots.iter().filter(|(function, _)| !self.plan.slots.contains_key(function));
        let all = here.flat_map(|(function, slots)| slots.iter().map(|slot| (*slot, self.indices[function])));
        *elements = table::filled(whole.table, &all.collect());
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, _: CodeSectionReader<'_>) -> Outcome {
        for function in &self.plan.first {
            self.parse_function_body(code, self.plan.whole.body(*function).clone())?;
        }
        for function in &self.plan.proxied {
            code.function(&self.proxy(*function));
        }
        for kind in self.callers.keys() {
            code.function(&self.caller(*kind));
        }
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Outcome {
        let mut function = self.new_function_with_parsed_locals(&body)?;
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::CallIndirect { type_index, table_index } if table_index == self.plan.whole.table => {
                    function.instruction(&Instruction::Call(self.callers[&type_index]));
                }
                Operator::Call { function_index } if !self.indices.contains_key(&function_index) => {
                    for instruction in self.call_of_rest(function_index) {
                        function.instruction(&instruction);
                    }
                }
                other => {
                    function.instruction(&self.instruction(other)?);
                }
            }
        }
        code.function(&function);
        Ok(())
    }

    /// The names of functions have served their purpose.
    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Outcome {
        Ok(())
    }
}
