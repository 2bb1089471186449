//! `evergrant-bench summary`: what all parts found out, on one page, in one picture, and in the README.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::options::SummaryOptions;
use crate::plot;
use crate::section::{Section, budgets_table};

/// Every part, in the order in which a reader wants them.
const PARTS: [&str; 7] = ["size", "app", "renewal", "tabs", "memory", "issuer", "api"];

const BEGIN: &str = "<!-- bench: written by `cargo xtask bench readme` -->";
const END: &str = "<!-- /bench -->";

/// Writes `bench.md` and `bench.svg`; with a README, its table, and the picture beside it in `docs/`.
///
/// # Errors
/// When a part was not measured yet, or the README has no place for the table.
pub(crate) fn write(options: &SummaryOptions) -> anyhow::Result<()> {
    let directory = &options.directory;
    let sections: Vec<Section> =
        PARTS.into_iter().map(|part| Section::read(directory, part)).collect::<anyhow::Result<_>>()?;
    let charts: Vec<_> = sections.iter().flat_map(|section| &section.charts).collect();
    let (picture, table) = (plot::svg(&charts), table(&sections));
    let parts: Vec<String> = sections.iter().map(Section::to_markdown).collect();
    replace(&directory.join("bench.svg"), &picture)?;
    replace(&directory.join("bench.md"), &format!("# Evergrant beside its peers\n\n{table}\n{}", parts.join("\n")))?;
    println!("{table}\nThe tables of all parts: {}", directory.join("bench.md").display());
    if let Some(readme) = &options.readme {
        let text = fs::read_to_string(readme).with_context(|| format!("cannot read {}", readme.display()))?;
        replace(readme, &with_table(&text, &format!("{table}\n![The comparisons as bars](docs/bench.svg)"))?)?;
        replace(&readme.with_file_name("docs").join("bench.svg"), &picture)?;
    }
    Ok(())
}

/// Every budget of every part.
fn table(sections: &[Section]) -> String {
    let machine = sections.first().map(|section| section.machine.to_string()).unwrap_or_default();
    let budgets = budgets_table("what", sections.iter().flat_map(|section| &section.budgets));
    format!("{machine}\n\n{}", budgets.to_markdown())
}

fn with_table(readme: &str, table: &str) -> anyhow::Result<String> {
    let (before, rest) = readme.split_once(BEGIN).with_context(|| format!("the README has no {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the README has no {END}"))?;
    ensure!(!after.contains(BEGIN), "the README has two places for the table");
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", table.trim_end()))
}

fn replace(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_readme_is_changed_between_the_marks_alone() {
        let readme = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let once = with_table(&readme, "new\n").unwrap();
        assert_eq!(once, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        assert_eq!(with_table(&once, "new\n").unwrap(), once);
        assert!(with_table("no marks", "new").is_err());
    }
}
