//! One row of the table: many runs of one fault, several side by side, and what came of them.

use std::env;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::thread::current;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use system_tests::canary::{Canary, REPETITIONS, STALL};
use system_tests::oracle::{Record, Rule, judge};
use system_tests::real_time::RealTime;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use vehicle_protocol::Reason;

use crate::request::Request;
use crate::rig::{NotAsAsked, RECOVERY};

/// Systems that run at the same time.
const SIDE_BY_SIDE: usize = 4;

/// One row at a time: rows that run together would hold each other up.
pub(crate) static TURN: Mutex<()> = Mutex::const_new(());

/// The result of one run.
pub(crate) struct Ran {
    pub(crate) record: Record,
    /// The time until a fresh command worked, where the run shows that.
    pub(crate) recovered: Option<Duration>,
    /// From sending to the first sign, in nanoseconds, where not all commands count.
    pub(crate) latencies: Option<Vec<u64>>,
}

/// A row of the fault table.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) place: u8,
    pub(crate) fault: &'static str,
    pub(crate) short: u64,
    pub(crate) long: u64,
}

#[derive(Default)]
struct Sum {
    runs: u64,
    executed: usize,
    duplicates: usize,
    late: usize,
    to_braking: Duration,
    recovered: Duration,
    latencies: Vec<u64>,
    guard_losses: usize,
    repeated: Vec<String>,
    wrong: Vec<String>,
}

impl Row {
    /// Runs the row with as many seeds as were asked for.
    pub(crate) async fn run<F>(self, run: impl Fn(u64) -> F + Copy + Send + Sync + 'static) -> Result<()>
    where
        F: Future<Output = Result<Ran>> + Send + 'static,
    {
        let _turn = TURN.lock().await;
        let _real_time = RealTime::begin();
        let request = Request::read()?;
        // Seeds of rows that do not run in full differ from time to time.
        let first = request.seed.unwrap_or_else(|| Rng::new().u64(1..1_000_000));
        let mut seeds = first..first.saturating_add(request.count(self.short, self.long));
        let (mut sum, mut running) = (Sum::default(), JoinSet::new());
        loop {
            while running.len() < SIDE_BY_SIDE {
                let Some(seed) = seeds.next() else { break };
                running.spawn(async move { (seed, attempts(seed, run).await) });
            }
            let Some(ran) = running.join_next().await else { break };
            let (seed, (ran, repeated)) = ran?;
            sum.repeated.extend(repeated);
            sum.add(seed, ran);
        }
        sum.limit_repetitions();
        sum.latencies.sort_unstable();
        self.report(first, &sum)?;
        ensure!(
            sum.wrong.is_empty(),
            "{} faults in {} runs:\n{}",
            sum.wrong.len(),
            sum.runs,
            sum.wrong.join("\n")
        );
        Ok(())
    }

    /// Writes the row, and the runs that were repeated.
    fn report(self, first: u64, sum: &Sum) -> Result<()> {
        let quantile = |share: usize| {
            let place = sum.latencies.len().saturating_sub(1) * share / 100;
            sum.latencies.get(place).map_or_else(|| "-".to_owned(), |ns| format!("{:.1}", *ns as f64 / 1e6))
        };
        let line = format!(
            "| {} | {} of {} | {} | {} | {} | {} | {} / {} | {} | {} | {} | {first} |",
            self.fault,
            sum.runs,
            self.long,
            sum.executed,
            sum.duplicates,
            sum.late,
            milliseconds(sum.to_braking),
            quantile(50),
            quantile(99),
            milliseconds(sum.recovered),
            sum.guard_losses,
            sum.repeated.len(),
        );
        for repeated in &sum.repeated {
            append("FAULTS_REPEATED", &format!("{}: {repeated}", self.fault))?;
        }
        report_row(self.place, &line)
    }
}

impl Sum {
    fn add(&mut self, seed: u64, ran: Result<Ran>) {
        self.runs += 1;
        let ran = match ran {
            Ok(ran) => ran,
            Err(error) => {
                self.guard_losses += usize::from(names_guard(&error));
                return self.wrong.push(format!("{}\n    {error:#}", again(seed)));
            }
        };
        let findings = judge(&ran.record);
        self.guard_losses += findings.guard_losses();
        self.executed += findings.executed;
        self.duplicates += findings.duplicates();
        self.late += findings.late();
        self.to_braking = self.to_braking.max(findings.longest_to_braking);
        self.recovered = self.recovered.max(ran.recovered.unwrap_or_default());
        if let Some(recovered) = ran.recovered.filter(|recovered| *recovered > RECOVERY) {
            self.wrong.push(format!("{}\n    a fresh command worked only after {recovered:?}", again(seed)));
        }
        self.latencies.extend(ran.latencies.unwrap_or_else(|| latencies(&ran.record)));
        if !findings.violations.is_empty() {
            let mut text = again(seed);
            for violation in findings.violations.iter().take(3) {
                let _ = write!(text, "\n    {violation}");
            }
            self.wrong.push(text);
        }
    }

    /// A row that is mostly repeated says little of the vehicle: more than one run in twenty is a fault.
    fn limit_repetitions(&mut self) {
        let most = usize::try_from(self.runs / 20).unwrap_or(usize::MAX).max(1);
        if self.repeated.len() > most {
            let (number, seeds) = (self.repeated.len(), self.repeated.join("\n    "));
            self.wrong.push(format!("{number} runs were repeated, at most {most} may be\n    {seeds}"));
        }
    }
}

/// Names the command that repeats a run; the test runner names threads after tests.
fn again(seed: u64) -> String {
    let thread = current();
    let row = thread.name().and_then(|name| name.rsplit("::").next()).unwrap_or("ROW");
    format!("seed {seed}; again with: tests/faults --seed {seed} --count 1 {row}")
}

/// Prints a line of the table, and appends it where `tests/faults` wants it, with the place that it belongs to.
pub(crate) fn report_row(place: u8, line: &str) -> Result<()> {
    println!("{line}");
    append("FAULTS_ROWS", &format!("{place:02} {line}"))
}

/// Appends a line to the file that a variable names, if it does: the test runner hides what a row prints that passes.
fn append(variable: &str, line: &str) -> Result<()> {
    let Some(file) = env::var_os(variable) else { return Ok(()) };
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    Ok(writeln!(file, "{line}")?)
}

/// Runs again what has gone wrong while the machine was held up, and gives the reasons.
async fn attempts<F>(seed: u64, run: impl Fn(u64) -> F) -> (Result<Ran>, Vec<String>)
where
    F: Future<Output = Result<Ran>>,
{
    let mut repeated = Vec::new();
    loop {
        let canary = Canary::start();
        let ran = run(seed).await;
        let stall = canary.longest_stall();
        let again =
            (stall > STALL && repeated.len() < REPETITIONS) || (never_drove(&ran) && repeated.is_empty());
        let Some(excused) = excused(&ran).filter(|_| again) else {
            return (ran, repeated);
        };
        repeated.push(format!("seed {seed}, held up for {} ms: {excused}", stall.as_millis()));
    }
}

/// Tells that it went wrong for want of the guard: agent and guard run in real time, so a busy machine is no excuse.
fn names_guard(error: &anyhow::Error) -> bool {
    format!("{error:#}").contains(Reason::GuardLost.as_str())
}

/// Tells that there was no motion for a fault to end: such a run shows nothing, and is run once more.
fn never_drove(ran: &Result<Ran>) -> bool {
    let not_as_asked = ran.as_ref().err().and_then(|error| error.downcast_ref::<NotAsAsked>());
    not_as_asked.is_some_and(|not_as_asked| not_as_asked.drives)
}

/// Names the problem if a machine that was held up may be to blame for all of it: nothing can make it do things twice.
fn excused(ran: &Result<Ran>) -> Option<String> {
    let ran = match ran {
        Ok(ran) => ran,
        Err(error) => return (!names_guard(error)).then(|| error.root_cause().to_string()),
    };
    let violations = judge(&ran.record).violations;
    let of_time = violations.iter().all(|violation| violation.rule == Rule::Lease);
    let slow = ran.recovered.filter(|recovered| *recovered > RECOVERY);
    let slow = slow.map(|recovered| format!("a fresh command worked only after {recovered:?}"));
    violations.first().map(ToString::to_string).or(slow).filter(|_| of_time)
}

/// From sending to the first sign in the trace, of every command that shows one.
fn latencies(record: &Record) -> Vec<u64> {
    let mut seen = std::collections::HashSet::new();
    let first_lines = record.trace.iter().filter(|line| line.id.is_some() && seen.insert(line.id.clone()));
    first_lines
        .filter_map(|line| {
            let sent = record.sent.iter().find(|sent| sent.id == line.id)?;
            let from = sent.deliveries.first()?.from;
            Some(line.t.saturating_sub(from))
        })
        .collect()
}

fn milliseconds(duration: Duration) -> String {
    if duration.is_zero() { "-".to_owned() } else { duration.as_millis().to_string() }
}

/// A moment within `most` milliseconds that the seed chooses; what happens at it shall find the system anywhere.
pub(crate) async fn some_time(rng: &mut Rng, most: u64) {
    tokio::time::sleep(Duration::from_micros(rng.u64(0..most * 1_000))).await;
}

/// The answer of a run that has nothing to say of recovery.
pub(crate) fn done(record: Result<Record>) -> Result<Ran> {
    Ok(Ran { record: record.context("the record")?, recovered: None, latencies: None })
}
