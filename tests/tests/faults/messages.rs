//! Faults of a network and a broker: lost acknowledgements, delay, reordering, retained messages, a flood.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use rumqttc::QoS;
use system_tests::client::Client;
use system_tests::clock::monotonic;
use system_tests::proxy::{Fault, PacketType, Way};
use system_tests::wait::until;
use tokio::time::{MissedTickBehavior, interval};
use vehicle_protocol::{Command, Reason};

use crate::rig::{Pilot, Plan, RECOVERY, Rig, VEHICLE, answer};
use crate::row::{Ran, Row, done, some_time};
use crate::wire::Wire;

/// Messages of one run, in the rows that count messages.
const MESSAGES: u64 = 100;
/// The lowest speed of a flood, in messages a second.
const FLOOD: usize = 5_000;
/// An agent that could move takes a link without acknowledgements for lost after this time.
const SILENCE: Duration = Duration::from_secs(3);
/// Growth that a flood may cause in an agent: room for the queues, but not for all that comes.
const GROWTH_KIB: u64 = 16 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledgements_are_lost_and_connections_too() -> Result<()> {
    let row = Row {
        place: 9,
        fault: "PUBACK or PUBREC lost, then reconnect, 100 messages a run",
        short: 5,
        long: 100,
    };
    row.run(|seed| lost_acknowledgements(Plan { seed, ..Plan::default() })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_late_and_out_of_order() -> Result<()> {
    let row =
        Row { place: 10, fault: "delay of 0 to 10 s, reordering, 100 messages a run", short: 10, long: 100 };
    row.run(|seed| late(Plan { seed, ..Plan::default() })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_is_delivered_after_an_outage() -> Result<()> {
    let row = Row { place: 11, fault: "1,200 commands and a stop queued while offline", short: 3, long: 200 };
    row.run(queued).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retained_command_waits_for_a_subscriber() -> Result<()> {
    let row = Row { place: 12, fault: "retained command at subscribe", short: 20, long: 200 };
    row.run(|seed| retained(Plan { seed, ..Plan::default() })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_comes_while_it_drives() -> Result<()> {
    let row = Row { place: 19, fault: "flood of 5,000 messages/s while driving, 10 s", short: 1, long: 60 };
    row.run(flooded).await
}

/// Whose acknowledgement is lost the client sends again when it is connected again, and the broker passes it on again.
pub(crate) async fn lost_acknowledgements(plan: Plan) -> Result<Ran> {
    let mut rng = Rng::with_seed(plan.seed);
    let rig = Rig::start(plan).await?;
    let (kind, qos) = if rng.bool() {
        (PacketType::PubAck, QoS::AtLeastOnce)
    } else {
        (PacketType::PubRec, QoS::ExactlyOnce)
    };
    rig.operator_side.set_way(Way::Down, Fault::Drops { kind, every: rng.u32(1..4) });
    let mut ids = Vec::new();
    for number in 0..MESSAGES {
        let command = if number % 2 == 0 { Command::TurnOnHeadlights } else { Command::TurnOffHeadlights };
        ids.push(rig.operator.send_at(qos, command, 9_000)?);
        some_time(&mut rng, 10).await;
        if number % 20 == 19 {
            rig.operator_side.reset();
        }
    }
    ensure!(rig.operator_side.dropped() > 0, "nothing was lost");
    rig.operator_side.heal();
    rig.operator_side.reset();
    // A library that is cut off between PUBREC and PUBREL may connect for ever without sending more; then what it never
    // sent is not answered, and what counts is still that nothing is done twice.
    let answered = all_answered(&rig, &ids, Duration::from_secs(12)).await;
    ensure!(answered.is_ok() || qos == QoS::ExactlyOnce, "commands at QoS 1 were not answered");
    done(rig.record(answered.is_ok()))
}

/// Setpoints and commands that come late, and none in its place.
pub(crate) async fn late(plan: Plan) -> Result<Ran> {
    let mut rng = Rng::with_seed(plan.seed);
    let mut rig = Rig::start(plan).await?;
    rig.engine_on().await?;
    let most = Duration::from_millis(*rng.choice(&[300, 1_000, 3_000, 10_000]).context("choice")?);
    let reorders = rng.bool();
    rig.vehicle_side.set_way(Way::Down, Fault::Delay { least: Duration::ZERO, most, reorders });
    let stick = Pilot::with_stick(&rig.operator, 3.0, f64::from(rng.i8(-20..=20)));
    let mut ids = Vec::new();
    for number in 0..MESSAGES / 2 {
        let command = match number % 5 {
            0 => Command::TurnOnHeadlights,
            1 => Command::TurnOffHeadlights,
            2 => Command::Accelerate,
            3 => Command::LockDoors,
            _ => Command::UnlockDoors,
        };
        ids.push(rig.operator.send(command, 1_000)?);
        some_time(&mut rng, 100).await;
    }
    drop(stick);
    // With acknowledgements so late the agent takes the link for lost, and what was on it is lost.
    let is_lost = most >= SILENCE && !reorders;
    let answered = all_answered(&rig, &ids, if is_lost { most } else { most + RECOVERY }).await;
    ensure!(is_lost || answered.is_ok(), "commands were not answered, which came late and in one piece");
    rig.until_driving(false, RECOVERY).await?;
    rig.until_at_rest().await?;
    done(rig.record(!is_lost))
}

/// Commands that were sent into an outage are delivered after it, each one too late.
async fn queued(seed: u64) -> Result<Ran> {
    let mut rng = Rng::with_seed(seed);
    let mut rig = Rig::start(Plan { seed, ..Plan::default() }).await?;
    rig.engine_on().await?;
    let vehicle_is_off = rng.bool();
    let side = if vehicle_is_off { &rig.vehicle_side } else { &rig.operator_side };
    side.set(Fault::Blackhole);
    rig.cut();
    for number in 0..1_200_u32 {
        let command = match number % 4 {
            0 => Command::Accelerate,
            1 => Command::TurnOnHeadlights,
            2 => Command::RotateRight(vehicle_protocol::Degrees::new(45.0)),
            _ => Command::TurnOnEngine,
        };
        rig.operator.send(command, 500)?;
    }
    let stop = rig.operator.command("BRAKE")?;
    some_time(&mut rng, 500).await;
    // Until the last one has expired.
    tokio::time::sleep(Duration::from_millis(600)).await;
    rig.healed();
    let healed = monotonic();
    let side = if vehicle_is_off { &rig.vehicle_side } else { &rig.operator_side };
    side.heal();
    if !vehicle_is_off {
        // The agent was there all the time, so the stop comes to it behind all the others.
        rig.end_of(&stop, RECOVERY * 2).await?;
    }
    rig.engine_on().await?;
    let fresh = Pilot::with_stick(&rig.operator, 3.0, 0.0);
    rig.until_driving(true, RECOVERY).await?;
    let recovered = Some(Duration::from_nanos(monotonic() - healed));
    drop(fresh);
    rig.until_driving(false, RECOVERY).await?;
    rig.until_at_rest().await?;
    Ok(Ran { record: rig.record(false)?, recovered, latencies: None })
}

/// A command is kept by the broker, and the vehicle subscribes.
pub(crate) async fn retained(plan: Plan) -> Result<Ran> {
    let mut rng = Rng::with_seed(plan.seed);
    let mut rig = Rig::start(plan).await?;
    rig.engine_on().await?;
    // Away, so that it does not come live.
    rig.vehicle_side.set(Fault::Blackhole);
    rig.vehicle_side.reset();
    let command = match rng.u8(0..4) {
        0 => Command::Accelerate,
        1 => Command::TurnOnHeadlights,
        2 => Command::EmergencyStop,
        _ => Command::RotateLeft(vehicle_protocol::Degrees::new(90.0)),
    };
    let (id, payload) = rig.operator.retained(command)?;
    let mut keeper = Client::connect("keeper", rig.broker.port()).await?;
    keeper.publish_retained(&format!("vehicles/{VEHICLE}/commands"), QoS::AtLeastOnce, payload).await?;
    rig.vehicle_side.heal();
    let answer = rig.end_of(&id, RECOVERY).await?;
    let expected = plan.without.is_some() || answer.reason == Some(Reason::Retained);
    ensure!(expected, "a retained command was answered with {answer:?}");
    rig.until_at_rest().await?;
    done(rig.record(false))
}

/// A flood of what means nothing, and among it a hand that drives and brakes.
async fn flooded(seed: u64) -> Result<Ran> {
    let mut rig = Rig::start(Plan { seed, ..Plan::default() }).await?;
    rig.engine_on().await?;
    let flood = tokio::spawn(flood(rig.broker.port()));
    let mut before = None;
    for round in 0..20 {
        let stick = Pilot::with_stick(&rig.operator, 3.0, 0.0);
        rig.until_driving(true, RECOVERY).await?;
        drop(stick);
        let sent = monotonic();
        let id = rig.operator.command("BRAKE")?;
        until("the brake", RECOVERY, || {
            let braked = |line: &system_tests::trace::TraceLine| line.t > sent && line.brake;
            Ok(rig.trace()?.iter().any(braked).then_some(()))
        })
        .await?;
        rig.end_of(&id, RECOVERY).await?;
        if round == 4 {
            before = Some(memory(rig.agent.id())?);
        }
    }
    let (before, after) = (before.context("rounds")?, memory(rig.agent.id())?);
    flood.abort();
    ensure!(after <= before + GROWTH_KIB, "the agent grew from {before} to {after} KiB");
    done(rig.record(false))
}

async fn flood(port: u16) {
    let wire = Wire::open("flood", port, None, &[]);
    let mut ticks = interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let commands = format!("vehicles/{VEHICLE}/commands");
    let drive = format!("vehicles/{VEHICLE}/drive");
    let old = r#"{"CMD":"ACCELERATE","ID":"old","EPOCH":"00000000000000000000000000000000","EXP":1}"#;
    let kinds = [
        (&commands, r#"{"CMD":"REPORT_STATUS"}"#),
        (&commands, old),
        (&commands, "{"),
        (&drive, r#"{"CMD":"DRIVE","MPH":5,"DEGREES_PER_S":0,"HOLD_MS":1}"#),
        (&drive, "\u{0}\u{1}"),
    ];
    loop {
        ticks.tick().await;
        for (topic, payload) in kinds.iter().cycle().take(FLOOD / 100) {
            wire.publish(topic, QoS::AtMostOnce, false, payload.as_bytes().to_vec());
        }
    }
}

/// Resident memory of a process in KiB.
fn memory(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Waits until each command has an answer that ends it.
pub(crate) async fn all_answered(rig: &Rig, ids: &[String], limit: Duration) -> Result<()> {
    until("all answers", limit, || {
        let mut open: HashSet<&str> = ids.iter().map(String::as_str).collect();
        for got in rig.witness().got() {
            let Some(answer) = answer(&got) else { continue };
            if let Some(id) = answer.id.as_ref().filter(|_| answer.state.is_terminal()) {
                open.remove(id.as_str());
            }
        }
        Ok(open.is_empty().then_some(()))
    })
    .await
}
