//! Whether the issuer that is being typed can be used, looked up while it is typed.

use evergrant_leptos::core::protocol::Issuer;
use evergrant_leptos::core::protocol::metadata::Shortcoming;
use evergrant_leptos::{DiscoveryError, discover};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

use crate::parts::Notice;
use crate::words;

/// How long somebody who types may pause before what they typed is looked up, in milliseconds.
pub(super) const PAUSE: u32 = 400;

/// The newest look-up; answers to earlier ones are dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Check {
    latest: StoredValue<u32>,
    /// What was seen, as HTML.
    seen: RwSignal<String>,
}

impl Check {
    pub(super) fn new() -> Self {
        Self { latest: StoredValue::new(0), seen: RwSignal::new(said("", HINT).to_html()) }
    }

    /// The newest notice, as HTML.
    pub(super) fn seen(self) -> String {
        self.seen.get()
    }

    /// Says something without asking anybody.
    pub(super) fn say(self, seen: &Notice) {
        self.begin(seen);
    }

    /// Looks `issuer` up after `pause` milliseconds, unless something else is asked meanwhile. Whether it can be used.
    pub(super) async fn look_up(self, issuer: String, pause: u32) -> bool {
        let number = self.begin(&said("", "Looking it up…"));
        TimeoutFuture::new(pause).await;
        // The page may be gone, and this with it.
        let is_latest = || self.latest.try_get_value() == Some(number);
        if !is_latest() {
            return false;
        }
        let (is_good, seen) = judged(discover(Issuer::new(issuer)).await.map(|metadata| metadata.shortcomings()));
        if !is_latest() {
            return false;
        }
        self.seen.set(seen.to_html());
        is_good
    }

    fn begin(self, seen: &Notice) -> u32 {
        let number = self.latest.get_value() + 1;
        self.latest.set_value(number);
        self.seen.set(seen.to_html());
        number
    }
}

/// What the field is for, while nothing is in it.
pub(super) const HINT: &str = "The address under which it publishes /.well-known/openid-configuration.";

/// One sentence about an issuer.
pub(super) fn said(tone: &'static str, headline: &'static str) -> Notice {
    Notice { tone, headline, sentences: Vec::new(), exact: None }
}

fn judged(answer: Result<Vec<Shortcoming>, DiscoveryError>) -> (bool, Notice) {
    let bad = |headline| said("bad", headline);
    match answer {
        Ok(shortcomings) => {
            let is_good = !shortcomings.first().is_some_and(|shortcoming| shortcoming.is_fatal());
            let notice = if is_good {
                said("info", "This app can sign in there.")
            } else {
                bad("This app cannot sign in there.")
            };
            (is_good, Notice { sentences: shortcomings.iter().map(ToString::to_string).collect(), ..notice })
        }
        Err(DiscoveryError::Unusable(failure)) => {
            (false, Notice { exact: Some(failure.to_string()), ..bad(words::discovery(&failure)) })
        }
        Err(error) => (false, Notice { sentences: vec![error.to_string()], ..bad("The issuer cannot be asked.") }),
    }
}
