//! `evergrant-bench size`: what a visitor downloads before the page is there, and in all.

use serde::Serialize;

use evergrant_e2e::artefacts;

use crate::browser::pages::{AUTH0_REACT, HANDWRITTEN, OIDC_CLIENT_TS, REACT_OIDC_CONTEXT};
use crate::browser::weight::{KINDS, Weight};
use crate::browser::{OURS, bundle};
use crate::budget::Budget;
use crate::chart::Chart;
use crate::machine::Machine;
use crate::options::BrowserOptions;
use crate::section::{Section, Table};

/// Kilobytes (of 1000 bytes) for everything.
const BUDGET: f64 = 100.0;

/// The app with what it loads once it is there.
const EVERYTHING: &str = "Evergrant with all its pages";

#[derive(Debug, Serialize)]
struct Weighed {
    name: &'static str,
    weight: Weight,
}

/// Weighs the app and the pages.
///
/// # Errors
/// When a page cannot be made.
pub(crate) fn measure(options: &BrowserOptions, machine: Machine) -> anyhow::Result<Section> {
    let app = artefacts::app_dir()?;
    let mut weighed = vec![
        Weighed { name: OURS, weight: Weight::of_start(&app)? },
        Weighed { name: EVERYTHING, weight: Weight::of(&app)? },
    ];
    if !options.common.quick {
        for page in [HANDWRITTEN, OIDC_CLIENT_TS, REACT_OIDC_CONTEXT, AUTH0_REACT] {
            let made = bundle::make(&page, &options.common)?;
            // Its callback page in an iframe is no part of the start.
            let visited = ["index.html", "app.js"].map(|name| made.join(name));
            weighed.push(Weighed { name: page.name, weight: Weight::of_files(&visited)? });
        }
    }
    let [first, second, third, fourth] = KINDS;
    let mut table = Table::new(["on the wire, KB", first, second, third, fourth, "in all"]);
    for Weighed { name, weight } in &weighed {
        let [first, second, third, fourth] = KINDS.map(|kind| format!("{:.1}", kilobytes(weight.of_kind(kind))));
        table.row([(*name).to_owned(), first, second, third, fourth, format!("{:.1}", kilobytes(weight.total()))]);
    }
    let mut totals = weighed.iter().map(|it| (it.name.to_owned(), kilobytes(it.weight.total())));
    let ours = totals.next();
    let everything = kilobytes(weighed[1].weight.total());
    let total = ours.as_ref().map_or(f64::NAN, |(_, total)| *total);
    Ok(Section {
        name: "size".to_owned(),
        title: "On the wire".to_owned(),
        machine,
        method: "HTML, scripts, WebAssembly and styles until the page is there, compressed with brotli at its best. The pages \
                 beside the app sign in, renew, show who is signed in, and sign out; the app has its own pages for all of \
                 Evergrant besides, whose code follows while the person looks at the first."
            .to_owned(),
        tables: vec![table],
        charts: vec![Chart::new("On the wire, KB (less is better)", ours, totals)],
        budgets: vec![
            Budget::at_most(BUDGET, "the app on the wire until it is there, KB", total),
            Budget::at_most(BUDGET, "the app on the wire, everything in, KB", everything),
        ],
        measurements: serde_json::to_value(&weighed)?,
    })
}

fn kilobytes(bytes: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let bytes = bytes as f64;
    bytes / 1000.0
}
