use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;
use system_tests::clock::monotonic;
use system_tests::pi::Model;
use system_tests::pi::trace::{Pulse, Sample};
use system_tests::wait::SOON;

use crate::rig::{PATIENCE, Rig, line};

/// How often the agent looks at an emergency-stop input whose chip tells no edges, as the emulated one.
const LOOK: Duration = Duration::from_millis(50);

/// The most memory that the agent may keep at rest, in KiB.
const MEMORY_KIB: u32 = 5 * 1024;

#[tokio::test]
async fn a_raspberry_pi_3_obeys_by_its_registers() -> Result<()> {
    obeys(Model::Pi3, "aarch64-unknown-linux-gnu", "rppal").await
}

#[tokio::test]
async fn a_raspberry_pi_3_obeys_by_the_kernels_devices() -> Result<()> {
    obeys(Model::Pi3, "aarch64-unknown-linux-gnu", "gpiochip").await
}

#[tokio::test]
async fn a_raspberry_pi_2_obeys_by_its_registers() -> Result<()> {
    obeys(Model::Pi2, "armv7-unknown-linux-gnueabihf", "rppal").await
}

#[tokio::test]
async fn what_is_built_for_the_oldest_boards_obeys_on_a_raspberry_pi_2() -> Result<()> {
    obeys(Model::Pi2, "arm-unknown-linux-gnueabi", "gpiochip").await
}

async fn obeys(model: Model, target: &str, board: &str) -> Result<()> {
    println!("{model:?}, {target}, {board}");
    let mut rig = Rig::start(model, target, board).await?;
    memory(&mut rig).await?;
    switches(&mut rig).await?;
    motors(&mut rig).await?;
    emergency_stop(&mut rig).await?;
    guard(&mut rig).await
}

/// What the agent keeps of the board's memory, connected by TLS and at rest.
async fn memory(rig: &mut Rig) -> Result<()> {
    let said = rig.pi.shell.run("grep VmRSS /proc/$(cat /tmp/agent)/status").await?;
    let kib: u32 = said.split_whitespace().nth(1).context("no VmRSS")?.parse()?;
    println!("resident at rest: {kib} KiB");
    ensure!(kib <= MEMORY_KIB, "{kib} KiB are resident at rest");
    Ok(())
}

/// Lights and doors by the console that people use, and how long a level takes to follow its command.
async fn switches(rig: &mut Rig) -> Result<()> {
    for (command, line, high) in [
        ("turn-on-headlights", line::HEADLIGHTS, true),
        ("unlock-doors", line::DOORS, true),
        ("lock-doors", line::DOORS, false),
        ("turn-off-headlights", line::HEADLIGHTS, false),
    ] {
        let code = rig.console(&format!("send rover-1 {command}")).await?;
        ensure!(code == 0, "{command}: exit code {code}");
        ensure!(rig.pi.registers.is_high(line).await? == high, "{command} left line {line} as it was");
    }
    let mut longest = Duration::ZERO;
    for (command, high) in [("TURN_ON_HEADLIGHTS", true), ("TURN_OFF_HEADLIGHTS", false)].repeat(5) {
        let sent = monotonic();
        rig.send(json!({ "CMD": command })).await?;
        rig.pi.registers.wait_for(line::HEADLIGHTS, high, PATIENCE).await?;
        longest = longest.max(Duration::from_nanos(monotonic().saturating_sub(sent)));
    }
    println!("command to level: {longest:?} at most");
    Ok(())
}

/// Speed as the width of pulses, and turning as directions.
async fn motors(rig: &mut Rig) -> Result<()> {
    rig.command("TURN_ON_ENGINE").await?;
    for _ in 0..3 {
        rig.command("ACCELERATE").await?;
    }
    // Of 6 mph at full power.
    duty(rig, 0.5).await?;
    ensure!(rig.pi.registers.is_high(line::ENABLE).await?, "the motors have no power");
    ensure!(!rig.pi.registers.is_high(line::BRAKE).await?, "it drives with its brake on");
    rig.command("BRAKE").await?;
    without_power(rig).await?;
    rig.send(json!({ "CMD": "ROTATE_RIGHT", "DEGREES": 360 })).await?;
    rig.pi.registers.wait_for(line::RIGHT_DIRECTION, true, SOON).await?;
    ensure!(!rig.pi.registers.is_high(line::LEFT_DIRECTION).await?, "both sides turn backwards");
    rig.command("BRAKE").await
}

/// As many pulses of each motor are measured, however long it takes to see them whole.
const PULSES: usize = 50;

/// Waits until both motors have about this share of power, then measures it: within two hundredths in the mean.
async fn duty(rig: &mut Rig, share: f64) -> Result<()> {
    let lines = [line::LEFT_PWM, line::RIGHT_PWM];
    let mut seen: [Vec<Pulse>; 2] = Default::default();
    let mut blind = Duration::ZERO;
    let is_about = |pulse: &Pulse| (pulse.duty() - share).abs() < 0.1;
    // Each look is some periods long; a host that is busy elsewhere spoils some.
    for _ in 0..200 {
        let trace = rig.pi.registers.follow(Duration::from_millis(500)).await?;
        let pulses = lines.map(|line| trace.pulses(line));
        if seen.iter().all(Vec::is_empty) && !pulses.iter().flatten().all(is_about) {
            continue;
        }
        blind = blind.max(trace.blind());
        for (seen, pulses) in seen.iter_mut().zip(pulses) {
            seen.extend(pulses);
        }
        if seen.iter().all(|seen| seen.len() >= PULSES) {
            break;
        }
    }
    for (line, pulses) in lines.iter().zip(&seen) {
        ensure!(
            pulses.len() >= PULSES,
            "line {line}: only {} pulses seen of a duty of {share}",
            pulses.len()
        );
        let (duty, period) = (mean(pulses, Pulse::duty), mean(pulses, |pulse| pulse.period.as_secs_f64()));
        let furthest = pulses.iter().map(|pulse| (pulse.duty() - share).abs()).fold(0.0, f64::max);
        println!(
            "line {line}: duty of {share:.4}: {duty:.4}, one off by {furthest:.4} at most, period {:.3} ms, {} pulses; \
             samples {blind:?} apart at most",
            1_000.0 * period,
            pulses.len()
        );
        ensure!(
            (45.0..=55.0).contains(&period.recip()),
            "line {line} has a period of {period} s instead of 50 Hz"
        );
        ensure!((duty - share).abs() <= 0.02, "line {line} has {duty} of full power instead of {share}");
    }
    Ok(())
}

fn mean(pulses: &[Pulse], value: impl Fn(Pulse) -> f64) -> f64 {
    let count = u32::try_from(pulses.len()).unwrap_or(u32::MAX);
    pulses.iter().map(|&pulse| value(pulse)).sum::<f64>() / f64::from(count)
}

/// Waits until no motor has power, and sees that it stays so.
async fn without_power(rig: &mut Rig) -> Result<()> {
    let is_low = |sample: &Sample| !sample.is_high(line::LEFT_PWM) && !sample.is_high(line::RIGHT_PWM);
    for _ in 0..200 {
        let trace = rig.pi.registers.follow(Duration::from_millis(200)).await?;
        if trace.samples.iter().all(is_low) {
            return Ok(());
        }
    }
    bail!("the motors keep their power")
}

/// The switch opens, and the motors have no power.
async fn emergency_stop(rig: &mut Rig) -> Result<()> {
    rig.command("ACCELERATE").await?;
    rig.pi.registers.wait_for(line::ENABLE, true, PATIENCE).await?;
    let opened = rig.pi.registers.now().await?;
    rig.pi.registers.drive(line::EMERGENCY_STOP, true).await?;
    let off = rig.pi.registers.wait_for(line::ENABLE, false, PATIENCE).await?;
    let took = off.saturating_sub(opened);
    println!("emergency-stop input to enable line: {took:?} of the board's time");
    ensure!(took <= Duration::from_millis(250), "the stop took {took:?}");
    ensure!(rig.console("send rover-1 turn-on-engine").await? == 6, "it obeys with its switch open");
    rig.pi.registers.drive(line::EMERGENCY_STOP, false).await?;
    // Until then the agent has not looked at its input again.
    rig.pi.registers.follow(LOOK.saturating_mul(4)).await?;
    ensure!(rig.console("clear rover-1").await? == 0, "the stop cannot be cleared");
    Ok(())
}

/// The agent is killed while it drives, and the guard takes the power from the motors.
async fn guard(rig: &mut Rig) -> Result<()> {
    rig.command("TURN_ON_ENGINE").await?;
    rig.command("ACCELERATE").await?;
    duty(rig, 1.0 / 6.0).await?;
    let mark = format!("devmem 0x3f20001c 32 {:#x}; kill -9 $(cat /tmp/agent)", 1_u32 << line::MARK);
    let cut = |sample: &Sample| sample.is_high(line::MARK) && !sample.is_high(line::ENABLE);
    let before = rig.pi.registers.sample().await?;
    let (killed, trace) = tokio::join!(
        rig.pi.shell.run(&mark),
        rig.pi.registers.follow_until("the guard to cut the power", PATIENCE, cut)
    );
    killed?;
    let mut trace = trace?;
    trace.samples.insert(0, before);
    // From the last sample before the mark, so that what lies between samples counts as time that it took.
    let alive = trace.samples.iter().rev().find(|sample| !sample.is_high(line::MARK));
    let fell = trace.edges(line::ENABLE, false);
    let (Some(alive), Some(fell)) = (alive, fell.first()) else { bail!("no edge was seen") };
    let took = fell.saturating_sub(alive.at);
    println!(
        "SIGKILL to enable line: at most {took:?} of the board's time, samples {:?} apart at most",
        trace.blind()
    );
    ensure!(took <= Duration::from_millis(250), "the guard took {took:?}");
    rig.pi.registers.wait_for(line::BRAKE, true, PATIENCE).await?;
    without_power(rig).await
}
