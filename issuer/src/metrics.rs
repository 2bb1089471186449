//! What is counted: requests by route and status, how long they took, and what became of refresh tokens and logout tokens.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// From half a millisecond, below which nothing durable is answered, to the longest that an answer may take.
const SECONDS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 30.0];

/// The counters of one provider.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
    refreshes: Family<RefreshLabels, Counter>,
    logouts: Family<LogoutLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("evergrant");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let refreshes = Family::default();
        let logouts = Family::default();
        registry.register("requests", "Requests answered, by route and status", requests.clone());
        registry.register("request_seconds", "How long answers took, by route", seconds.clone());
        registry.register("refresh_tokens", "Refresh tokens presented, by what became of them", refreshes.clone());
        registry.register("logout_tokens", "Logout tokens sent to clients, by what became of them", logouts.clone());
        Self { registry, requests, seconds, refreshes, logouts }
    }
}

impl Metrics {
    /// Counts an answer. `route` is a pattern of the router, never a path that somebody made up.
    pub(crate) fn count_request(&self, route: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { route: route.to_owned(), status }).inc();
        self.seconds.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// Counts a refresh token that was presented.
    pub(crate) fn count_refresh(&self, outcome: RefreshLabel) {
        self.refreshes.get_or_create(&RefreshLabels { outcome }).inc();
    }

    /// Counts a try to tell a client that a session is over.
    pub(crate) fn count_logout(&self, outcome: LogoutLabel) {
        self.logouts.get_or_create(&LogoutLabels { outcome }).inc();
    }

    /// Everything, in the OpenMetrics text format.
    pub(crate) fn to_text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum RefreshLabel {
    Accepted,
    Repeated,
    Replayed,
    Refused,
}

/// What became of a logout token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum LogoutLabel {
    Taken,
    Refused,
    Unanswered,
    GivenUp,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefreshLabels {
    outcome: RefreshLabel,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LogoutLabels {
    outcome: LogoutLabel,
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}
