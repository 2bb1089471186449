//! What never runs in the finished app, or runs to say what nobody hears, and what refers to it would keep there.
//!
//! What a panic says is of use to who develops; a visitor pays for every word of it, and reads in it the folders of whoever
//! built the app. In the finished app a panic traps where it would have begun to speak. What it would have said of a value, as
//! `Debug` writes it, is not there at all; nothing else in the app writes by `Debug`, which `clippy::use_debug` sees to.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use wasm_encoder::{
    CodeSection, Function, Instruction, Module,
    reencode::{self, Reencode},
};
use wasmparser::{
    CompositeInnerType, FuncType, FunctionBody, KnownCustom, Name, Operator, Parser, Payload, SubType, TypeRef, ValType,
};

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

/// How the names of what writes by `Debug` end.
const DEBUG: &str = " as core::fmt::Debug>::fmt";

/// Text is written by `Debug` in messages of libraries too, and goes on to be: as it is, where it was in quotes and with escapes.
const TEXTS: [&str; 2] = ["<&str", "<alloc::string::String"];

/// What those call, and nobody else.
const TEXT_ITSELF: &str = "<str";

/// How the names of what writes as it is end.
const DISPLAY: &str = " as core::fmt::Display>::fmt";

/// All of these take what is to be written, and where.
const PARAMETERS: usize = 2;

/// Classes of a library that make streams of Rust ones for JavaScript: what they export, and where their code is. While no script has such
/// a class, nobody calls that, but the tables of its methods are among the data.
const CLASSES: [(&str, &str); 3] = [
    ("__wbg_intounderlyingbytesource_free", "wasm_streams::readable::into_underlying_byte_source::"),
    ("__wbg_intounderlyingsource_free", "wasm_streams::readable::into_underlying_source::"),
    ("__wbg_intounderlyingsink_free", "wasm_streams::writable::into_underlying_sink::"),
];

/// What a function does in place of what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instead {
    Trap,
    /// Writes nothing, which never fails.
    Nothing,
    /// What this one does, which takes the same: by its number, with the imported ones.
    As(u32),
}

/// The same module, in which what only panics does nothing but trap, as does what these `unused` exports alone make run; and in which
/// `Debug` writes nothing.
///
/// # Errors
/// When the module does not say what its functions are called.
pub(crate) fn silenced(module: &[u8], unused: &BTreeSet<String>) -> anyhow::Result<Vec<u8>> {
    let silent = silent_functions(module, unused)?;
    let mut silenced = Module::new();
    Silencing { silent, next: 0 }
        .parse_core_module(&mut silenced, Parser::new(0), module)
        .context("Cannot replace what is silent in the WebAssembly module")?;
    Ok(silenced.finish())
}

/// What is to become of functions that the module brings, counted without the imported ones.
fn silent_functions(module: &[u8], unused: &BTreeSet<String>) -> anyhow::Result<BTreeMap<u32, Instead>> {
    let (mut types, mut signatures, mut imported, mut endless, mut names) =
        (Vec::new(), Vec::new(), 0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.context("This is no WebAssembly module")? {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group?.into_types().map(signature));
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(functions) => {
                for type_index in functions {
                    signatures.push(types.get(type_index? as usize).cloned().flatten());
                }
            }
            Payload::CodeSectionEntry(function) => endless.push(never_returns(&function)?),
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
    let own: Vec<_> =
        names.into_iter().filter_map(|(index, name)| Some((index.checked_sub(imported)?, name))).collect();
    let signature_of = |index: u32| signatures.get(index as usize).cloned().flatten();
    let display =
        |of: &str| own.iter().find(|(_, name)| name.strip_suffix(DISPLAY) == Some(of)).map(|(index, _)| *index);
    let classes: Vec<&str> =
        CLASSES.into_iter().filter(|(export, _)| unused.contains(*export)).map(|(_, path)| path).collect();
    let instead = |index: u32, name: &str| {
        let never_returns = endless.get(index as usize).copied().unwrap_or_default();
        if (panics(name) && never_returns)
            || DURING_PANICS.iter().any(|begin| name.starts_with(begin))
            || classes.iter().any(|path| name.contains(path))
        {
            return Some(Instead::Trap);
        }
        let signature = signature_of(index).filter(|it| it.results() == [ValType::I32])?;
        match name.strip_suffix(DEBUG)? {
            TEXT_ITSELF => None,
            text if TEXTS.contains(&text) => {
                let fits = |index: &u32| {
                    signature.params().len() == PARAMETERS && signature_of(*index).as_ref() == Some(&signature)
                };
                Some(Instead::As(imported + display(text).filter(fits)?))
            }
            _ => Some(Instead::Nothing),
        }
    };
    Ok(own.iter().filter_map(|(index, name)| Some((*index, instead(*index, name)?))).collect())
}

fn signature(of: SubType) -> Option<FuncType> {
    match of.composite_type.inner {
        CompositeInnerType::Func(signature) => Some(signature),
        _ => None,
    }
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
    silent: BTreeMap<u32, Instead>,
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
        let mut instead = Function::new([]);
        match self.silent.get(&number) {
            None => return reencode::utils::parse_function_body(self, code, function),
            Some(Instead::Trap) => instead.instruction(&Instruction::Unreachable),
            // `Ok(())`
            Some(Instead::Nothing) => instead.instruction(&Instruction::I32Const(0)),
            Some(Instead::As(other)) => {
                for parameter in 0..PARAMETERS as u32 {
                    instead.instruction(&Instruction::LocalGet(parameter));
                }
                instead.instruction(&Instruction::Call(*other))
            }
        };
        code.function(instead.instruction(&Instruction::End));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use wasm_encoder::{
        BlockType, EntityType, FunctionSection, ImportSection, NameMap, NameSection, TypeSection,
        ValType as EncodedType,
    };

    use super::*;

    /// One imported function, and as many of its own as there are bodies, of these names.
    fn module(functions: &[(&str, &[Instruction<'_>])], named: bool) -> Vec<u8> {
        let (mut types, mut imports, mut section, mut code, mut names) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new(), CodeSection::new(), NameMap::new());
        types.ty().function([], []);
        types.ty().function([EncodedType::I32; 2], [EncodedType::I32]);
        imports.import("./app_bg.js", "throw", EntityType::Function(0));
        names.append(0, "core::panicking::imported");
        for (index, (name, body)) in (1..).zip(functions) {
            let writes = [DEBUG, DISPLAY].iter().any(|end| plain(name).ends_with(end));
            section.function(u32::from(writes));
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

    fn silent(functions: &[(&str, &[Instruction<'_>])]) -> BTreeMap<u32, Instead> {
        silent_functions(&module(functions, true), &BTreeSet::new()).unwrap()
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
            assert_eq!(silent(&[("app::f", &SPEAKS), (name, &SPEAKS)]), [(1, Instead::Trap)].into(), "{name}");
        }
        for name in ["wasm_bindgen::throw_str", "app::core::panicking::panic", "core::panickings", "app::assert_failed"]
        {
            assert!(silent(&[(name, &SPEAKS)]).is_empty(), "{name}");
        }

        let before = module(&[("app::f", &RETURNS), (panicking[0], &SPEAKS)], true);
        let after = module(&[("app::f", &RETURNS), (panicking[0], &[Instruction::Unreachable])], true);
        assert_eq!(silenced(&before, &BTreeSet::new()).unwrap(), after);
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
            assert!(silent(&[("std::panicking::set_hook", body)]).is_empty(), "{body:?}");
        }
        let stays =
            [Instruction::Block(BlockType::Empty), Instruction::Br(0), Instruction::End, Instruction::Unreachable];
        let functions: [(&str, &[Instruction<'_>]); 2] =
            [("core::option::unwrap_failed", &stays), ("console_error_panic_hook::hook::h4c9121fd7f601e01", &RETURNS)];
        assert_eq!(silent(&functions), [(0, Instead::Trap), (1, Instead::Trap)].into());
    }

    const OK: [Instruction<'_>; 1] = [Instruction::I32Const(0)];
    const FAILS: [Instruction<'_>; 1] = [Instruction::I32Const(1)];

    #[test]
    fn debug_writes_nothing_but_text_and_that_as_it_is() {
        let functions: [(&str, &[Instruction<'_>]); 5] = [
            ("<str as core[c5930c85a12de822]::fmt::Debug>::fmt", &FAILS),
            ("<alloc[3ca501edff3f0c7c]::string::String as core[c5930c85a12de822]::fmt::Debug>::fmt", &FAILS),
            ("<u32 as core[c5930c85a12de822]::fmt::Debug>::fmt", &FAILS),
            ("<u32 as core[c5930c85a12de822]::fmt::Display>::fmt", &FAILS),
            ("<alloc[3ca501edff3f0c7c]::string::String as core[c5930c85a12de822]::fmt::Display>::fmt", &FAILS),
        ];
        // The imported one counts.
        assert_eq!(silent(&functions), [(1, Instead::As(5)), (2, Instead::Nothing)].into());
        assert_eq!(silent(&functions[..4]), [(2, Instead::Nothing)].into(), "there is nothing that writes text");

        let mut after = functions;
        let text = [Instruction::LocalGet(0), Instruction::LocalGet(1), Instruction::Call(5)];
        (after[1].1, after[2].1) = (&text, &OK);
        assert_eq!(silenced(&module(&functions, true), &BTreeSet::new()).unwrap(), module(&after, true));
    }

    #[test]
    fn what_a_class_does_that_no_script_has_is_nothing() {
        let path =
            "core::ptr::drop_in_place::<<wasm_streams[1f]::writable::into_underlying_sink::Inner>::write::{closure#0}>";
        let module =
            module(&[(path, &RETURNS), ("<wasm_streams[1f]::readable::ReadableStream>::from_raw", &RETURNS)], true);
        let unused = |export: &str| silent_functions(&module, &[export.to_owned()].into()).unwrap();
        assert_eq!(unused("__wbg_intounderlyingsink_free"), [(0, Instead::Trap)].into());
        assert!(unused("__wbg_intounderlyingsource_free").is_empty());
    }

    #[test]
    fn a_module_without_names_is_refused() {
        let error = silenced(&module(&[("", &SPEAKS)], false), &BTreeSet::new()).unwrap_err();
        assert!(error.to_string().contains("strip"), "{error}");
        assert!(silenced(b"no module", &BTreeSet::new()).is_err());
    }
}
