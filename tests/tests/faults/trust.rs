//! Signed commands under a hostile or slow broker, and control among several drivers.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use rumqttc::QoS;
use system_tests::client::{Client, Message};
use system_tests::clock::monotonic;
use system_tests::proxy::{Fault, Way};
use system_tests::trace::Trace;
use system_tests::wait::{until, within};
use vehicle_protocol::{
    Answer, Command, CommandName, Degrees, DegreesPerSecond, Encoding, KeyName, Mph, Reason, Setpoint, State,
};

use crate::messages::all_answered;
use crate::request::Request;
use crate::rig::{Frame, HOLD_MS, Operator, Pilot, Plan, RECOVERY, Rig, answer};
use crate::row::{Ran, Row, done, some_time};

/// Commands of one run that are held back.
const HELD: u64 = 100;
/// The longest that they are, in milliseconds: in a run for a pull request, and in a long one.
const HELD_MS: (u64, u64) = (6_000, 60_000);
/// Commands of a recorded session.
const RECORDED: usize = 10_000;
/// Of which so many are stops.
const STOPS: usize = 20;
/// Another vehicle to which they are brought.
const ELSEWHERE: &str = "rover-2";
/// Life of each of them.
const LIFE_MS: u64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_held_back_on_a_healthy_link_with_tls() -> Result<()> {
    let most = if Request::read()?.long { HELD_MS.1 } else { HELD_MS.0 };
    let fault = match most {
        6_000 => "signed commands held back 0 to 6 s on a healthy link with TLS, 100 a run",
        _ => "signed commands held back 0 to 60 s on a healthy link with TLS, 100 a run",
    };
    let row = Row { place: 20, fault, short: 2, long: 20 };
    row.run(move |seed| held_back(Plan { seed, ..Plan::default() }, most)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_are_forged() -> Result<()> {
    let fault = "every bit of 4 signed frames flipped, 4,000 frames of noise, while driving is possible";
    let row = Row { place: 21, fault, short: 2, long: 20 };
    row.run(|seed| forged(Plan { seed, ..Plan::default() })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_session_is_replayed() -> Result<()> {
    let fault = "10,000 signed commands replayed: same boot, after a restart, at another vehicle";
    let row = Row { place: 22, fault, short: 1, long: 10 };
    row.run(replayed).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consoles_contend_and_a_key_is_revoked_while_its_holder_drives() -> Result<()> {
    let fault = "2 to 5 consoles contend, take over, and lose their key while driving";
    let row = Row { place: 23, fault, short: 8, long: 1_000 };
    row.run(contended).await
}

/// Each is held back for longer than the one before, some a little, most for longer than they live.
async fn held_back(plan: Plan, most: u64) -> Result<Ran> {
    let mut rng = Rng::with_seed(plan.seed);
    let mut rig = Rig::start(Plan { keys: 1, tls: true, ..plan }).await?;
    rig.engine_on().await?;
    let mut holds: Vec<u64> = (0..HELD / 10)
        .map(|number| if number % 2 == 0 { rng.u64(0..2 * LIFE_MS) } else { rng.u64(0..=most) })
        .collect();
    holds.sort_unstable();
    let mut ids = Vec::new();
    for held in holds {
        let held = Duration::from_millis(held);
        rig.operator_side.set_way(Way::Up, Fault::Delay { least: held, most: held, reorders: false });
        for number in 0..10 {
            let command = match number % 5 {
                0 => Command::TurnOnHeadlights,
                1 => Command::TurnOffHeadlights,
                2 => Command::Accelerate,
                3 => Command::LockDoors,
                _ => {
                    rig.operator.setpoint(if number < 5 { 0.0 } else { 2.0 }, 0.0)?;
                    continue;
                }
            };
            ids.push(rig.operator.send(command, LIFE_MS)?);
            some_time(&mut rng, 40).await;
        }
    }
    all_answered(&rig, &ids, Duration::from_millis(most) + RECOVERY).await?;
    rig.until_driving(false, RECOVERY).await?;
    rig.until_at_rest().await?;
    ensure!(rig.operator_side.connections() == 1, "the link was not healthy");
    done(rig.record(true))
}

/// Somebody who sees all that is signed makes something of it.
pub(crate) async fn forged(plan: Plan) -> Result<Ran> {
    let mut rng = Rng::with_seed(plan.seed);
    let mut rig = Rig::start(Plan { keys: 1, ..plan }).await?;
    rig.engine_on().await?;
    let before = rig.executed().await?;
    let mut holder = rig.operator.holder()?;
    for (number, encoding) in [Encoding::Json, Encoding::Compact].into_iter().cycle().take(4).enumerate() {
        holder.encoding = encoding;
        let command = if number < 2 { Command::Accelerate } else { Command::TurnOnHeadlights };
        let good = holder.command(command, Some("forged".parse()?), monotonic(), LIFE_MS)?;
        let (topic, good) = holder.frame(&good);
        let topic = topic.as_str();
        let flips = (0..good.len() * 8).map(|bit| {
            let mut bytes = good.clone();
            turn_over(&mut bytes, bit / 8, 1 << (bit % 8));
            bytes
        });
        for bytes in flips {
            rig.operator.publish(topic, QoS::AtLeastOnce, false, bytes);
        }
        for _ in 0..1_000 {
            let topic = if rng.bool() { topic } else { "drive" };
            rig.operator.publish(topic, QoS::AtMostOnce, false, noise(&good, &mut rng));
        }
    }
    // It comes behind all of them.
    let after = rig.settled().await;
    if plan.without.is_none() {
        // Where forgeries count, they have used up the counter of what asks.
        let executed = after? - before - 1;
        ensure!(executed == 0, "{executed} were executed");
    }
    done(rig.record(false))
}

/// Noise, some of which begins as a message does, and some of which is all but a good one.
fn noise(good: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    if rng.bool() {
        bytes.truncate(rng.usize(0..3));
        bytes.extend((0..rng.usize(0..90)).map(|_| rng.u8(..)));
        return bytes;
    }
    for _ in 0..=rng.usize(0..4) {
        turn_over(&mut bytes, rng.usize(0..good.len()), rng.u8(1..));
    }
    if bytes == good {
        bytes.push(0);
    }
    bytes
}

fn turn_over(bytes: &mut [u8], place: usize, bits: u8) {
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= bits;
    }
}

/// Somebody records a session, and brings it again wherever it may do harm.
async fn replayed(seed: u64) -> Result<Ran> {
    let mut rng = Rng::with_seed(seed);
    let mut rig = Rig::start(Plan { seed, keys: 1, ..Plan::default() }).await?;
    rig.engine_on().await?;
    let before = rig.executed().await?;
    let recorded = record(&rig, &mut rng).await?;
    rig.until_at_rest().await?;
    let executed = rig.executed().await? - before - 1;
    // A machine that is held up lets some of them expire.
    ensure!(executed > RECORDED as u64 / 2, "only {executed} of them were good at first");

    rig.engine_on().await?;
    rig.replay(&recorded).await.context("in the same boot")?;
    rig.note_kill();
    rig.agent.kill().await?;
    rig.restart_agent()?;
    rig.engine_on().await?;
    rig.replay(&recorded).await.context("after a restart")?;
    rig.replay_elsewhere(&recorded).await.context("at another vehicle")?;
    done(rig.record(false))
}

/// Sends commands of all kinds, a stop among them now and then, and keeps them.
async fn record(rig: &Rig, rng: &mut Rng) -> Result<Vec<Frame>> {
    let mut frames = Vec::with_capacity(RECORDED);
    for number in 0..RECORDED {
        let command = match number % 10 {
            // At the end, for what follows a stop is refused until the vehicle stands.
            9 if number >= RECORDED - STOPS * 10 => Command::Brake,
            _ if number % 500 == 0 => Command::Accelerate,
            _ if number % 500 == 4 => Command::RotateLeft(Degrees::new(10.0)),
            1 => Command::TurnOnHeadlights,
            2 => Command::TurnOffHeadlights,
            0 | 3 | 4 => Command::Heartbeat,
            number => {
                let speed = Mph::new(if number == 5 { 0.0 } else { 3.0 });
                let turn_rate = DegreesPerSecond::new(f64::from(rng.i8(-20..=20)));
                Command::Drive(Setpoint { speed, turn_rate, hold_ms: HOLD_MS })
            }
        };
        frames.push(rig.operator.keep(command, 500)?);
        // Some 4,000 a second.
        if number % 20 == 19 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let stop = rig.operator.command("EMERGENCY_STOP")?;
    rig.end_of(&stop, RECOVERY).await?;
    // Refused until it stands.
    let clears = async {
        loop {
            let clear = rig.operator.command("CLEAR_EMERGENCY_STOP")?;
            if rig.end_of(&clear, RECOVERY).await?.state == State::Succeeded {
                return Ok(frames);
            }
        }
    };
    within("the emergency stop to be cleared", RECOVERY, clears).await
}

impl Rig {
    /// As `executed`, behind so much that one question after the other may expire on a busy machine.
    async fn settled(&self) -> Result<u64> {
        let mut executed = self.executed().await;
        for _ in 0..5 {
            if executed.is_ok() {
                break;
            }
            executed = self.executed().await;
        }
        executed
    }

    /// Brings a recorded session again, to a vehicle that could move: it does not, executes stops at most, and then obeys.
    async fn replay(&mut self, frames: &[Frame]) -> Result<()> {
        let (before, seen) = (self.executed().await?, self.trace()?.len());
        for (topic, payload) in frames {
            self.operator.publish(topic, QoS::AtLeastOnce, false, payload.clone());
        }
        let executed = self.settled().await? - before - 1;
        ensure!(executed <= STOPS as u64, "{executed} were executed, which are more than the {STOPS} stops");
        let wrong = self.trace()?.into_iter().skip(seen).find(|line| line.moves() || line.headlights);
        ensure!(wrong.is_none(), "it did something: {wrong:?}");
        self.engine_on().await?;
        let fresh = Pilot::with_stick(&self.operator, 3.0, 0.0);
        self.until_driving(true, RECOVERY).await?;
        drop(fresh);
        self.until_driving(false, RECOVERY).await?;
        self.until_at_rest().await
    }

    /// Brings it to a vehicle of another name, which has a key of the same name with the same secret.
    async fn replay_elsewhere(&self, frames: &[Frame]) -> Result<()> {
        let mut holder = self.operator.holder()?;
        holder.file.vehicle = ELSEWHERE.parse()?;
        let folder = tempfile::tempdir()?;
        let _agent = self.launch_another(&holder, folder.path())?;
        let mut client = Client::connect("elsewhere", self.broker.port()).await?;
        let topic = |name: &str| format!("vehicles/{ELSEWHERE}/{name}");
        for heard in ["presence", "session", "status"] {
            client.subscribe(&topic(heard), QoS::AtLeastOnce).await?;
        }
        client.expect("ONLINE", |message| message.value("state") == "ONLINE").await?;
        for (to, payload) in frames {
            client.publish(&topic(to), QoS::AtMostOnce, payload.clone()).await?;
        }
        client.publish(&topic("session/request"), QoS::AtLeastOnce, holder.request()?).await?;
        let session = client.expect("a session", |message| message.topic.ends_with("/session")).await?;
        ensure!(holder.hear(&session.payload, monotonic()), "the session is forged");
        let own = holder.command(Command::ReportStatus, None, monotonic(), 9_000)?;
        client.publish(&topic("commands"), QoS::AtLeastOnce, holder.frame(&own).1).await?;
        let told =
            |message: &Message| message.value("executed") == 1 && message.value("refused") == frames.len();
        client.expect("a status with all of them refused", told).await?;
        let lines = Trace::follow(&folder.path().join("trace.ndjson")).lines()?;
        ensure!(!lines.iter().any(|line| line.moves() || line.headlights), "it did something");
        Ok(())
    }
}

/// All want to drive, one after the other does; and then the key of one who does is revoked.
async fn contended(seed: u64) -> Result<Ran> {
    let mut rng = Rng::with_seed(seed);
    let mut rig = Rig::start(Plan { seed, keys: rng.usize(2..=5), ..Plan::default() }).await?;
    rig.engine_on().await?;
    let all: Vec<Operator> = rig.others.iter().chain([&rig.operator]).cloned().collect();
    let (owner, drivers) = match rig.others.split_last() {
        Some((owner, drivers)) => (owner, drivers),
        None => (&rig.operator, &[][..]),
    };
    // An owner who asks takes precedence over who has asked before: then nobody else would come to drive.
    let pilots: Vec<_> = all
        .iter()
        .map(|operator| {
            let claims = if operator.key == owner.key { rng.u64(5..15) } else { rng.u64(20..40) };
            Pilot::contending(operator, 3.0, claims)
        })
        .collect();
    let drove = || {
        let lines = rig.trace()?;
        let ids = lines.iter().filter(|line| line.drives()).filter_map(|line| line.id.as_deref());
        let drivers: BTreeSet<_> = ids.filter_map(|id| id.split_once('/')).map(|(key, _)| key).collect();
        Ok((drivers.len() >= 2).then_some(()))
    };
    until("a second one to drive", RECOVERY * 2, drove).await?;
    drop(pilots);
    rig.until_driving(false, RECOVERY).await?;
    rig.until_at_rest().await?;
    within("everybody to let go", RECOVERY, let_go(&rig, &all)).await?;

    let unlucky = drivers.get(rng.usize(0..=drivers.len())).unwrap_or(&rig.operator);
    let key = unlucky.key.clone().context("a key")?;
    let stick = Pilot::with_stick(unlucky, 3.0, 0.0);
    rig.until_driving(true, RECOVERY).await?;
    some_time(&mut rng, 300).await;
    let id = owner.send(Command::RevokeKey(key.clone()), LIFE_MS)?;
    let end = rig.end_of(&id, RECOVERY).await?;
    unlucky.revoked();
    ensure!(end.state == State::Succeeded, "{end:?}");
    ensure!(!rig.keys().join(format!("{key}.json")).exists(), "the file of {key} is still there");
    rig.until_driving(false, RECOVERY).await?;
    refusal(&rig, &key).await?;
    rig.until_at_rest().await?;
    drop(stick);

    let begun = monotonic();
    let fresh = Pilot::with_stick(owner, 3.0, 0.0);
    rig.until_driving(true, RECOVERY).await?;
    let recovered = Some(Duration::from_nanos(monotonic() - begun));
    drop(fresh);
    rig.until_driving(false, RECOVERY).await?;
    rig.until_at_rest().await?;
    Ok(Ran { record: rig.record(false)?, recovered, latencies: None })
}

/// Has everybody release control, and those as well who had asked for it and get it then.
async fn let_go(rig: &Rig, all: &[Operator]) -> Result<()> {
    loop {
        let status = rig.status().await?;
        if status.driver.is_none() && status.next_driver.is_none() {
            return Ok(());
        }
        for operator in all {
            let id = operator.command("RELEASE_CONTROL")?;
            rig.end_of(&id, RECOVERY).await?;
        }
    }
}

/// Waits until a setpoint of a key that is no longer one was refused.
async fn refusal(rig: &Rig, key: &KeyName) -> Result<()> {
    let what = format!("a refused setpoint of {key}");
    rig.witness()
        .expect(&what, RECOVERY, |got| {
            let Answer { command, reason, .. } = answer(got)?;
            // The compact form names but a session, which is no longer one.
            let refused = matches!(reason, Some(Reason::UnknownKey | Reason::BadEpoch));
            (command == Some(CommandName::Drive) && refused).then_some(())
        })
        .await
}
