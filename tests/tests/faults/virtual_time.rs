//! Thousands of runs in virtual time.

use std::fmt::Write as _;
use std::ops::Range;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use system_tests::oracle::Rule;
use system_tests::simulation::{self, Outcome};
use vehicle_agent::control::SafetyChecks;

use crate::request::Request;
use crate::row::{TURN, report_row};

/// Seeds of a long run.
const LONG: u64 = 50_000;

/// With a hole in its protections a vehicle breaks a rule within so many seeds, several times over.
const SABOTAGE: u64 = 100;

/// Runs one seed.
type Run = fn(u64, SafetyChecks) -> Outcome;

/// Counts of many seeds.
#[derive(Default)]
struct Tally {
    failed: Vec<String>,
    executed: usize,
    duplicates: usize,
    late: usize,
    to_braking: Duration,
}

#[test]
fn no_seed_breaks_a_rule() -> Result<()> {
    let fault = "all of it in virtual time, leases of 0.1 to 1.5 s";
    seeds(fault, 2_000, simulation::run)
}

#[test]
fn no_seed_breaks_a_rule_on_wheels_that_are_counted_badly() -> Result<()> {
    let fault = "the same with encoders that miss pulses, die and tremble, and with weak or strong motors";
    seeds(fault, 1_000, simulation::run_on_wheels)
}

fn seeds(fault: &str, short: u64, run: Run) -> Result<()> {
    let _turn = TURN.blocking_lock();
    let request = Request::read()?;
    let count = request.count(short, LONG);
    let first = request.seed.unwrap_or(1);
    let (middle, end) = (first.saturating_add(count / 2), first.saturating_add(count));
    let (one, other) = thread::scope(|scope| {
        let halves = [first..middle, middle..end].map(|seeds| scope.spawn(move || tally(seeds, run)));
        let [one, other] = halves.map(|half| half.join().unwrap());
        (one, other)
    });
    let (executed, duplicates, late) =
        (one.executed + other.executed, one.duplicates + other.duplicates, one.late + other.late);
    let to_braking = one.to_braking.max(other.to_braking).as_millis();
    let counts = format!("{executed} | {duplicates} | {late} | {to_braking}");
    report_row(6, &format!("| {fault} | {count} of {LONG} | {counts} | - / - | - | - | 0 | {first} |"))?;
    let failed = [one.failed, other.failed].concat();
    let shown = failed.iter().take(8).cloned().collect::<Vec<_>>().join("\n");
    ensure!(failed.is_empty(), "{} of {count} seeds broke a rule:\n{shown}", failed.len());
    Ok(())
}

#[test]
fn without_the_check_of_expiry_something_late_is_executed() -> Result<()> {
    sabotage(SafetyChecks { expiry: false, ..SafetyChecks::ALL }, Rule::Fresh, "after its EXP")
}

#[test]
fn without_the_check_of_repetition_something_is_executed_again() -> Result<()> {
    sabotage(SafetyChecks { counter: false, ..SafetyChecks::ALL }, Rule::Once, "acted again")
}

#[test]
fn without_the_check_of_order_an_old_setpoint_follows_a_new_one() -> Result<()> {
    sabotage(SafetyChecks { counter: false, ..SafetyChecks::ALL }, Rule::Once, "after a newer setpoint")
}

#[test]
fn without_leases_a_vehicle_drives_on() -> Result<()> {
    sabotage(SafetyChecks { lease: false, ..SafetyChecks::ALL }, Rule::Lease, "drove on")
}

#[test]
fn without_the_check_of_the_retain_flag_a_kept_command_acts() -> Result<()> {
    sabotage(
        SafetyChecks { retained: false, ..SafetyChecks::ALL },
        Rule::Fresh,
        "which only ever came retained",
    )
}

#[test]
fn without_the_check_of_the_epoch_a_command_of_another_boot_acts() -> Result<()> {
    sabotage(SafetyChecks { epoch: false, ..SafetyChecks::ALL }, Rule::Fresh, "which is of another boot")
}

/// A vehicle with a hole is found out, and how.
fn sabotage(checks: SafetyChecks, rule: Rule, words: &str) -> Result<()> {
    let found = (0..SABOTAGE).find(|seed| {
        let outcome = simulation::run(*seed, checks);
        outcome.findings.violations.iter().any(|one| one.rule == rule && one.sentence.contains(words))
    });
    println!("{words:?} found with seed {found:?}");
    ensure!(found.is_some(), "in {SABOTAGE} seeds the oracle never said {words:?} with {checks:?}");
    Ok(())
}

fn tally(seeds: Range<u64>, run: Run) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let outcome = run(seed, SafetyChecks::ALL);
        let findings = &outcome.findings;
        tally.executed += findings.executed;
        tally.duplicates += findings.duplicates();
        tally.late += findings.late();
        tally.to_braking = tally.to_braking.max(findings.longest_to_braking);
        if !findings.violations.is_empty() {
            tally.failed.push(report(seed, &outcome));
        }
    }
    tally
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
