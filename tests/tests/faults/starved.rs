//! Resources run out while the agent drives: room on the disk, descriptors, a broker that answers.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use system_tests::clock::monotonic;
use system_tests::process::Program;
use system_tests::proxy::Fault;
use vehicle_protocol::State;

use crate::rig::{Pilot, Plan, RECOVERY, Rig};
use crate::row::{Ran, Row, some_time};

/// The most descriptors that an agent may have when there are none left: fewer than it has open.
const NO_MORE: u64 = 4;

/// The resource that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// Writing the emergency stop fails for want of room.
    Room,
    /// The folder of the state is gone, and cannot be made.
    Folder,
    /// Nothing can be opened.
    Descriptors,
    /// Neither opened nor connected again.
    DescriptorsAndLink,
    /// A broker that takes the connection and says nothing.
    Answers,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_machine_runs_short_of_something() -> Result<()> {
    let fault = "disk full, state folder unwritable, descriptors exhausted, broker (in place of DNS) that takes a \
                 connection and never answers";
    let row = Row { place: 18, fault, short: 10, long: 100 };
    row.run(starved).await
}

/// Takes something away while it drives, shows that it stops, and that it works again when it is back.
async fn starved(seed: u64) -> Result<Ran> {
    let mut rng = Rng::with_seed(seed);
    let wants = [Want::Room, Want::Folder, Want::Descriptors, Want::DescriptorsAndLink, Want::Answers];
    let want = *rng.choice(&wants).context("choice")?;
    let mut rig = Rig::start(Plan { seed, ..Plan::default() }).await?;
    rig.engine_on().await?;
    let held = Pilot::with_stick(&rig.operator, 4.0, f64::from(rng.i8(-20..=20)));
    rig.until_driving(true, RECOVERY).await?;
    rig.take(want)?;
    some_time(&mut rng, 300).await;

    let mut latencies = Vec::new();
    if matches!(want, Want::DescriptorsAndLink | Want::Answers) {
        let connections = rig.vehicle_side.connections();
        rig.vehicle_side.set(if want == Want::Answers { Fault::Blackhole } else { Fault::None });
        rig.vehicle_side.reset();
        rig.cut();
        rig.until_driving(false, RECOVERY).await?;
        some_time(&mut rng, 1_900).await;
        let again = rig.vehicle_side.connections() > connections;
        ensure!(!again || want == Want::Answers, "it connected without a descriptor");
    } else {
        latencies.push(rig.stops_without_storing().await?);
    }
    drop(held);
    ensure!(rig.agent.is_running()?, "the agent ended: {}", rig.agent.stderr()?);
    rig.healed();
    rig.give_back(want)?;
    let healed = monotonic();
    rig.until_at_rest().await?;
    if !latencies.is_empty() {
        rig.clear().await?;
    }
    let before = rig.trace()?.len();
    let moved = rig.drives_afresh(before).await?;
    let recovered = Duration::from_nanos(moved.saturating_sub(healed));
    ensure!(recovered <= RECOVERY * 2, "a fresh command worked only after {recovered:?}");
    Ok(Ran { record: rig.record(false)?, recovered: Some(recovered), latencies: Some(latencies) })
}

impl Rig {
    /// Stops in emergency, which cannot be stored: it is in force all the same, and its answer says so. Gives the time
    /// from sending to outputs zero.
    async fn stops_without_storing(&self) -> Result<u64> {
        let asked = monotonic();
        let stop = self.operator.command("EMERGENCY_STOP")?;
        let answer = self.end_of(&stop, RECOVERY).await?;
        let says_why = answer.detail.as_deref().is_some_and(|detail| detail.contains("could not be written"));
        ensure!(answer.state == State::Failed && says_why, "{answer:?}");
        Ok(self.first_of(&stop)?.saturating_sub(asked))
    }

    fn take(&self, want: Want) -> Result<()> {
        let state = self.state_folder();
        match want {
            Want::Room => {
                fs::create_dir_all(&state)?;
                symlink("/dev/full", state.join("emergency-stop"))?;
            }
            Want::Folder => {
                if state.exists() {
                    fs::remove_dir_all(&state)?;
                }
                fs::write(&state, "in the way")?;
            }
            Want::Descriptors | Want::DescriptorsAndLink => limit_descriptors(&self.agent, Some(NO_MORE))?,
            Want::Answers => {}
        }
        Ok(())
    }

    fn give_back(&self, want: Want) -> Result<()> {
        let state = self.state_folder();
        match want {
            Want::Room => fs::remove_file(state.join("emergency-stop"))?,
            Want::Folder => fs::remove_file(state)?,
            Want::Descriptors | Want::DescriptorsAndLink => {
                limit_descriptors(&self.agent, getrlimit(Resource::Nofile).current)?;
            }
            Want::Answers => self.vehicle_side.heal(),
        }
        Ok(())
    }
}

/// Lets a program have so many descriptors, and as many again later.
fn limit_descriptors(program: &Program, current: Option<u64>) -> Result<()> {
    let id = i32::try_from(program.id()).ok().and_then(Pid::from_raw).context("process id")?;
    let maximum = getrlimit(Resource::Nofile).maximum;
    prlimit(Some(id), Resource::Nofile, Rlimit { current, maximum })?;
    Ok(())
}
