//! The control loop and the guard wait for no other program: in real time where the agent may have it.

use super::guards;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::process::Command;
use system_tests::process::Program;
use system_tests::wait::{SOON, until};
use tempfile::TempDir;

const SCHED_RR: u64 = 2;

/// The kernel's view of a process, or of its main thread.
#[derive(Debug)]
struct Stat {
    session: u64,
    policy: u64,
    priority: u64,
}

impl Stat {
    fn read(id: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        let (_, fields) = stat.rsplit_once(')').context("no name")?;
        let field = |place: usize| -> Result<u64> {
            Ok(fields.split_whitespace().nth(place).context("too short")?.parse()?)
        };
        // In proc(5) these are fields 6, 40 and 41: it counts from 1, and id and name stand before the parenthesis.
        Ok(Self { session: field(3)?, priority: field(37)?, policy: field(38)? })
    }
}

/// An agent without broker, started through the program and arguments before its own.
fn start(wrapper: &[&str], folder: &TempDir) -> Result<Program> {
    let program = Program::command("vehicle-agent")?;
    let mut words = wrapper.iter().map(std::ffi::OsStr::new).chain([program.get_program()]);
    let mut command = Command::new(words.next().context("a program")?);
    command.args(words).args(["run", "--vehicle", "rover-1", "--broker", "mqtt://127.0.0.1:1"]);
    command.args(["--board", "sim", "--state-dir"]).arg(folder.path());
    Program::spawn("vehicle-agent", command)
}

async fn guard_of(agent: u32) -> Result<u32> {
    until("the guard", SOON, || Ok(guards(agent).ok().and_then(|mut guards| guards.pop()))).await
}

#[tokio::test]
async fn the_guard_runs_before_the_loop_and_the_loop_before_all_others() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut agent = start(&[], &folder)?;
    let may = Command::new("chrt").args(["--rr", "11", "true"]).status()?.success();
    if !may {
        return agent.wait_for_stderr("real-time scheduling refused").await;
    }
    agent.wait_for_stderr("in real time").await?;
    let (control_loop, guard) = (Stat::read(agent.id())?, guard_of(agent.id()).await?);
    let above = || {
        let guard = Stat::read(guard)?;
        let is_above = guard.policy == SCHED_RR && guard.priority > control_loop.priority;
        Ok((is_above && guard.session != control_loop.session).then_some(()))
    };
    until("a guard above the loop, in a session of its own", SOON, above).await?;
    ensure!(control_loop.policy == SCHED_RR, "{control_loop:?}");
    Ok(())
}

#[tokio::test]
async fn without_that_right_both_stay_in_one_group_of_the_scheduler_and_the_log_names_the_remedy()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut wrapper = vec!["prlimit", "--rtprio=0"];
    if rustix::process::geteuid().is_root() {
        wrapper.extend(["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice"]);
    }
    let mut agent = start(&wrapper, &folder)?;
    agent.wait_for_stderr("real-time scheduling refused").await?;
    agent.wait_for_stderr("/etc/security/limits.conf").await?;
    // By then the guard has chosen its session: the agent waits for its answer before it logs.
    let (control_loop, guard) = (Stat::read(agent.id())?, Stat::read(guard_of(agent.id()).await?)?);
    ensure!(guard.session == control_loop.session, "{control_loop:?} {guard:?}");
    ensure!(control_loop.policy == 0 && guard.policy == 0, "{control_loop:?} {guard:?}");
    Ok(())
}
