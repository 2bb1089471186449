//! What there is to see of a session's past, before it has a place on a drawing.

use evergrant_core::session::{EndReason, Occurred, Occurrence};
use evergrant_core::time::UnixTime;

/// An access token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) since: UnixTime,
    /// When another one took its place, the session ended, or it expired.
    pub(super) used_until: UnixTime,
    pub(super) expires_at: UnixTime,
}

/// A time in which nothing could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Band {
    pub(super) kind: BandKind,
    pub(super) since: UnixTime,
    pub(super) until: UnixTime,
}

/// Why nothing could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BandKind {
    Offline,
    StoodStill,
}

/// The lives of the tokens, the oldest first.
pub(super) fn lives(history: &[Occurrence]) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    for Occurrence { at, what } in history {
        if !matches!(what, Occurred::Token { .. } | Occurred::Ended(_)) {
            continue;
        }
        if let Some(last) = lives.last_mut() {
            last.used_until = last.used_until.min(*at);
        }
        if let Occurred::Token { since, expires_at } = *what {
            lives.push(Life { since, used_until: expires_at, expires_at });
        }
    }
    lives
}

/// The times in which nothing could be done; one without network that has not ended lasts until `now`.
pub(super) fn bands(history: &[Occurrence], now: UnixTime) -> Vec<Band> {
    let mut bands = Vec::new();
    let mut offline_since = None;
    for Occurrence { at, what } in history {
        match what {
            Occurred::StoodStill { since } => {
                bands.push(Band { kind: BandKind::StoodStill, since: *since, until: *at });
            }
            Occurred::Offline => offline_since = Some(*at),
            Occurred::Online => {
                let since = offline_since.take();
                bands.extend(since.map(|since| Band { kind: BandKind::Offline, since, until: *at }));
            }
            _ => {}
        }
    }
    bands.extend(offline_since.map(|since| Band { kind: BandKind::Offline, since, until: now }));
    bands
}

/// What happened at one moment: the session was renewed in another tab (no reason), or ended.
pub(super) fn marks(history: &[Occurrence]) -> impl Iterator<Item = (UnixTime, Option<&EndReason>)> {
    history.iter().filter_map(|occurrence| match &occurrence.what {
        Occurred::RenewedElsewhere => Some((occurrence.at, None)),
        Occurred::Ended(reason) => Some((occurrence.at, Some(reason))),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    fn history(happened: &[(i64, Occurred)]) -> Vec<Occurrence> {
        happened.iter().map(|(seconds, what)| Occurrence { at: at(*seconds), what: what.clone() }).collect()
    }

    fn token(since: i64, until: i64) -> Occurred {
        Occurred::Token { since: at(since), expires_at: at(until) }
    }

    #[wasm_bindgen_test]
    fn a_token_is_used_until_the_next_is_there_or_the_session_ends() {
        let ended = Occurred::Ended(EndReason::SignedOut);
        let lives = lives(&history(&[(0, token(0, 60)), (51, token(50, 110)), (70, ended), (90, token(90, 150))]));
        let seen: Vec<_> =
            lives.iter().map(|it| [it.since, it.used_until, it.expires_at].map(UnixTime::as_seconds)).collect();
        assert_eq!(seen, [[0, 51, 60], [50, 70, 110], [90, 150, 150]]);
    }

    #[wasm_bindgen_test]
    fn a_token_that_expired_before_the_next_came_leaves_a_gap() {
        let lives = lives(&history(&[(0, token(0, 60)), (81, token(80, 140))]));
        assert_eq!(lives.first().map(|life| life.used_until), Some(at(60)));
    }

    #[wasm_bindgen_test]
    fn times_without_network_end_when_it_is_back_and_else_last() {
        let bands_of = |happened: &[(i64, Occurred)]| {
            let bands = bands(&history(happened), at(100));
            bands.iter().map(|it| (it.kind, it.since.as_seconds(), it.until.as_seconds())).collect::<Vec<_>>()
        };
        let slept = Occurred::StoodStill { since: at(40) };
        assert_eq!(
            bands_of(&[(10, Occurred::Offline), (20, Occurred::Online), (50, slept), (90, Occurred::Offline)]),
            [(BandKind::Offline, 10, 20), (BandKind::StoodStill, 40, 50), (BandKind::Offline, 90, 100)]
        );
        assert_eq!(bands_of(&[(10, Occurred::Online)]), [], "the beginning was not seen");
    }
}
