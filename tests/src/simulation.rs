//! The decisions of a vehicle against a bad network and bad luck, in one process and without waiting: time is a number.
//!
//! A seed decides everything, so that what one run did another repeats. The vehicle's core is the one that ships; around
//! it a network delays, reorders, doubles, drops and keeps messages, operators send, die and freeze, and boots and
//! epochs end. The [`crate::oracle`] judges what is left of it.

mod network;
mod operator;
mod scenario;
mod shell;
mod world;

pub use scenario::{Misfortune, Scenario};

use fastrand::Rng;
use scenario::Wheels;
use vehicle_agent::control::SafetyChecks;

use crate::oracle::{Findings, Record, judge};

/// What a run of one seed was, and how it is judged.
#[derive(Debug)]
pub struct Outcome {
    /// What happened.
    pub record: Record,
    /// What the oracle says to it.
    pub findings: Findings,
}

/// Runs one seed against a vehicle with the protections given.
#[must_use]
pub fn run(seed: u64, checks: SafetyChecks) -> Outcome {
    judged(world::World::new(seed, checks, None).run())
}

/// The same with wheels that are counted, well or badly, and with motors that are not what the configuration says.
#[must_use]
pub fn run_on_wheels(seed: u64, checks: SafetyChecks) -> Outcome {
    // With a chance of its own, so that all else is as in `run`.
    let wheels = Wheels::draw(&mut Rng::with_seed(!seed));
    judged(world::World::new(seed, checks, Some(wheels)).run())
}

fn judged(record: Record) -> Outcome {
    let findings = judge(&record);
    Outcome { record, findings }
}
