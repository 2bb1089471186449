//! The table of functions, filled by each part with its own.

use std::{borrow::Cow, collections::BTreeMap};

use wasm_encoder::{ConstExpr, ElementSection, Elements};

/// One segment for each row of places without a gap between them.
pub(super) fn filled(table: u32, functions: &BTreeMap<u32, u32>) -> ElementSection {
    let mut rows: Vec<(u32, Vec<u32>)> = Vec::new();
    for (slot, function) in functions {
        match rows.last_mut() {
            Some((start, row)) if *start + row.len() as u32 == *slot => row.push(*function),
            _ => rows.push((*slot, vec![*function])),
        }
    }
    let mut elements = ElementSection::new();
    for (start, row) in rows {
        // Only the first table may go without its number, which is shorter.
        let table = Some(table).filter(|table| *table != 0);
        elements.active(table, &ConstExpr::i32_const(start.cast_signed()), Elements::Functions(Cow::Owned(row)));
    }
    elements
}
