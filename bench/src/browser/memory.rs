//! `evergrant-bench memory`: whether a page that stays open for a thousand renewals holds more than before.

use evergrant_e2e::Setup;

use crate::browser::stage::{Stage, Way};
use crate::browser::steps::{self, Held};
use crate::budget::Budget;
use crate::machine::Machine;
use crate::options::BrowserOptions;
use crate::section::{Section, Table};

/// Until the log of renewals is full, and the browser has compiled what it will compile.
const WARM_UP: usize = 300;

const RENEWALS: usize = 1000;

/// Bytes for each renewal: less than the smallest thing that could be forgotten, a closure with a string.
const GROWTH: f64 = 64.0;

/// Renews, and looks before and after.
///
/// # Errors
/// When something does not start, or does not renew.
pub(crate) async fn measure(options: &BrowserOptions, machine: Machine) -> anyhow::Result<Section> {
    let (warm_up, renewals) = if options.common.quick { (5, 20) } else { (WARM_UP, RENEWALS) };
    let stage = Stage::start(&options.common, Setup::demo(), Way::RefreshToken, &[]).await?;
    let browser = &stage.world.browser;
    steps::note_wasm_memory(browser).await?;
    steps::open_signed_in(browser, stage.world.app_origin()).await?;
    println!("{warm_up} renewals, and {renewals} that count ...");
    steps::renew(browser, warm_up).await?;
    let before = steps::held(browser).await?;
    steps::renew(browser, renewals).await?;
    let after = steps::held(browser).await?;
    stage.close().await?;
    section(renewals, before, after, machine)
}

fn section(renewals: usize, before: Held, after: Held, machine: Machine) -> anyhow::Result<Section> {
    #[allow(clippy::cast_precision_loss)]
    let growth = (after.javascript + after.wasm - before.javascript - before.wasm) / renewals as f64;
    let mut table = Table::new(["the page holds", "before", "after"]);
    let kilobytes = |bytes: f64| format!("{:.1}", bytes / 1000.0);
    table.row(["JavaScript, KB".to_owned(), kilobytes(before.javascript), kilobytes(after.javascript)]);
    table.row(["WebAssembly, KB".to_owned(), kilobytes(before.wasm), kilobytes(after.wasm)]);
    for (what, before, after) in [
        ("documents", before.documents, after.documents),
        ("nodes", before.nodes, after.nodes),
        ("listeners", before.listeners, after.listeners),
    ] {
        table.row([what.to_owned(), before.to_string(), after.to_string()]);
    }
    Ok(Section {
        name: "memory".to_owned(),
        title: "Memory".to_owned(),
        machine,
        method: format!(
            "Before and after {renewals} renewals by refresh token in one page, each time after a garbage collection."
        ),
        tables: vec![table],
        charts: Vec::new(),
        budgets: vec![
            Budget::at_most(GROWTH, "bytes that each renewal leaves behind", growth),
            Budget::at_most(0.0, "documents, nodes and listeners left behind", after.attached() - before.attached()),
        ],
        measurements: serde_json::to_value([before, after])?,
    })
}

impl Held {
    fn attached(&self) -> f64 {
        self.documents + self.nodes + self.listeners
    }
}
