//! A module that says which of its functions run: how it becomes known what the start of the app needs.

use anyhow::Context;
use wasm_encoder::{
    CodeSection, EntityType, Function, ImportSection, Instruction, Module, TypeSection, ValType,
    reencode::{self, Reencode},
};
use wasmparser::{CustomSectionReader, FunctionBody, ImportSectionReader, Parser, TypeSectionReader};

use crate::{
    parts::{BRING, Whole},
    start::listed,
};

type Outcome<T = ()> = Result<T, reencode::Error<std::convert::Infallible>>;

/// The file that says as what the functions are listed, one to a line, in the order of their numbers.
pub(crate) const FUNCTIONS: &str = "functions.txt";

/// What is in it. Functions without a name have an empty line.
pub(crate) fn functions(module: &[u8]) -> anyhow::Result<String> {
    let whole = Whole::read(module).context("Cannot read the WebAssembly module")?;
    let all = 0..whole.own().end;
    Ok(all.map(|function| whole.names.get(&function).map(|name| listed(name)).unwrap_or_default() + "\n").collect())
}

/// The same module, but each of its functions begins by telling the script its number.
pub(crate) fn recorded(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let whole = Whole::read(module).context("Cannot read the WebAssembly module")?;
    let mut recorded = Module::new();
    Recording { whole: &whole, next: whole.imported }
        .parse_core_module(&mut recorded, Parser::new(0), module)
        .context("Cannot let the WebAssembly module record what runs")?;
    Ok(recorded.finish())
}

struct Recording<'a> {
    whole: &'a Whole<'a>,
    /// The number of the function whose code is written next.
    next: u32,
}

impl Reencode for Recording<'_> {
    type Error = std::convert::Infallible;

    /// There is one more import.
    fn function_index(&mut self, index: u32) -> Outcome<u32> {
        Ok(if index < self.whole.imported { index } else { index + 1 })
    }

    fn parse_type_section(&mut self, types: &mut TypeSection, section: TypeSectionReader<'_>) -> Outcome {
        reencode::utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32], []);
        Ok(())
    }

    fn parse_import_section(&mut self, imports: &mut ImportSection, section: ImportSectionReader<'_>) -> Outcome {
        reencode::utils::parse_import_section(self, imports, section)?;
        imports.import(self.whole.script, BRING, EntityType::Function(self.whole.signatures.len() as u32));
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Outcome {
        let mut function: Function = self.new_function_with_parsed_locals(&body)?;
        function.instruction(&Instruction::I32Const(self.next.cast_signed()));
        function.instruction(&Instruction::Call(self.whole.imported));
        self.next += 1;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            function.instruction(&self.parse_instruction(&mut operators)?);
        }
        code.function(&function);
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Outcome {
        Ok(())
    }
}
