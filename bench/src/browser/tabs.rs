//! `evergrant-bench tabs`: how often the issuer is asked when one session is open in many tabs.

use evergrant_e2e::Setup;
use serde::Serialize;

use crate::browser::pages::{OIDC_CLIENT_TS, Page};
use crate::browser::stage::{Stage, Way};
use crate::browser::{OURS, steps};
use crate::budget::Budget;
use crate::chart::Chart;
use crate::machine::Machine;
use crate::options::BrowserOptions;
use crate::section::{Section, Table};

/// Seconds. All contenders renew five seconds before the end.
const LIFETIME: u32 = 10;

/// Expiries that are watched.
const EXPIRIES: u64 = 3;

#[derive(Debug, Serialize)]
struct Asked {
    name: &'static str,
    tabs: usize,
    /// Token answers of the issuer for each expiry.
    renewals: f64,
}

/// Opens more and more tabs of one session, and counts at the issuer.
///
/// # Errors
/// When something does not start, or does not renew.
pub(crate) async fn measure(options: &BrowserOptions, machine: Machine) -> anyhow::Result<Section> {
    let (counts, pages): (&[usize], &[Page]) = match options.common.quick {
        true => (&[2], &[]),
        false => (&[5, 20], &[OIDC_CLIENT_TS]),
    };
    let mut asked = Vec::new();
    // Each in a world of its own: the others' tabs stay out of it.
    asked.extend(count(options, &[], counts).await?);
    if let [_, ..] = pages {
        asked.extend(count(options, pages, counts).await?);
    }
    section(&asked, machine)
}

/// Counts what the last contender of a stage asks for.
async fn count(options: &BrowserOptions, pages: &[Page], counts: &[usize]) -> anyhow::Result<Vec<Asked>> {
    let setup = Setup::demo().with_access_token_lifetime(LIFETIME);
    let stage = Stage::start(&options.common, setup, Way::Iframe, pages).await?;
    let mut asked = Vec::new();
    if let Some(contender) = stage.contenders.last() {
        let browser = &stage.world.browser;
        steps::open_signed_in(browser, &contender.origin).await?;
        let first = browser.tab().await?;
        let mut tabs = 1;
        for &count in counts {
            println!("{} in {count} tabs ...", contender.name);
            while tabs < count {
                browser.new_tab().await?;
                browser.open(&contender.origin).await?;
                steps::wait_until_signed_in(browser).await?;
                tabs += 1;
            }
            browser.show(&first).await?;
            asked.push(Asked { name: contender.name, tabs, renewals: for_each_expiry(&stage).await? });
        }
    }
    stage.close().await?;
    Ok(asked)
}

/// Watches from one renewal of the tab that is shown to a later one.
async fn for_each_expiry(stage: &Stage) -> anyhow::Result<f64> {
    let (browser, issuer) = (&stage.world.browser, &stage.world.issuer);
    let answered = || issuer.answered("/oauth/token", 200);
    let now = steps::renewals(browser).await?;
    let begun = steps::wait_for_renewals(browser, now + 1).await?;
    let before = answered();
    let ended = steps::wait_for_renewals(browser, begun + EXPIRIES).await?;
    #[allow(clippy::cast_precision_loss)]
    Ok((answered() - before) as f64 / (ended - begun) as f64)
}

fn section(asked: &[Asked], machine: Machine) -> anyhow::Result<Section> {
    let mut table = Table::new(["one session in several tabs", "tabs", "renewals at each expiry"]);
    for Asked { name, tabs, renewals } in asked {
        table.row([(*name).to_owned(), tabs.to_string(), format!("{renewals:.1}")]);
    }
    let bar = |it: &Asked| (format!("{}, {} tabs", it.name, it.tabs), it.renewals);
    let (ours, others): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(|it| it.name == OURS);
    let budgets =
        ours.iter().map(|it| Budget::at_most(1.0, format!("renewals at each expiry, {} tabs", it.tabs), it.renewals));
    Ok(Section {
        name: "tabs".to_owned(),
        title: "Many tabs".to_owned(),
        machine,
        method: format!(
            "Access tokens live for {LIFETIME} s and are renewed by iframe, 5 s before they end or a little earlier. Counted \
             are the answers of the issuer's token endpoint over {EXPIRIES} expiries."
        ),
        tables: vec![table],
        budgets: budgets.collect(),
        charts: vec![Chart::new(
            "Renewals at each expiry (less is better)",
            ours.iter().map(|it| bar(it)),
            others.iter().map(|it| bar(it)),
        )],
        measurements: serde_json::to_value(asked)?,
    })
}
