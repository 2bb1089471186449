//! Panics without words. What a panic says is of use to who develops; a visitor pays for every word of it, and reads in it the
//! folders of whoever built the app. In the finished app a panic traps where it would have begun to speak.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use wasm_encoder::{
    CodeSection, Function, Instruction, Module,
    reencode::{self, Reencode},
};
use wasmparser::{FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

use crate::plain::plain;

/// What only panics, or begins the name of what does. Whether it does is looked up in its code too.
const PANICS: [&str; 20] = [
    "__rustc::__rust_alloc_error_handler",
    "__rustc::rust_panic",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "core::cell::lazy::panic_poisoned",
    "core::cell::panic_already_borrowed",
    "core::cell::panic_already_mutably_borrowed",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking",
    "core::result::unwrap_failed",
    "core::slice::copy_from_slice_impl::len_mismatch_fail",
    "core::slice::index::slice_index_fail",
    "core::slice::sort::shared::smallsort::panic_on_ord_violation",
    "core::str::slice_error_fail",
    "core::str::slice_error_fail_rt",
    "std::alloc::rust_oom",
    "std::panicking",
    "std::thread::local::panic_access_error",
];

/// As `Vec::remove` calls what it ends in when there is nothing to remove.
const FAILED_ASSERTION: &str = "::assert_failed";

/// What returns, but runs during a panic alone: its words, and who tells the console.
const DURING_PANICS: [&str; 5] = [
    "<std::panicking::panic_handler::FormatStringPayload",
    "<std::panicking::panic_handler::StaticStrPayload",
    "console_error_panic_hook::Error",
    "console_error_panic_hook::hook",
    "core::ptr::drop_in_place::<std::panicking::panic_handler::FormatStringPayload>",
];

/// The same module, in which what only panics does nothing but trap.
///
/// # Errors
/// When the module does not say what its functions are called.
pub(crate) fn silenced(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let silent = silent_functions(module)?;
    let mut silenced = Module::new();
    Silencing { silent, next: 0 }
        .parse_core_module(&mut silenced, Parser::new(0), module)
        .context("Cannot replace what panics in the WebAssembly module")?;
    Ok(silenced.finish())
}

/// Which of the functions that the module brings are to trap, counted without the imported ones.
fn silent_functions(module: &[u8]) -> anyhow::Result<BTreeSet<u32>> {
    let (mut imported, mut number, mut endless, mut names) = (0, 0, BTreeSet::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("This is no WebAssembly module")? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(function) => {
                if never_returns(&function)? {
                    endless.insert(number);
                }
                number += 1;
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(section) = section.as_known() else { continue };
                for name in section {
                    let Name::Function(functions) = name? else { continue };
                    for function in functions {
                        let function = function?;
                        names.push((function.index, plain(function.name)));
                    }
                }
            }
            _ => {}
        }
    }
    if names.is_empty() {
        bail!("The WebAssembly module does not name its functions: build it without `strip`.");
    }
    let own = names.into_iter().filter_map(|(index, name)| Some((index.checked_sub(imported)?, name)));
    let silent = own.filter(|(index, name)| {
        (panics(name) && endless.contains(index)) || DURING_PANICS.iter().any(|begin| name.starts_with(begin))
    });
    Ok(silent.map(|(index, _)| index).collect())
}

/// Whether the end of the code cannot be reached, and nothing leaves it on the way but a trap, or what it calls.
fn never_returns(function: &FunctionBody<'_>) -> anyhow::Result<bool> {
    let (mut depth, mut last_traps) = (0_u32, false);
    for operator in function.get_operators_reader()? {
        match operator? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => depth += 1,
            Operator::End if depth == 0 => return Ok(last_traps),
            Operator::End => depth -= 1,
            Operator::Unreachable => {
                last_traps = true;
                continue;
            }
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } if relative_depth == depth => {
                return Ok(false);
            }
            Operator::BrTable { targets } => {
                let default = targets.default();
                for target in targets.targets().chain([Ok(default)]) {
                    if target? == depth {
                        return Ok(false);
                    }
                }
            }
            // Whatever else opens a block or leaves a function is not what panics are compiled to.
            Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Try { .. }
            | Operator::TryTable { .. }
            | Operator::BrOnNull { .. }
            | Operator::BrOnNonNull { .. }
            | Operator::BrOnCast { .. }
            | Operator::BrOnCastFail { .. } => return Ok(false),
            _ => {}
        }
        last_traps = false;
    }
    Ok(false)
}

fn panics(name: &str) -> bool {
    let is_within = |path: &str| name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let of_the_library = name.starts_with("alloc::") || name.starts_with("<alloc::");
    PANICS.into_iter().any(is_within) || (of_the_library && name.ends_with(FAILED_ASSERTION))
}

struct Silencing {
    silent: BTreeSet<u32>,
    next: u32,
}

impl Reencode for Silencing {
    type Error = std::convert::Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        function: FunctionBody<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        let number = self.next;
        self.next += 1;
        if !self.silent.contains(&number) {
            return reencode::utils::parse_function_body(self, code, function);
        }
        code.function(Function::new([]).instruction(&Instruction::Unreachable).instruction(&Instruction::End));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use wasm_encoder::{BlockType, EntityType, FunctionSection, ImportSection, NameMap, NameSection, TypeSection};

    use super::*;

    /// One imported function, and as many of its own as there are bodies, of these names.
    fn module(functions: &[(&str, &[Instruction<'_>])], named: bool) -> Vec<u8> {
        let (mut types, mut imports, mut section, mut code, mut names) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new(), CodeSection::new(), NameMap::new());
        types.ty().function([], []);
        imports.import("./app_bg.js", "throw", EntityType::Function(0));
        names.append(0, "core::panicking::imported");
        for (index, (name, body)) in (1..).zip(functions) {
            section.function(0);
            let mut function = Function::new([]);
            for instruction in *body {
                function.instruction(instruction);
            }
            code.function(function.instruction(&Instruction::End));
            names.append(index, name);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&section).section(&code);
        let mut section = NameSection::new();
        section.functions(&names);
        if named {
            module.section(&section);
        }
        module.finish()
    }

    const SPEAKS: [Instruction<'_>; 2] = [Instruction::Call(0), Instruction::Unreachable];
    const RETURNS: [Instruction<'_>; 1] = [Instruction::Call(0)];

    #[test]
    fn what_only_panics_traps_and_everything_else_is_as_it_was() {
        let panicking = [
            "core[c5930c85a12de822]::panicking::panic_fmt",
            "core::panicking::assert_failed::h3115b7cb3665b59c",
            "core[c5930c85a12de822]::panicking::assert_failed::<bool, bool>",
            "<alloc[3ca501edff3f0c7c]::vec::Vec<_, _>>::remove::assert_failed",
            "__rustc[b7974e8690430dd9]::rust_panic",
        ];
        for name in panicking {
            let silent = silent_functions(&module(&[("app::f", &SPEAKS), (name, &SPEAKS)], true)).unwrap();
            assert_eq!(silent, [1].into(), "{name}");
        }
        for name in ["wasm_bindgen::throw_str", "app::core::panicking::panic", "core::panickings", "app::assert_failed"]
        {
            assert!(silent_functions(&module(&[(name, &SPEAKS)], true)).unwrap().is_empty(), "{name}");
        }

        let before = module(&[("app::f", &RETURNS), (panicking[0], &SPEAKS)], true);
        let after = module(&[("app::f", &RETURNS), (panicking[0], &[Instruction::Unreachable])], true);
        assert_eq!(silenced(&before).unwrap(), after);
    }

    #[test]
    fn what_may_return_is_left_alone_unless_it_runs_during_a_panic_alone() {
        let leaves = Instruction::Br(1);
        let returning: [&[Instruction<'_>]; 4] = [
            &RETURNS,
            &[Instruction::Return, Instruction::Unreachable],
            &[Instruction::Block(BlockType::Empty), leaves, Instruction::End, Instruction::Unreachable],
            &[Instruction::I32Const(0), Instruction::BrTable([].as_slice().into(), 0), Instruction::Unreachable],
        ];
        for body in returning {
            let silent = silent_functions(&module(&[("std::panicking::set_hook", body)], true)).unwrap();
            assert!(silent.is_empty(), "{body:?}");
        }
        let stays =
            [Instruction::Block(BlockType::Empty), Instruction::Br(0), Instruction::End, Instruction::Unreachable];
        let functions: [(&str, &[Instruction<'_>]); 2] =
            [("core::option::unwrap_failed", &stays), ("console_error_panic_hook::hook::h4c9121fd7f601e01", &RETURNS)];
        assert_eq!(silent_functions(&module(&functions, true)).unwrap(), [0, 1].into());
    }

    #[test]
    fn a_module_without_names_is_refused() {
        let error = silenced(&module(&[("", &SPEAKS)], false)).unwrap_err();
        assert!(error.to_string().contains("strip"), "{error}");
        assert!(silenced(b"no module").is_err());
    }
}
