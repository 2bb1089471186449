//! What the module is made of, as far as its functions know of each other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use wasmparser::{
    CompositeInnerType, ConstExpr, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, GlobalType,
    KnownCustom, MemoryType, Name, Operator, Parser, Payload, TableType, TypeRef,
};

use crate::plain::plain;

/// The module before it is split. Functions are known by their indices in it.
#[derive(Debug, Default)]
pub(crate) struct Whole<'a> {
    /// How many functions are imported: the first ones.
    pub(crate) imported: u32,
    /// The module that they are imported from, as the script names it.
    pub(crate) script: &'a str,
    /// The type of each function.
    pub(crate) types: Vec<u32>,
    /// The types of functions.
    pub(crate) signatures: Vec<FuncType>,
    /// The code of each function that is not imported.
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    /// Which functions that code calls, and in how many places.
    pub(crate) calls: Vec<BTreeMap<u32, usize>>,
    /// Of which types that code calls functions in the table.
    pub(crate) calls_in_table: Vec<BTreeSet<u32>>,
    /// Which functions the script calls, or the browser as the module is instantiated.
    pub(crate) entries: BTreeSet<u32>,
    /// Where in the table of functions each is that is in it.
    pub(crate) slots: BTreeMap<u32, Vec<u32>>,
    pub(crate) tables: Vec<TableType>,
    /// Which of the tables holds functions.
    pub(crate) table: u32,
    pub(crate) globals: Vec<GlobalType>,
    pub(crate) memories: Vec<MemoryType>,
    /// What functions are called, without what differs between builds.
    pub(crate) names: BTreeMap<u32, String>,
}

impl<'a> Whole<'a> {
    pub(crate) fn read(module: &'a [u8]) -> anyhow::Result<Self> {
        let mut whole = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            whole.add(payload?)?;
        }
        if whole.names.is_empty() {
            bail!("It does not name its functions: build it without `strip`.");
        }
        Ok(whole)
    }

    fn add(&mut self, payload: Payload<'a>) -> anyhow::Result<()> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    for kind in group?.into_types() {
                        let CompositeInnerType::Func(function) = kind.composite_type.inner else {
                            bail!("It has types that are not those of functions.");
                        };
                        self.signatures.push(function);
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    let TypeRef::Func(kind) = import.ty else { bail!("It imports more than functions.") };
                    if self.imported > 0 && import.module != self.script {
                        bail!("It imports from more than one script.");
                    }
                    self.script = import.module;
                    self.types.push(kind);
                    self.imported += 1;
                }
            }
            Payload::FunctionSection(functions) => {
                self.types.extend(functions.into_iter().collect::<Result<Vec<_>, _>>()?);
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    let table = table?.ty;
                    if table.element_type.is_func_ref() {
                        self.table = u32::try_from(self.tables.len())?;
                    }
                    self.tables.push(table);
                }
            }
            Payload::MemorySection(memories) => self.memories = memories.into_iter().collect::<Result<_, _>>()?,
            Payload::GlobalSection(globals) => {
                for global in globals {
                    self.globals.push(global?.ty);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        self.entries.insert(export.index);
                    }
                }
            }
            Payload::StartSection { func, .. } => {
                self.entries.insert(func);
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    let element = element?;
                    let (ElementKind::Active { table_index, offset_expr }, ElementItems::Functions(functions)) =
                        (element.kind, element.items)
                    else {
                        bail!("It fills tables in a way that Rust does not.");
                    };
                    if table_index.unwrap_or_default() != self.table {
                        bail!("It has functions in more than one table.");
                    }
                    for (slot, function) in (number(&offset_expr)?..).zip(functions) {
                        self.slots.entry(function?).or_default().push(slot);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let (calls, calls_in_table) = calls_in(&body)?;
                self.calls.push(calls);
                self.calls_in_table.push(calls_in_table);
                self.bodies.push(body);
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(section) = section.as_known() else { return Ok(()) };
                for name in section {
                    let Name::Function(functions) = name? else { continue };
                    for function in functions {
                        let function = function?;
                        self.names.insert(function.index, plain(function.name));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The functions that are not imported.
    pub(crate) fn own(&self) -> std::ops::Range<u32> {
        self.imported..self.imported + self.bodies.len() as u32
    }

    /// The code of a function that is not imported.
    pub(crate) fn body(&self, function: u32) -> &FunctionBody<'a> {
        &self.bodies[(function - self.imported) as usize]
    }

    /// Which functions the code of these calls, and in how many places.
    pub(crate) fn called_by(&self, functions: &[u32]) -> BTreeMap<u32, usize> {
        let mut called = BTreeMap::new();
        for (callee, places) in functions.iter().flat_map(|function| &self.calls[(function - self.imported) as usize]) {
            *called.entry(*callee).or_default() += places;
        }
        called
    }
}

fn calls_in(body: &FunctionBody<'_>) -> anyhow::Result<(BTreeMap<u32, usize>, BTreeSet<u32>)> {
    let (mut calls, mut calls_in_table) = (BTreeMap::new(), BTreeSet::new());
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Call { function_index } => *calls.entry(function_index).or_default() += 1,
            Operator::CallIndirect { type_index, .. } => {
                calls_in_table.insert(type_index);
            }
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::RefFunc { .. }
            | Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. } => bail!("Its code does what that of Rust does not."),
            _ => {}
        }
    }
    Ok((calls, calls_in_table))
}

/// A constant place in a table.
fn number(expression: &ConstExpr<'_>) -> anyhow::Result<u32> {
    let Operator::I32Const { value } = expression.get_operators_reader().read()? else {
        bail!("It fills a table from a place that is not constant.");
    };
    Ok(value.cast_unsigned())
}
