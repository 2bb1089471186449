//! Where panics would have said they happened: a record of file, line and column for each of them. When nothing that panics
//! reads them any more they are cleared, and with them the folders of whoever built the app.

use std::{
    collections::{BTreeSet, VecDeque},
    ops::Range,
};

use anyhow::{Context, bail};
use wasm_encoder::{
    DataSection, Module,
    reencode::{self, Reencode},
};
use wasmparser::{Data, DataKind, DataSectionReader, MemArg, Operator, Parser, Payload};

/// The size of `core::panic::Location`: address and length of the file's name, line, column.
const RECORD: u32 = 16;

/// No file is as long as this.
const LINES: u32 = 100_000;

/// Nor is a line of one.
const COLUMNS: u32 = 2_000;

/// The same module without the records of places that neither code nor data refers to, and without the names of files that
/// only those named. A record that something still refers to stays whole: it may be shown.
pub(crate) fn forgotten(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut memory = Memory::of(module)?;
    let code = numbers_in_code(module)?;
    let known: BTreeSet<u32> = code.iter().copied().chain(memory.words()).collect();
    let mut files = BTreeSet::new();
    for (place, file) in memory.places() {
        if place.clone().step_by(4).all(|field| !known.contains(&field)) {
            memory.clear(&place);
            files.insert((file.start, file.end));
        }
    }
    let known: BTreeSet<u32> = code.into_iter().chain(memory.words()).collect();
    for (start, end) in files {
        // Whoever refers to the middle of a text reads from there on.
        let end = known.range(start..end).next().map_or(end, |&read| read);
        memory.clear(&(start..end));
    }

    let mut forgotten = Module::new();
    memory
        .parse_core_module(&mut forgotten, Parser::new(0), module)
        .context("Cannot write the data of the WebAssembly module")?;
    Ok(forgotten.finish())
}

/// Every number in the code that may be an address, or a part of one, or two in one.
fn numbers_in_code(module: &[u8]) -> anyhow::Result<BTreeSet<u32>> {
    let mut numbers = Numbers(BTreeSet::new());
    // Read, not written: what comes out is what went in.
    numbers
        .parse_core_module(&mut Module::new(), Parser::new(0), module)
        .context("Cannot read the code of the WebAssembly module")?;
    Ok(numbers.0)
}

struct Numbers(BTreeSet<u32>);

impl Reencode for Numbers {
    type Error = std::convert::Infallible;

    fn mem_arg(&mut self, place: MemArg) -> Result<wasm_encoder::MemArg, reencode::Error<Self::Error>> {
        self.0.extend(u32::try_from(place.offset));
        reencode::utils::mem_arg(self, place)
    }

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> Result<wasm_encoder::Instruction<'a>, reencode::Error<Self::Error>> {
        match operator {
            Operator::I32Const { value } => self.0.extend([value.cast_unsigned()]),
            // As the compiler writes an address and a length at once.
            Operator::I64Const { value } => {
                let [low, high] = [value, value >> 32].map(|half| half as u32);
                self.0.extend([low, high]);
            }
            _ => {}
        }
        reencode::utils::instruction(self, operator)
    }

    /// Where data lies is no reference to it.
    fn parse_data_section(
        &mut self,
        _: &mut DataSection,
        _: DataSectionReader<'_>,
    ) -> Result<(), reencode::Error<Self::Error>> {
        Ok(())
    }
}

/// What the memory of the module holds before anything runs, from its first byte that is not zero to its last; between the
/// segments it is zero.
struct Memory {
    start: u32,
    bytes: Vec<u8>,
    /// Where each segment begins that is still to be written.
    segments: VecDeque<u32>,
}

impl Memory {
    fn of(module: &[u8]) -> anyhow::Result<Self> {
        let mut segments = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            let Payload::DataSection(data) = payload.context("This is no WebAssembly module")? else { continue };
            for segment in data {
                let segment = segment?;
                let DataKind::Active { memory_index: 0, offset_expr } = segment.kind else {
                    bail!("The WebAssembly module has data that lies nowhere yet.");
                };
                let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
                    bail!("The WebAssembly module has data at an address that is not a number.");
                };
                segments.push((value.cast_unsigned(), segment.data));
            }
        }
        let start = segments.iter().map(|(address, _)| *address).min().unwrap_or_default();
        let mut memory = Self { start, bytes: Vec::new(), segments: VecDeque::new() };
        for (address, data) in segments {
            let place = (address - start) as usize;
            memory.bytes.resize(memory.bytes.len().max(place + data.len()), 0);
            memory.bytes[place..place + data.len()].copy_from_slice(data);
            memory.segments.push_back(address);
        }
        Ok(memory)
    }

    /// What looks like the record of a place in every respect, and where the name of its file is.
    fn places(&self) -> Vec<(Range<u32>, Range<u32>)> {
        let places = self.addresses().filter_map(|address| {
            let [file, length, line, column] = [0, 4, 8, 12].map(|field| self.word(address.saturating_add(field)));
            let file = file..file.checked_add(length)?;
            let is_place = (1..LINES).contains(&line) && (1..COLUMNS).contains(&column);
            let is_place = is_place && is_source(self.bytes.get(self.within(&file)?)?);
            is_place.then_some((address..address + RECORD, file))
        });
        places.collect()
    }

    /// Every number that may be an address: those at addresses that are a multiple of four.
    fn words(&self) -> impl Iterator<Item = u32> {
        self.addresses().map(|address| self.word(address))
    }

    /// The number at an address, as far as it is not zero.
    fn word(&self, address: u32) -> u32 {
        let rest =
            self.within(&(address..u32::MAX)).and_then(|range| self.bytes.get(range.start..)).unwrap_or_default();
        let mut word = [0; 4];
        word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        u32::from_le_bytes(word)
    }

    fn addresses(&self) -> impl Iterator<Item = u32> + use<> {
        let end = self.start.saturating_add(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        (self.start.next_multiple_of(4)..end).step_by(4)
    }

    fn within(&self, range: &Range<u32>) -> Option<Range<usize>> {
        let from = |address: u32| address.checked_sub(self.start).map(|offset| offset as usize);
        Some(from(range.start)?..from(range.end)?)
    }

    fn clear(&mut self, range: &Range<u32>) {
        let Some(Range { start, end }) = self.within(range) else { return };
        let end = end.min(self.bytes.len());
        self.bytes[start..end].fill(0);
    }
}

impl Reencode for Memory {
    type Error = std::convert::Infallible;

    fn parse_data(&mut self, data: &mut DataSection, segment: Data<'_>) -> Result<(), reencode::Error<Self::Error>> {
        let address = self.segments.pop_front().unwrap_or(self.start);
        let place = (address - self.start) as usize;
        let bytes = self.bytes[place..place + segment.data.len()].to_owned();
        reencode::utils::parse_data(self, data, Data { data: &bytes, ..segment })
    }
}

/// A path as the compiler was given it.
fn is_source(file: &[u8]) -> bool {
    file.ends_with(b".rs") && std::str::from_utf8(file).is_ok_and(|path| !path.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use wasm_encoder::{
        CodeSection, ConstExpr, Function, FunctionSection, Instruction, MemorySection, MemoryType, TypeSection,
    };

    use super::*;

    const START: u32 = 1_048_576;
    const FILE: &str = "/home/ann/app/src/main.rs";

    /// The text of a file's name at the start, then these words.
    fn data(words: &[u32]) -> Vec<u8> {
        let mut bytes = FILE.as_bytes().to_vec();
        bytes.resize(TEXT, 0);
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes
    }

    const TEXT: usize = FILE.len().next_multiple_of(4);
    const WORDS: u32 = START + TEXT as u32;
    const LENGTH: u32 = FILE.len() as u32;

    /// This data, and code that has these numbers in it.
    fn module(data: &[u8], code: &[Instruction<'_>]) -> Vec<u8> {
        let (mut types, mut functions, mut memories, mut section, mut segments) =
            (TypeSection::new(), FunctionSection::new(), MemorySection::new(), CodeSection::new(), DataSection::new());
        types.ty().function([], []);
        functions.function(0);
        memories.memory(MemoryType {
            minimum: 17,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut function = Function::new([]);
        for instruction in code {
            function.instruction(instruction).instruction(&Instruction::Drop);
        }
        section.function(function.instruction(&Instruction::End));
        segments.active(0, &ConstExpr::i32_const(START.cast_signed()), data.iter().copied());
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&section).section(&segments);
        module.finish()
    }

    fn number(value: u32) -> Instruction<'static> {
        Instruction::I32Const(value.cast_signed())
    }

    #[test]
    fn a_place_that_nothing_refers_to_is_cleared_with_the_name_of_its_file() {
        let before = module(&data(&[START, LENGTH, 10, 5, START, LENGTH, 20, 7, 77]), &[number(7)]);
        let mut empty = vec![0; TEXT];
        empty.extend([0; 8].into_iter().chain([77_u32]).flat_map(u32::to_le_bytes));
        assert_eq!(forgotten(&before).unwrap(), module(&empty, &[number(7)]));
    }

    #[test]
    fn a_place_whose_last_zeros_are_in_no_segment_is_one() {
        let mut short = data(&[START, LENGTH, 10, 5]);
        short.truncate(short.len() - 3);
        let empty = vec![0; short.len()];
        assert_eq!(forgotten(&module(&short, &[])).unwrap(), module(&empty, &[]));
    }

    #[test]
    fn a_place_that_code_or_data_refers_to_is_whole() {
        let shown = [START, LENGTH, 10, 5];
        let pair = (i64::from(WORDS) | 25 << 32).cast_unsigned().cast_signed();
        for code in [
            number(WORDS),
            number(WORDS + 8),
            Instruction::I64Const(pair),
            Instruction::I64Const(i64::from(WORDS) << 32),
        ] {
            let before = module(&data(&shown), &[code]);
            assert_eq!(forgotten(&before).unwrap(), before);
        }
        let before = module(&data(&[START, LENGTH, 10, 5, WORDS]), &[]);
        assert_eq!(forgotten(&before).unwrap(), before);
    }

    #[test]
    fn the_name_of_a_file_stays_while_another_place_or_text_needs_it() {
        let words = [START, LENGTH, 10, 5, START, LENGTH, 20, 7];
        let first = |words: [u32; 8]| data(&[0, 0, 0, 0, words[4], words[5], words[6], words[7]]);
        let shown = [number(WORDS + 16)];
        assert_eq!(forgotten(&module(&data(&words), &shown)).unwrap(), module(&first(words), &shown));
        // The end of the text may be a text of its own.
        let suffix = [number(START + LENGTH - 7)];
        let mut rest = data(&[0; 8]);
        rest[..FILE.len() - 7].fill(0);
        assert_eq!(forgotten(&module(&data(&words), &suffix)).unwrap(), module(&rest, &suffix));
    }

    #[test]
    fn what_only_resembles_a_place_is_left_alone() {
        for words in [
            [START, LENGTH - 1, 10, 5],
            [START + 1, LENGTH, 10, 5],
            [START, LENGTH, 0, 5],
            [START, LENGTH, 10, 0],
            [START, LENGTH, 10, COLUMNS],
            [START, LENGTH, LINES, 5],
            [7, LENGTH, 10, 5],
            [u32::MAX, LENGTH, 10, 5],
        ] {
            let before = module(&data(&words), &[]);
            assert_eq!(forgotten(&before).unwrap(), before, "{words:?}");
        }
    }
}
