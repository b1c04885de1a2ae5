//! Troubles of a vehicle that drives: something dies or falls silent, then comes back.

use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use system_tests::clock::monotonic;
use system_tests::process::Signal;
use system_tests::proxy::{Fault, Way};

use crate::rig::{Pilot, Plan, RECOVERY, Rig};
use crate::row::{Ran, Row, done, some_time};

/// Whatever falls silent, the vehicle brakes within this time; how soon exactly is for the oracle to say.
const BRAKES: Duration = Duration::from_secs(5);

/// The last command may be under way for a second, and its lease lasts half a second.
const LONGER_THAN_ANY_LEASE: Duration = Duration::from_secs(2);

/// The part that fails, and the way in which it fails.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    KillBroker,
    StopBroker,
    Blackhole(Side),
    HalfOpen(Side, Way),
    Reset(Side),
    Slow(Side, Fault),
    KillOperator,
    KillAgent,
    StopAgent,
}

impl Trouble {
    /// Tells that nothing comes from the operator to the vehicle while it lasts.
    fn silences(self) -> bool {
        match self {
            Self::Slow(..)
            | Self::Reset(Side::Operator)
            | Self::HalfOpen(Side::Vehicle, Way::Up)
            | Self::HalfOpen(Side::Operator, Way::Down) => false,
            Self::KillBroker
            | Self::StopBroker
            | Self::Blackhole(_)
            | Self::HalfOpen(..)
            | Self::Reset(Side::Vehicle)
            | Self::KillOperator
            | Self::KillAgent
            | Self::StopAgent => true,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Vehicle,
    Operator,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_is_killed() -> Result<()> {
    let row = Row { place: 1, fault: "SIGKILL the agent while driving", short: 50, long: 1_000 };
    row.run(|seed| drive_through(seed, |_| Trouble::KillAgent)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_is_stopped() -> Result<()> {
    let row = Row { place: 2, fault: "SIGSTOP the agent while driving", short: 25, long: 500 };
    row.run(|seed| drive_through(seed, |_| Trouble::StopAgent)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operators_program_dies() -> Result<()> {
    let row =
        Row { place: 3, fault: "the operator's program ends or freezes while driving", short: 25, long: 500 };
    row.run(|seed| drive_through(seed, |_| Trouble::KillOperator)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_is_killed() -> Result<()> {
    let row =
        Row { place: 4, fault: "kill -9 or SIGSTOP the broker, back after 0.1 to 2 s", short: 25, long: 500 };
    row.run(|seed| {
        drive_through(seed, |rng| if rng.u8(0..4) == 0 { Trouble::StopBroker } else { Trouble::KillBroker })
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blackhole_opens_on_either_side() -> Result<()> {
    let row = Row { place: 5, fault: "blackhole, no FIN, no RST, on either side", short: 50, long: 1_000 };
    row.run(|seed| drive_through(seed, |rng| Trouble::Blackhole(side(rng)))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_half_open_or_reset() -> Result<()> {
    let row =
        Row { place: 7, fault: "half-open connection, or a reset, on either side", short: 15, long: 300 };
    row.run(|seed| {
        drive_through(seed, |rng| match rng.u8(0..3) {
            0 => Trouble::HalfOpen(side(rng), Way::Up),
            1 => Trouble::HalfOpen(side(rng), Way::Down),
            _ => Trouble::Reset(side(rng)),
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_come_one_by_one_or_in_a_trickle() -> Result<()> {
    let row = Row { place: 8, fault: "1-byte segments, or 2 kB/s, on either side", short: 10, long: 200 };
    row.run(|seed| {
        drive_through(seed, |rng| {
            let fault = if rng.bool() { Fault::Bytes } else { Fault::Trickle(2_000) };
            Trouble::Slow(side(rng), fault)
        })
    })
    .await
}

fn side(rng: &mut Rng) -> Side {
    if rng.bool() { Side::Vehicle } else { Side::Operator }
}

/// Drives, lets trouble come and go, and shows that nothing went on by itself and that a fresh command works.
async fn drive_through(seed: u64, choose: fn(&mut Rng) -> Trouble) -> Result<Ran> {
    let mut rng = Rng::with_seed(seed);
    let trouble = choose(&mut rng);
    let mut rig = Rig::start(Plan { seed, persistent: rng.bool(), ..Plan::default() }).await?;
    rig.engine_on().await?;
    let mut pilot = Some(pilot(&rig, &mut rng));
    rig.until_driving(true, RECOVERY).await?;
    some_time(&mut rng, 400).await;

    if matches!(trouble, Trouble::KillOperator) {
        pilot = None;
    }
    rig.suffer(trouble).await?;
    if trouble.silences() {
        rig.until_driving(false, BRAKES).await?;
    }
    some_time(&mut rng, 1_900).await;
    rig.recover(trouble).await?;
    let healed = monotonic();
    // The hand has held on all the time; what it has sent meanwhile comes now.
    some_time(&mut rng, 500).await;
    drop(pilot);
    rig.until_driving(false, BRAKES).await?;
    rig.until_at_rest().await?;

    let before = rig.trace()?.len();
    rig.engine_on().await?;
    let fresh = Pilot::with_stick(&rig.operator, 3.0, 0.0);
    rig.until_driving(true, RECOVERY).await?;
    let trace = rig.trace()?;
    let moved = trace.iter().skip(before).find(|line| line.drives()).map_or(0, |line| line.t);
    drop(fresh);
    rig.until_driving(false, BRAKES).await?;
    rig.until_at_rest().await?;
    let recovered = Duration::from_nanos(moved.saturating_sub(healed));
    Ok(Ran { record: rig.record(false)?, recovered: Some(recovered), latencies: None })
}

fn pilot(rig: &Rig, rng: &mut Rng) -> Pilot {
    if rng.u8(0..3) == 0 {
        Pilot::with_keys(&rig.operator)
    } else {
        Pilot::with_stick(&rig.operator, f64::from(rng.i8(2..=5)), f64::from(rng.i8(-20..=20)))
    }
}

impl Rig {
    async fn suffer(&mut self, trouble: Trouble) -> Result<()> {
        match trouble {
            Trouble::KillBroker => {
                self.broker.kill().await?;
                self.cut();
            }
            Trouble::StopBroker => {
                self.broker.signal(Signal::STOP)?;
                self.cut();
            }
            Trouble::Blackhole(side) => {
                self.proxy(side).set(Fault::Blackhole);
                self.cut();
            }
            Trouble::HalfOpen(side, way) => {
                self.proxy(side).set_way(way, Fault::Blackhole);
                if trouble.silences() {
                    self.cut();
                }
            }
            Trouble::Reset(side) => self.proxy(side).reset(),
            Trouble::Slow(side, fault) => self.proxy(side).set(fault),
            Trouble::KillOperator => {}
            Trouble::KillAgent => {
                self.note_kill();
                self.agent.kill().await?;
                self.cut();
            }
            Trouble::StopAgent => {
                self.note_kill();
                self.agent.signal(Signal::STOP)?;
                self.cut();
            }
        }
        Ok(())
    }

    async fn recover(&mut self, trouble: Trouble) -> Result<()> {
        self.healed();
        match trouble {
            Trouble::KillBroker => self.broker.restart().await?,
            Trouble::StopBroker => self.broker.signal(Signal::CONT)?,
            Trouble::Blackhole(side) | Trouble::HalfOpen(side, _) | Trouble::Slow(side, _) => {
                self.proxy(side).heal();
            }
            Trouble::Reset(_) | Trouble::KillOperator => {}
            Trouble::KillAgent => self.restart_agent()?,
            // A service manager kills what does not feed its watchdog.
            Trouble::StopAgent => {
                self.agent.kill().await?;
                self.restart_agent()?;
            }
        }
        Ok(())
    }

    fn proxy(&self, side: Side) -> &system_tests::proxy::Proxy {
        match side {
            Side::Vehicle => &self.vehicle_side,
            Side::Operator => &self.operator_side,
        }
    }
}

/// The hand leaves the keys without a word.
pub(crate) async fn left_while_driving(plan: Plan) -> Result<Ran> {
    let rig = driving(plan).await?;
    wait(LONGER_THAN_ANY_LEASE).await;
    done(rig.record(false))
}

/// The agent is killed, and the motors are left to the guard.
pub(crate) async fn killed_while_driving(plan: Plan) -> Result<Ran> {
    let mut rig = driving(plan).await?;
    rig.note_kill();
    rig.agent.kill().await?;
    wait(LONGER_THAN_ANY_LEASE).await;
    done(rig.record(false))
}

/// The agent is started again, and what was sent to the boot before comes when its clock shows the same time.
pub(crate) async fn restarted_on_time(plan: Plan) -> Result<Ran> {
    let mut rig = driving(plan).await?;
    rig.cut();
    rig.note_kill();
    rig.agent.kill().await?;
    rig.restart_agent()?;
    // The operator does not know: it goes on with the epoch and the clock that it has learnt.
    let first = Pilot::with_stick(&rig.operator, 2.0, 0.0);
    for _ in 0..30 {
        rig.operator.command("TURN_ON_HEADLIGHTS")?;
        rig.operator.command("TURN_OFF_HEADLIGHTS")?;
        wait(Duration::from_millis(100)).await;
    }
    drop(first);
    done(rig.record(false))
}

async fn driving(plan: Plan) -> Result<Rig> {
    let mut rig = Rig::start(plan).await?;
    rig.engine_on().await?;
    let hand = Pilot::with_keys(&rig.operator);
    rig.until_driving(true, RECOVERY).await?;
    drop(hand);
    Ok(rig)
}

async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}
