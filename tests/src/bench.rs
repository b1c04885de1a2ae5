//! The benchmark: the whole agent beside bare echoes, all asked by the same requester over the same broker.

pub mod candidate;
pub mod echo;
pub mod idle;
pub mod machine;
pub mod options;
pub mod requester;
pub mod results;
pub mod rounds;
pub mod sample;
pub mod stopwatch;
pub mod tables;
pub mod usage;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::mosquitto::{Mosquitto, Settings};
use candidate::Candidate;
use options::{Options, Plan, Role};
use requester::Requester;

/// A broker as it is in use: it logs when it starts, and not each packet.
const BROKER: &str = "log_type none\nlog_type information\npersistence false";

/// What the tables need to be read.
const METHOD: &str = "\
One mosquitto on loopback (nodelay, no persistence), one requester on rumqttc (nodelay; poll task and publisher \
apart), each candidate a process of its own. A request is a plain LOCK_DOORS of 20 bytes, published at the QoS of the \
row when the answer to the one before has come; the time runs from before the publish call until the requester's \
publisher has the answer. In all rows the candidate subscribes at QoS 2 and answers at QoS 1, as the contract asks of \
the agent, and the requester subscribes to answers at QoS 1. At QoS 2 libmosquitto hands a message over when the \
handshake is complete, rumqttc before. The agent answers with \
`{\"SUCCESSFULLY_PROCESSED_COMMAND\":\"LOCK_DOORS\"}`, the echoes with the request.\n\n\
What signatures cost is measured on one more agent, which has a key and takes bare commands all the same: one process, \
asked bare, signed in JSON and signed in the compact form. Signed commands are of one session, and their answers signed, \
too. The requester signs before the time runs and verifies when it has stopped: the share of the vehicle is in it, and \
what more bytes cost.\n";

/// Does what the command line asks.
///
/// # Errors
///
/// When a part is missing or does not answer as it should.
pub async fn main(options: Options) -> Result<()> {
    match options.role {
        Some(Role::Echo { port, client, from, to }) => echo::echo(port, &client, &from, &to).await,
        None => measure(&options.plan).await,
    }
}

async fn measure(plan: &Plan) -> Result<()> {
    build_agent()?;
    let mut section = heading(plan)?;
    let broker = Mosquitto::start_with(&Settings { extra: BROKER, ..Settings::default() }).await?;
    let mut candidates = vec![Candidate::agent(&broker).await?, Candidate::rumqttc_echo(&broker).await?];
    let c_echo = Candidate::c_echo(&broker).await?;
    if c_echo.is_none() {
        section.push_str("The echo on libmosquitto is left out: mosquitto.h or a C compiler is missing.\n\n");
    }
    candidates.extend(c_echo);

    eprintln!("idle: {} s", plan.idle);
    let idle = idle::watch(&candidates, plan.window()).await?;
    // Opened now, so that no session waits through the idle time, and the idle ones are idle.
    candidates.extend(Candidate::trusting_agent(&broker).await?);
    eprintln!("round trips: {} rounds", plan.rounds);
    let mut requester = Requester::connect(broker.port(), &candidates).await?;
    let series = rounds::run(plan, &mut requester, &candidates).await?;

    let tables =
        [tables::round_trips(&series), tables::ratios(&series), tables::trust(&series), tables::idle(&idle)];
    section.push_str(&tables.join("\n"));
    println!("{section}");
    if plan.write { results::write("bench", &section) } else { Ok(()) }
}

fn heading(plan: &Plan) -> Result<String> {
    let (command, date, machine) = (plan.command(), stopwatch::date()?, machine::machine()?);
    let (rounds, requests, idle) = (plan.rounds, plan.requests, plan.idle);
    Ok(format!(
        "## Round trip and idle\n\n`{command}`, {date}, on {machine}.\n\n{METHOD}\n\
        {rounds} rounds, in each {requests} requests to each candidate at each QoS, another candidate first in each \
        round; ratios are medians over the rounds, with the middle half of the rounds behind. Idle: connected, parked, \
        nothing asked, keepalive 60 s, all watched over the same {idle} s before the first request; wake-ups are \
        voluntary context switches of all threads, CPU is time on a processor in user mode and kernel.\n\n"
    ))
}

/// Builds what is measured: cargo builds only the benchmark itself when that is run.
fn build_agent() -> Result<()> {
    ensure!(!cfg!(debug_assertions), "a debug build tells nothing; run with --release");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What `cargo run` says of the benchmark's package would make build scripts run again.
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(told)) {
        cargo.env_remove(name);
    }
    let status = cargo
        .args(["build", "--release", "--locked", "-p", "vehicle-agent", "--bin", "vehicle-agent"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .status()
        .context("cargo")?;
    ensure!(status.success(), "the agent does not build");
    Ok(())
}
