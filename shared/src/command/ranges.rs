//! The ranges that hold on every vehicle; a vehicle's own limits come on top.

use super::{MAX_HORN_MS, MIN_HOLD_MS};
use crate::{Command, Degrees};

/// Fastest setpoint that is taken for meant, in mph.
const ABSURD_MPH: f64 = 1000.0;
/// Highest limit of speed that is taken for meant, in mph; below it JSON has every thousandth exactly.
const ABSURD_LIMIT_MPH: f64 = 1_000_000.0;
/// Fastest turn that is taken for meant, in degrees per second.
const ABSURD_DEGREES_PER_S: f64 = 3600.0;

/// SafetyChecks the arguments; what is beyond its range is said for people.
#[expect(clippy::wildcard_enum_match_arm, reason = "a command without an argument has no range")]
pub(crate) fn check(command: &Command) -> Result<(), String> {
    match command {
        Command::RotateRight(turn) | Command::RotateLeft(turn) => {
            within(*turn > Degrees::ZERO && turn.get() <= 360.0, "DEGREES is above 0 and at most 360")
        }
        Command::SetMaxSpeed(speed) | Command::SetMinSpeed(speed) => {
            within((0.0..=ABSURD_LIMIT_MPH).contains(&speed.get()), "MPH is 0 to 1000000")
        }
        Command::Drive(setpoint) => {
            within(setpoint.speed.get().abs() <= ABSURD_MPH, "MPH is -1000 to 1000")?;
            within(setpoint.turn_rate.get().abs() <= ABSURD_DEGREES_PER_S, "DEGREES_PER_S is -3600 to 3600")?;
            within(setpoint.hold_ms >= MIN_HOLD_MS, "HOLD_MS is at least 100")
        }
        Command::Horn { duration_ms } => {
            within((1..=MAX_HORN_MS).contains(duration_ms), "DURATION_MS is 1 to 5000")
        }
        _ => Ok(()),
    }
}

fn within(holds: bool, range: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(range.to_owned()) }
}
