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
mod many;
mod mischief;
mod misfortune;
mod network;
mod store;
mod tab;
mod tally;
mod world;

use std::fmt::Debug;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use mischief::Mischief;
use world::World;

const WORLDS: u64 = 10_000;
const WORLDS_OF_MANY: u64 = 2_000;
/// Seeds from here on describe worlds with many tabs.
const FIRST_OF_MANY: u64 = 1_000_000;
const THREADS: u64 = 2;

#[test]
fn every_invariant_holds_in_ten_thousand_worlds() {
    if seed_to_replay().is_some() {
        return;
    }
    let (tally, took) = live_through(0, WORLDS, |seed| {
        let mut world = World::new(seed);
        world.run().unwrap_or_else(|broken| report(seed, &broken));
        world.tally
    });
    println!("{WORLDS} worlds in {took:.1?}: {tally:?}");
    for (name, count) in tally.counts() {
        assert!(count >= WORLDS / 200, "{name} happened {count} times: too seldom to show anything");
    }
}

#[test]
fn every_invariant_holds_between_tabs() {
    if seed_to_replay().is_some() {
        return;
    }
    let (tally, took) = live_through(FIRST_OF_MANY, WORLDS_OF_MANY, |seed| {
        let mut world = many::World::new(seed);
        world.run().unwrap_or_else(|broken| report(seed, &broken));
        world.tally
    });
    println!("{WORLDS_OF_MANY} worlds with many tabs in {took:.1?}: {tally:?}");
    for (name, count) in tally.counts() {
        assert!(count >= WORLDS_OF_MANY / 200, "{name} happened {count} times: too seldom to show anything");
    }
}

#[test]
fn the_world_of_one_seed_is_shown() {
    if let Some(seed) = seed_to_replay() {
        let (outcome, trace) = replay(seed);
        println!("{}", trace.join("\n"));
        assert_eq!(outcome, Ok(()), "seed {seed}");
    }
}

#[test]
fn a_seed_describes_a_world_to_the_last_step() {
    for seed in (0..20).chain(FIRST_OF_MANY..FIRST_OF_MANY + 20) {
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

#[test]
fn every_invariant_between_tabs_can_fail() {
    for (mischief, invariant) in many::Mischief::ALL {
        let told = (FIRST_OF_MANY..FIRST_OF_MANY + 500).find_map(|seed| {
            let mut world = many::World::new(seed);
            world.mischief = Some(mischief);
            let broken = world.run().err()?;
            (broken.invariant == invariant).then_some(broken)
        });
        assert!(told.is_some(), "{mischief:?} goes unnoticed by {invariant:?}");
    }
}

/// What happened in these worlds, and how long that took by the real clock.
#[allow(clippy::disallowed_methods, reason = "the simulation is measured, not what is simulated")]
fn live_through<T: Default + AddAssign + Send>(
    first: u64,
    worlds: u64,
    live: impl Fn(u64) -> T + Sync,
) -> (T, Duration) {
    let begun = Instant::now();
    let lives = |thread: u64| {
        let mut tally = T::default();
        for seed in (first + thread..first + worlds).step_by(THREADS as usize) {
            tally += live(seed);
        }
        tally
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || lives(thread))).collect();
        let mut tally = T::default();
        for thread in threads {
            tally += thread.join().expect("every invariant holds");
        }
        (tally, begun.elapsed())
    })
}

fn report(seed: u64, broken: &impl Debug) -> ! {
    let (_, trace) = replay(seed);
    let last = &trace[trace.len().saturating_sub(40)..];
    panic!(
        "seed {seed}: {broken:?}\n{}\nagain: EVERGRANT_SEED={seed} cargo test -p evergrant-core --test simulation -- --nocapture",
        last.join("\n"),
    );
}

/// Lives through one world, and writes down what happens and how it ended.
fn replay(seed: u64) -> (Result<(), String>, Vec<String>) {
    let (outcome, trace) = if seed < FIRST_OF_MANY {
        let mut world = World::new(seed);
        world.trace = Some(Vec::new());
        (world.run().map_err(|broken| format!("{broken:?}")), world.trace)
    } else {
        let mut world = many::World::new(seed);
        world.trace = Some(Vec::new());
        (world.run().map_err(|broken| format!("{broken:?}")), world.trace)
    };
    (outcome, trace.unwrap_or_default())
}

#[allow(clippy::disallowed_methods, reason = "which seed to replay is said on the command line")]
fn seed_to_replay() -> Option<u64> {
    std::env::var("EVERGRANT_SEED").ok()?.parse().ok()
}
