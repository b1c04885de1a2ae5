//! Thousands of runs in virtual time.

use std::fmt::Write as _;
use std::ops::Range;
use std::thread;

use anyhow::{Result, ensure};
use system_tests::oracle::Rule;
use system_tests::simulation::{self, Outcome};
use vehicle_agent::control::Checks;

use crate::request::Request;

/// With a hole in its protections a vehicle breaks a rule within so many seeds, several times over.
const SABOTAGE: u64 = 100;

#[test]
fn no_seed_breaks_a_rule() -> Result<()> {
    let request = Request::read()?;
    let count = request.count(2_000, 50_000);
    let seeds = request.seed..request.seed.saturating_add(count);
    let middle = request.seed.saturating_add(count / 2);
    let halves = [seeds.start..middle, middle..seeds.end];
    let failed: Vec<String> = thread::scope(|scope| {
        let halves = halves.map(|seeds| scope.spawn(move || failures(seeds)));
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    println!("virtual time: seeds {} to {}, {} broke a rule", seeds.start, seeds.end, failed.len());
    let shown = failed.iter().take(8).cloned().collect::<Vec<_>>().join("\n");
    ensure!(failed.is_empty(), "{} of {count} seeds broke a rule:\n{shown}", failed.len());
    Ok(())
}

#[test]
fn without_the_check_of_expiry_something_late_is_executed() -> Result<()> {
    sabotage(Checks { expiry: false, ..Checks::ALL }, Rule::Fresh, "after its EXP")
}

#[test]
fn without_the_check_of_repetition_something_is_executed_again() -> Result<()> {
    sabotage(Checks { counter: false, ..Checks::ALL }, Rule::Once, "acted again")
}

#[test]
fn without_the_check_of_order_an_old_setpoint_follows_a_new_one() -> Result<()> {
    sabotage(Checks { counter: false, ..Checks::ALL }, Rule::Once, "after a newer setpoint")
}

#[test]
fn without_leases_a_vehicle_drives_on() -> Result<()> {
    sabotage(Checks { lease: false, ..Checks::ALL }, Rule::Lease, "drove on")
}

#[test]
fn without_the_check_of_the_retain_flag_a_kept_command_acts() -> Result<()> {
    sabotage(Checks { retained: false, ..Checks::ALL }, Rule::Fresh, "which only ever came retained")
}

#[test]
fn without_the_check_of_the_epoch_a_command_of_another_boot_acts() -> Result<()> {
    sabotage(Checks { epoch: false, ..Checks::ALL }, Rule::Fresh, "which is of another boot")
}

/// A vehicle with a hole is found out, and how.
fn sabotage(checks: Checks, rule: Rule, words: &str) -> Result<()> {
    let found = (0..SABOTAGE).find(|seed| {
        let outcome = simulation::run(*seed, checks);
        outcome.findings.violations.iter().any(|one| one.rule == rule && one.sentence.contains(words))
    });
    println!("{words:?} found with seed {found:?}");
    ensure!(found.is_some(), "in {SABOTAGE} seeds the oracle never said {words:?} with {checks:?}");
    Ok(())
}

fn failures(seeds: Range<u64>) -> Vec<String> {
    let runs = seeds.map(|seed| (seed, simulation::run(seed, Checks::ALL)));
    runs.filter(|(_, outcome)| !outcome.findings.violations.is_empty())
        .map(|(seed, outcome)| report(seed, &outcome))
        .collect()
}

fn report(seed: u64, outcome: &Outcome) -> String {
    let mut text = format!("seed {seed}; again with: tests/faults --seed {seed} --count 1 virtual_time");
    let violations = &outcome.findings.violations;
    for violation in violations.iter().take(3) {
        let _ = write!(text, "\n    {violation}");
    }
    let more = violations.len().saturating_sub(3);
    if more > 0 {
        let _ = write!(text, "\n    and {more} more");
    }
    text
}
