//! Thousands of worlds in which everything goes wrong that can, each drawn from a seed.
//!
//! A failing seed is printed with its last steps. To live through it again, step by step:
//! `EVERGRANT_SEED=n cargo test -p evergrant-core --test simulation -- --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod answers;
mod clock;
mod dice;
mod faults;
mod hands;
mod invariants;
mod issuer;
mod mischief;
mod misfortune;
mod network;
mod store;
mod tab;
mod tally;
mod world;

use invariants::Broken;
use mischief::Mischief;
use tally::Tally;
use world::World;

const WORLDS: u64 = 10_000;
const THREADS: u64 = 2;

#[test]
fn every_invariant_holds_in_ten_thousand_worlds() {
    if let Some(seed) = seed_to_replay() {
        let (outcome, trace) = replay(seed);
        println!("{}", trace.join("\n"));
        return assert_eq!(outcome, Ok(()), "seed {seed}");
    }
    let tally = live_through(WORLDS);
    println!("{WORLDS} worlds: {tally:?}");
    for (name, count) in tally.counts() {
        assert!(count >= WORLDS / 200, "{name} happened {count} times: too seldom to show anything");
    }
}

#[test]
fn a_seed_describes_a_world_to_the_last_step() {
    for seed in 0..20 {
        assert_eq!(replay(seed), replay(seed), "seed {seed}");
    }
}

#[test]
fn every_invariant_can_fail() {
    for (mischief, invariant) in Mischief::ALL {
        let told = (0..2_000).find_map(|seed| {
            let mut world = World::new(seed);
            world.mischief = Some(mischief);
            let broken = world.run().err()?;
            (broken.invariant == invariant).then_some(broken)
        });
        assert!(told.is_some(), "{mischief:?} goes unnoticed by {invariant:?}");
    }
}

fn live_through(worlds: u64) -> Tally {
    let lives = |first: u64| {
        let mut tally = Tally::default();
        for seed in (first..worlds).step_by(THREADS as usize) {
            let mut world = World::new(seed);
            if let Err(broken) = world.run() {
                report(seed, &broken);
            }
            tally += world.tally;
        }
        tally
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || lives(first))).collect();
        let mut tally = Tally::default();
        for thread in threads {
            tally += thread.join().expect("every invariant holds");
        }
        tally
    })
}

fn report(seed: u64, broken: &Broken) -> ! {
    let (_, trace) = replay(seed);
    let last = &trace[trace.len().saturating_sub(40)..];
    panic!(
        "seed {seed}: {:?} is broken after {} ms: {}\n{}\nagain: EVERGRANT_SEED={seed} cargo test -p evergrant-core --test simulation -- --nocapture",
        broken.invariant,
        broken.at,
        broken.detail,
        last.join("\n"),
    );
}

fn replay(seed: u64) -> (Result<(), Broken>, Vec<String>) {
    let mut world = World::new(seed);
    world.trace = Some(Vec::new());
    let outcome = world.run();
    (outcome, world.trace.unwrap_or_default())
}

#[allow(clippy::disallowed_methods, reason = "which seed to replay is said on the command line")]
fn seed_to_replay() -> Option<u64> {
    std::env::var("EVERGRANT_SEED").ok()?.parse().ok()
}
