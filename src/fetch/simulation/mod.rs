//! The core against a model of a cluster that moves and loses leaders, cuts logs, answers late, wrongly and twice, evicts sessions,
//! throttles, compacts, forgets, and creates topics anew; with a driver that rewinds.
//!
//! Every request must ask for what comes next and say what came last; every piece of records must go on where the last one ended. When
//! the faults stop, everything must arrive, and what was read must be what the logs hold: nothing lost, doubled, or of a log that was
//! cut away.
//!
//! `KOLUMN_SIMULATION_SEEDS=10000` runs more, `KOLUMN_SIMULATION_SEED=17` one.

mod log;
mod node;
mod reader;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::planted::Defect;
use world::{Tally, World};

const STEPS: usize = 2_500;
const SEEDS: u64 = 120;

/// A defect that so many runs do not show is not found.
const PATIENCE: u64 = 400;

/// One run; the steps up to the failure where it fails.
fn run(seed: u64, defect: Option<Defect>) -> Result<Tally, usize> {
    let mut steps = 0;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed, defect);
        for _ in 0..STEPS {
            steps += 1;
            world.step();
        }
        world.settle();
        world.tally
    }));
    outcome.map_err(|_| steps)
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn nothing_is_lost_doubled_reordered_or_read_across_a_cut_whatever_brokers_network_and_driver_do() {
    let seeds = match variable("KOLUMN_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..variable("KOLUMN_SIMULATION_SEEDS").unwrap_or(SEEDS),
    };
    let count = usize::try_from(seeds.end - seeds.start).unwrap();
    let mut sum = Tally::default();
    for seed in seeds {
        let tally = run(seed, None).unwrap_or_else(|steps| {
            panic!("after {steps} steps; again with KOLUMN_SIMULATION_SEED={seed} cargo test -p kolumn --lib fetch::simulation")
        });
        sum.steps += tally.steps;
        sum.pieces += tally.pieces;
        sum.discarded += tally.discarded;
        sum.divergences += tally.divergences;
        sum.validations += tally.validations;
        sum.out_of_range += tally.out_of_range;
        sum.restarts += tally.restarts;
        sum.incremental += tally.incremental;
        sum.pipelined += tally.pipelined;
        sum.from_followers += tally.from_followers;
    }
    println!("{sum:?}");
    // A simulation in which nothing happens proves nothing.
    if count >= 100 {
        assert!(sum.pieces > 30 * count && sum.discarded > count && sum.incremental > 20 * count, "{sum:?}");
        assert!(sum.divergences > count / 2 && sum.validations > count / 2 && sum.out_of_range > count / 8, "{sum:?}");
        assert!(sum.restarts > count / 10 && sum.pipelined > count && sum.from_followers > count / 2, "{sum:?}");
    }
}

#[test]
fn every_planted_defect_is_found_by_the_simulation() {
    use Defect::*;
    let defects = [
        NextOffsetOneTooFar,
        NextAfterTheLastRecord,
        LateAnswerTaken,
        RewindKeepsGeneration,
        SessionSurvivesItsError,
        SessionEpochStandsStill,
        NothingForgotten,
        SessionSurvivesConnection,
        SessionNotUpdated,
        ThrottleIgnored,
        StaleEpochTaken,
        LastEpochNotSent,
        EpochNotRewound,
        StaleHintFollowed,
        FollowerOutOfRangeBelieved,
        RecreatedTopicAdopted,
        MissingTakenAsAnswered,
        DivergenceOverlooked,
        ValidationForgotten,
        SecondCopyTaken,
        AskedTwice,
    ];
    let mut unseen = Vec::new();
    for defect in defects {
        let mut steps = 0;
        let found = (0..PATIENCE).find(|seed| match run(*seed, Some(defect)) {
            Ok(tally) => {
                steps += tally.steps;
                false
            }
            Err(more) => {
                steps += more;
                true
            }
        });
        match found {
            Some(seed) => println!("{defect:?}: found after {steps} steps (seed {seed})"),
            None => unseen.push(defect),
        }
    }
    assert!(unseen.is_empty(), "{unseen:?} not found in {PATIENCE} runs each");
}
