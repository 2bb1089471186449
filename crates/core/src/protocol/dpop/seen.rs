//! Which proofs came already.

use std::collections::BTreeSet;
use std::mem;
use std::time::Duration;

use super::Proof;
use crate::time::UnixTime;

/// A memory of proofs, so that each is good once (RFC 9449 §11.1): each for as long as it could come again, and of a key and a
/// `jti` 16 bytes of their hash.
///
/// It is bounded: where more than [`SeenProofs::with_room_for`] said come in that time, the oldest are forgotten early. To refuse
/// new ones instead would let anybody who has lots of requests to send keep everybody out.
#[derive(Debug)]
pub struct SeenProofs {
    lasts: Duration,
    most: usize,
    since: UnixTime,
    /// Those that came since then.
    newer: BTreeSet<[u8; 16]>,
    /// Those that came in the time before.
    older: BTreeSet<[u8; 16]>,
}

impl SeenProofs {
    /// A memory that keeps a proof for `lasts`, and `most` proofs in all.
    pub fn with_room_for(most: usize, lasts: Duration) -> Self {
        let most = most.div_ceil(2).max(1);
        Self { lasts, most, since: UnixTime::default(), newer: BTreeSet::new(), older: BTreeSet::new() }
    }

    /// Notes a proof. Whether it came for the first time.
    pub fn is_first(&mut self, proof: &Proof, now: UnixTime) -> bool {
        if self.newer.len() >= self.most || now.since(self.since) > self.lasts {
            self.older = mem::take(&mut self.newer);
            self.since = now;
        }
        !self.older.contains(&proof.id) && self.newer.insert(proof.id)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::protocol::dpop::JwkThumbprint;

    fn proof(number: u8) -> Proof {
        Proof { thumbprint: JwkThumbprint::parse(&"a".repeat(43)).unwrap(), id: [number; 16] }
    }

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn a_proof_is_new_once_in_its_time() {
        let mut seen = SeenProofs::with_room_for(100, Duration::from_secs(120));
        assert!(seen.is_first(&proof(1), at(0)));
        assert!(seen.is_first(&proof(2), at(60)));
        for seconds in [0, 60, 120, 121, 180] {
            assert!(!seen.is_first(&proof(2), at(seconds)), "{seconds}");
        }
        assert!(!seen.is_first(&proof(2), at(-3600)), "whatever the clock says");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut seen = SeenProofs::with_room_for(8, Duration::from_secs(120));
        for number in 0..=255 {
            assert!(seen.is_first(&proof(number), at(0)));
            assert!(seen.newer.len() + seen.older.len() <= 8);
        }
        assert!(!seen.is_first(&proof(255), at(0)) && !seen.is_first(&proof(252), at(0)), "the newest are known");
        assert!(seen.is_first(&proof(0), at(0)));
    }

    #[test]
    fn after_their_time_they_are_let_go() {
        let mut seen = SeenProofs::with_room_for(100, Duration::from_secs(120));
        for (number, seconds) in [(1, 0), (2, 200), (3, 400)] {
            assert!(seen.is_first(&proof(number), at(seconds)));
        }
        assert!(!seen.older.contains(&[1; 16]) && !seen.newer.contains(&[1; 16]));
    }
}
