//! Real agents with one protection taken away: the oracle has to find each of them out.

use anyhow::{Result, bail};
use system_tests::oracle::{Record, Rule, judge};
use system_tests::real_time::RealTime;

use crate::messages::{late, lost_acknowledgements, retained};
use crate::rig::Plan;
use crate::row::{Ran, TURN};
use crate::troubles::{killed_while_driving, left_while_driving, restarted_on_time};
use crate::trust::forged;

/// A hole shows within so many runs.
const RUNS: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_leases_drives_on() -> Result<()> {
    found_out("lease", Rule::Lease, left_while_driving).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_guard_leaves_the_motors_on() -> Result<()> {
    found_out("guard", Rule::Lease, killed_while_driving).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_expiry_executes_what_comes_late() -> Result<()> {
    found_out("expiry", Rule::Fresh, late).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_memory_executes_repetitions() -> Result<()> {
    found_out("counter", Rule::Once, lost_acknowledgements).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_ignores_the_retain_flag_executes_what_was_kept() -> Result<()> {
    found_out("retained", Rule::Fresh, retained).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_ignores_the_epoch_executes_what_is_of_another_boot() -> Result<()> {
    found_out("epoch", Rule::Fresh, restarted_on_time).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_without_the_check_of_tags_executes_what_nobody_signed() -> Result<()> {
    found_out("mac", Rule::Fresh, forged).await
}

async fn found_out<F>(protection: &'static str, rule: Rule, run: impl Fn(Plan) -> F) -> Result<()>
where
    F: Future<Output = Result<Ran>>,
{
    let _turn = TURN.lock().await;
    let _real_time = RealTime::begin();
    for seed in 1..=RUNS {
        let plan = Plan { seed, without: Some(protection), ..Plan::default() };
        match run(plan).await {
            Ok(Ran { record, .. }) if is_broken(&record, rule) => return Ok(()),
            Ok(_) => {}
            // As of a vehicle that did not come to drive on a machine that was held up: such a run shows nothing.
            Err(error) => println!("seed {seed}: {error:#}"),
        }
    }
    bail!("in {RUNS} runs nobody noticed that {protection} was switched off")
}

fn is_broken(record: &Record, rule: Rule) -> bool {
    let findings = judge(record);
    let mut of_rule = findings.violations.iter().filter(|violation| violation.rule == rule);
    of_rule.next().inspect(|violation| println!("{violation}")).is_some()
}
