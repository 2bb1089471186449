//! `evergrant-bench renewal`: how long a renewal takes from the press of a button until the page shows that it is done, by
//! iframe and by refresh token, on loopback and as far from the issuer as people are; and how many requests it costs.

use std::time::SystemTime;

use anyhow::Context as _;
use evergrant_e2e::Setup;
use serde::Serialize;

use crate::browser::pages::{HANDWRITTEN, OIDC_CLIENT_TS, Page};
use crate::browser::samples::Comparison;
use crate::browser::stage::{Contender, Stage, Way};
use crate::browser::{OURS, steps};
use crate::budget::Budget;
use crate::machine::Machine;
use crate::median::median;
use crate::options::BrowserOptions;
use crate::section::{Section, Table};

/// Renewals before those that count: the first one finds out where the issuer's endpoints and keys are.
const WARM_UP: usize = 2;

/// Renewals of each contender in a round.
const IN_A_ROUND: usize = 8;

/// To what a hand-written renewal takes.
const BUDGET: f64 = 1.1;

/// Milliseconds that are added to every request, for a part of the measurement.
const DISTANCE: u32 = 50;

/// One way of renewing, with what was measured on it.
#[derive(Debug, Serialize)]
struct Measured {
    way: String,
    latency: Comparison,
    /// Of each contender, in the last round.
    requests: Vec<f64>,
    /// The most that ours may need.
    request_budget: f64,
}

/// Measures both ways.
///
/// # Errors
/// When something does not start, or does not renew.
pub(crate) async fn measure(options: &BrowserOptions, machine: Machine) -> anyhow::Result<Section> {
    let (rounds, pages): (_, &[Page]) = match options.common.quick {
        true => (1, &[HANDWRITTEN]),
        false => (options.rounds.unwrap_or(12), &[HANDWRITTEN, OIDC_CLIENT_TS]),
    };
    let mut measured = Vec::new();
    for (way, name, request_budget) in [(Way::Iframe, "iframe", 3.0), (Way::RefreshToken, "refresh token", 1.0)] {
        println!("By {name}: {rounds} rounds ...");
        let stage = Stage::start(&options.common, Setup::demo(), way, pages).await?;
        let mut near = Measured::new(name.to_owned(), request_budget, &stage);
        let mut far = Measured::new(format!("{name}, {DISTANCE} ms away"), request_budget, &stage);
        for _ in 0..rounds {
            near.round(&stage, 0).await?;
            far.round(&stage, DISTANCE).await?;
        }
        stage.close().await?;
        measured.extend([near, far]);
    }
    section(rounds, &measured, machine)
}

impl Measured {
    /// Nothing is measured yet.
    fn new(way: String, request_budget: f64, stage: &Stage) -> Self {
        let names = stage.contenders.iter().map(|contender| contender.name);
        Self { latency: Comparison::new(format!("Renewal by {way}"), names), way, requests: Vec::new(), request_budget }
    }

    /// Everybody's turn.
    async fn round(&mut self, stage: &Stage, distance: u32) -> anyhow::Result<()> {
        self.requests.clear();
        for (samples, contender) in self.latency.all.iter_mut().zip(&stage.contenders) {
            let (millis, sent) = round(stage, contender, distance).await?;
            samples.millis.push(millis);
            self.requests.push(sent);
        }
        Ok(())
    }
}

/// The median of the round's renewals, and how many requests each took.
async fn round(stage: &Stage, contender: &Contender, distance: u32) -> anyhow::Result<(f64, f64)> {
    let browser = &stage.world.browser;
    steps::open_signed_in(browser, &contender.origin).await?;
    steps::renew(browser, WARM_UP).await?;
    steps::set_distance(browser, distance).await?;
    let begun = SystemTime::now();
    let millis = steps::renew(browser, IN_A_ROUND).await?;
    steps::set_distance(browser, 0).await?;
    #[allow(clippy::cast_precision_loss)]
    let requests = browser.requests_since(begun).await?.len() as f64 / IN_A_ROUND as f64;
    Ok((median(millis).context("nothing was renewed")?, requests))
}

fn section(rounds: u8, measured: &[Measured], machine: Machine) -> anyhow::Result<Section> {
    let (mut tables, mut budgets) = (Vec::new(), Vec::new());
    for Measured { way, latency, requests, request_budget } in measured {
        let mut table = Table::new([&latency.what, "ms", "ours to this", "requests"]);
        for (samples, requests) in latency.all.iter().zip(requests) {
            let to_this = format!("{:.2}", latency.ours_to(samples.name));
            table.row([samples.name.to_owned(), format!("{:.1}", samples.median()), to_this, format!("{requests:.1}")]);
            if samples.name == OURS {
                budgets.push(Budget::at_most(*request_budget, format!("requests of a renewal by {way}"), *requests));
            }
        }
        tables.push(table);
        let to_hand = latency.ours_to(HANDWRITTEN.name);
        budgets.push(Budget::at_most(BUDGET, format!("renewal by {way}, to JavaScript by hand"), to_hand));
    }
    Ok(Section {
        name: "renewal".to_owned(),
        title: "A renewal".to_owned(),
        machine,
        method: format!(
            "{rounds} rounds in Chromium in which each page is opened, renews {WARM_UP} times, and is then measured for \
             {IN_A_ROUND} renewals: from the press of a button until the page shows the result; medians. The page written by \
             hand checks no signature and knows of no other tab; what it costs to do so weighs most where the issuer is nearest. \
             {DISTANCE} ms away means that so much is added to every request. Ratios are the medians of each round's ratio."
        ),
        tables,
        charts: measured.iter().map(|it| it.latency.chart()).collect(),
        budgets,
        measurements: serde_json::to_value(measured)?,
    })
}
