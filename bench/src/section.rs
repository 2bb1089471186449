//! What one part of the bench found out: tables, bars and budgets, for people as Markdown and for programs as JSON.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::budget::Budget;
use crate::chart::Chart;
use crate::machine::Machine;

/// A part of the bench, measured and judged.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Section {
    /// What its files are called.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) machine: Machine,
    /// How it was measured, in a few sentences.
    pub(crate) method: String,
    pub(crate) tables: Vec<Table>,
    pub(crate) charts: Vec<Chart>,
    pub(crate) budgets: Vec<Budget>,
    /// Every single measurement.
    pub(crate) measurements: Value,
}

/// A table: the first column is text, the others are numbers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Self {
        Self { header: header.map(str::to_owned).into(), rows: Vec::new() }
    }

    /// Adds a row of as many cells as the header has.
    pub(crate) fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.into());
    }

    /// The table in Markdown.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "| {} |", self.header.join(" | "));
        let _ = writeln!(text, "|---|{}", "--:|".repeat(self.header.len().saturating_sub(1)));
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text.push('\n');
    }
}

impl Section {
    /// Whether every budget is kept.
    pub(crate) fn is_within_budget(&self) -> bool {
        self.budgets.iter().all(Budget::is_kept)
    }

    /// Writes `NAME.md` and `NAME.json`.
    pub(crate) fn write(&self, directory: &Path) -> anyhow::Result<()> {
        for (ending, text) in [("md", self.to_markdown()), ("json", serde_json::to_string_pretty(self)? + "\n")] {
            let file = directory.join(&self.name).with_extension(ending);
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    /// Reads what [`Section::write`] wrote.
    pub(crate) fn read(directory: &Path, name: &str) -> anyhow::Result<Self> {
        let file = directory.join(name).with_extension("json");
        let text = fs::read(&file).with_context(|| format!("{} is not measured yet: no {}", name, file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} is of another version", file.display()))
    }

    /// The tables, and then the budgets.
    pub(crate) fn to_markdown(&self) -> String {
        let mut text = format!("## {}\n\n{}\n\n{}\n\n", self.title, self.machine, self.method);
        for table in &self.tables {
            table.write(&mut text);
        }
        if !self.budgets.is_empty() {
            budgets_table("budget", &self.budgets).write(&mut text);
        }
        text
    }
}

/// Budgets, what was measured, and whether they were kept.
pub(crate) fn budgets_table<'a>(title: &str, budgets: impl IntoIterator<Item = &'a Budget>) -> Table {
    let mut table = Table::new([title, "limit", "measured", ""]);
    for budget in budgets {
        let verdict = if budget.is_kept() { "kept" } else { "**missed**" };
        table.row([budget.what.clone(), budget.limit.to_string(), budget.shown(), verdict.to_owned()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_text_and_then_numbers() {
        let mut table = Table::new(["what", "ms", "ratio"]);
        table.row(["one".to_owned(), "2".to_owned(), "1.00".to_owned()]);
        assert_eq!(table.to_markdown(), "| what | ms | ratio |\n|---|--:|--:|\n| one | 2 | 1.00 |\n\n");
    }
}
