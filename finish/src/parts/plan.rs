//! Which function is in which part, and how each part knows it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::ensure;
use wasmparser::TableType;

use super::whole::Whole;
use crate::order;

/// From how many places of the first part a function of the rest is called as the table's, before it is worth a proxy.
const IN_PLACE: usize = 2;

/// The plan of both parts. Functions are known by their indices in the whole.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) whole: &'a Whole<'a>,
    /// The functions of the first part, in their order there.
    pub(super) first: Vec<u32>,
    /// Those of the rest.
    pub(super) rest: Vec<u32>,
    /// The functions of the rest for which the first part has one that calls them.
    pub(super) proxied: Vec<u32>,
    /// The functions of the first part which the rest calls.
    pub(super) shared: Vec<u32>,
    /// Where the functions of the rest are in the table.
    pub(super) slots: BTreeMap<u32, Vec<u32>>,
    /// How many places the table has.
    pub(super) table_size: u64,
}

impl<'a> Plan<'a> {
    pub(super) fn of(whole: &'a Whole<'a>, starts: impl Fn(&str) -> bool) -> anyhow::Result<Self> {
        let is_first = |function: &u32| whole.names.get(function).is_none_or(|name| starts(name));
        let (first, rest): (Vec<u32>, Vec<u32>) = whole.own().partition(is_first);
        ensure!(!first.is_empty(), "No function of the app is known to run at its start: was it profiled?");
        ensure!(!rest.is_empty(), "Every function of the app runs at its start.");
        let (first, rest) = (by_likeness(whole, &first), by_likeness(whole, &rest));

        let is_in = |functions: &[u32]| functions.iter().copied().collect::<BTreeSet<u32>>();
        let (in_first, in_rest) = (is_in(&first), is_in(&rest));
        let called = whole.called_by(&first);
        let of_rest = |function: &&u32| in_rest.contains(*function);

        let mut slots: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for function in whole.slots.keys().filter(of_rest) {
            slots.insert(*function, whole.slots[function].clone());
        }
        let mut table_size = whole.tables[whole.table as usize].initial;
        for function in called.keys().chain(&whole.entries).filter(of_rest) {
            slots.entry(*function).or_insert_with(|| {
                table_size += 1;
                vec![table_size as u32 - 1]
            });
        }

        let is_proxied = |function: &u32| {
            whole.entries.contains(function) || called.get(function).is_some_and(|places| *places > IN_PLACE)
        };
        let proxied = rest.iter().copied().filter(is_proxied).collect();
        let shared = whole.called_by(&rest).into_keys().filter(|function| in_first.contains(function)).collect();
        Ok(Self { whole, first, rest, proxied, shared, slots, table_size })
    }

    /// All of it, by the names under which it is exported and imported: numbers, which no name of the script's is.
    pub(super) fn given(&self) -> impl Iterator<Item = (String, Given)> {
        let whole = self.whole;
        let memories = (0..).zip(&whole.memories).map(|(index, _)| Given::Memory(index));
        let tables = (0..).zip(&whole.tables).map(|(index, _)| Given::Table(index));
        let globals = (0..).zip(&whole.globals).map(|(index, _)| Given::Global(index));
        let functions = self.shared.iter().map(|function| Given::Function(*function));
        let all = memories.chain(tables).chain(globals).chain(functions);
        (0..).zip(all).map(|(name, given): (u32, _)| (name.to_string(), given))
    }

    /// The type of a table, with the places that it has now.
    pub(super) fn table_type(&self, index: u32) -> TableType {
        let mut table = self.whole.tables[index as usize];
        if index == self.whole.table {
            table.initial = self.table_size;
            table.maximum = table.maximum.map(|maximum| maximum.max(self.table_size));
        }
        table
    }

    /// The types of which the first part may call a function that is in the table.
    pub(super) fn called_in_table(&self) -> BTreeSet<u32> {
        let whole = self.whole;
        let in_code =
            self.first.iter().flat_map(|function| &whole.calls_in_table[(function - whole.imported) as usize]);
        in_code.copied().chain(self.slots.keys().map(|function| whole.types[*function as usize])).collect()
    }

    /// The imported functions that the first part needs.
    pub(super) fn imports_of_first(&self) -> Vec<u32> {
        let called = self.whole.called_by(&self.first).into_keys();
        self.imports(called.chain(self.whole.entries.iter().copied()).chain(self.whole.slots.keys().copied()))
    }

    /// The imported functions that the rest needs.
    pub(super) fn imports_of_rest(&self) -> Vec<u32> {
        self.imports(self.whole.called_by(&self.rest).into_keys())
    }

    fn imports(&self, named: impl Iterator<Item = u32>) -> Vec<u32> {
        let imported: BTreeSet<u32> = named.filter(|function| *function < self.whole.imported).collect();
        imported.into_iter().collect()
    }
}

/// What the first part gives to the rest, by its index in the whole.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given {
    Memory(u32),
    Table(u32),
    Global(u32),
    Function(u32),
}

fn by_likeness(whole: &Whole<'_>, functions: &[u32]) -> Vec<u32> {
    let bodies: Vec<&[u8]> = functions.iter().map(|function| whole.body(*function).as_bytes()).collect();
    order::chain(&bodies).into_iter().map(|place| functions[place]).collect()
}
