//! `evergrant-bench app`: how long it takes from a navigation until the page shows who is signed in, when a session is stored.

use evergrant_e2e::{Browser, Setup};
use serde_json::json;

use crate::browser::pages::{HANDWRITTEN, OIDC_CLIENT_TS, REACT_OIDC_CONTEXT};
use crate::browser::samples::Comparison;
use crate::browser::stage::{Contender, Stage, Way};
use crate::browser::steps;
use crate::budget::Budget;
use crate::machine::Machine;
use crate::options::BrowserOptions;
use crate::section::{Section, Table};

/// What the browser's HTTP cache holds when the navigation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HttpCache {
    Empty,
    /// What earlier visits left there.
    Kept,
}

/// Opens every page again and again.
///
/// # Errors
/// When something does not start, or a page does not show the name.
pub(crate) async fn measure(options: &BrowserOptions, machine: Machine) -> anyhow::Result<Section> {
    let (rounds, pages) = match options.common.quick {
        true => (1, vec![HANDWRITTEN]),
        false => (options.rounds.unwrap_or(25), vec![HANDWRITTEN, OIDC_CLIENT_TS, REACT_OIDC_CONTEXT]),
    };
    let stage = Stage::start(&options.common, Setup::demo(), Way::Iframe, &pages).await?;
    let browser = &stage.world.browser;
    steps::note_when_name_is_shown(browser).await?;
    let names = || stage.contenders.iter().map(|contender| contender.name);
    let mut empty = Comparison::new("Name shown, nothing in the HTTP cache", names());
    let mut kept = Comparison::new("Name shown, scripts in the HTTP cache", names());
    println!("{rounds} rounds ...");
    for _ in 0..rounds {
        for (comparison, cache) in [(&mut empty, HttpCache::Empty), (&mut kept, HttpCache::Kept)] {
            for (samples, contender) in comparison.all.iter_mut().zip(&stage.contenders) {
                samples.millis.push(open(browser, contender, cache).await?);
            }
        }
    }
    stage.close().await?;
    section(rounds, &[empty, kept], machine)
}

async fn open(browser: &Browser, contender: &Contender, cache: HttpCache) -> anyhow::Result<f64> {
    browser.open("about:blank").await?;
    if cache == HttpCache::Empty {
        browser.devtools("Network.clearBrowserCache", &json!({})).await?;
    }
    browser.open(&contender.origin).await?;
    steps::name_shown_after(browser).await
}

fn section(rounds: u8, comparisons: &[Comparison; 2], machine: Machine) -> anyhow::Result<Section> {
    let [empty, kept] = comparisons;
    let mut table = Table::new(["name shown after, ms", "empty cache", "ours to this", "kept cache", "ours to this"]);
    for (without, with) in empty.all.iter().zip(&kept.all) {
        table.row([
            without.name.to_owned(),
            format!("{:.1}", without.median()),
            format!("{:.2}", empty.ours_to(without.name)),
            format!("{:.1}", with.median()),
            format!("{:.2}", kept.ours_to(with.name)),
        ]);
    }
    let react = REACT_OIDC_CONTEXT.name;
    let budgets = comparisons.iter().filter(|it| it.all.iter().any(|samples| samples.name == react));
    Ok(Section {
        name: "app".to_owned(),
        title: "From navigation to the name".to_owned(),
        machine,
        method: format!(
            "{rounds} rounds in Chromium with a profile made for the run, in which every page is opened from an empty one \
             and has its session in localStorage; medians. On loopback: what is downloaded costs next to nothing here. \
             Ratios are the medians of each round's ratio."
        ),
        tables: vec![table],
        charts: comparisons.iter().map(Comparison::chart).collect(),
        budgets: budgets
            .map(|it| Budget::at_most(1.0, format!("{}: to {react}", it.what), it.ours_to(react)))
            .collect(),
        measurements: serde_json::to_value(comparisons)?,
    })
}
