//! Commands as JSON, strictly: one flat struct of options first, then the enum.
//!
//! A generic JSON value or a tagged enum would accept surplus keys or keep the last of two; the flat struct refuses both.

mod flat;

use crate::command::{DEFAULT_HORN_MS, MAX_HORN_MS, MIN_HOLD_MS};
use crate::{
    Command, CommandId, CommandName, Degrees, Envelope, MAX_COMMAND_BYTES, Mph, Reason, Refused, Setpoint,
    Shape, Signature, SignedSession,
};
use flat::Flat;
use serde::Deserialize;

/// Longest detail of a refusal in characters, so that nobody gets long rubbish back.
const MAX_DETAIL: usize = 256;
/// Fastest setpoint that is taken for meant, in mph.
const ABSURD_MPH: f64 = 1000.0;
/// Fastest turn that is taken for meant, in degrees per second.
const ABSURD_DEGREES_PER_S: f64 = 3600.0;

/// Reads one command.
///
/// # Errors
/// MALFORMED for what is no command in one of the four shapes, UNSUPPORTED for a CMD that does not exist, OUT_OF_RANGE
/// for an argument beyond its range; with the command and its ID as far as they could be read.
pub fn decode(bytes: &[u8]) -> Result<Envelope, Refused> {
    let mut flat = read(bytes).map_err(|detail| malformed(bytes, detail))?;
    let id = flat.id.clone();
    let Some(name) = CommandName::from_word(&flat.cmd) else {
        let word: String = flat.cmd.chars().take(40).collect();
        return Err(Refused {
            command: None,
            id,
            reason: Reason::Unsupported,
            detail: format!("no command {word:?}"),
        });
    };
    let refused = |(reason, detail)| Refused { command: Some(name), id, reason, detail };
    envelope(&mut flat, name).map_err(refused)
}

/// Writes one command.
#[must_use]
pub fn encode(envelope: &Envelope) -> String {
    // The struct holds only strings and numbers, which always serialise.
    serde_json::to_string(&Flat::from(envelope)).unwrap_or_default()
}

/// A reason and what to tell people.
type Fault = (Reason, String);

fn read(bytes: &[u8]) -> Result<Flat, String> {
    if bytes.len() > MAX_COMMAND_BYTES {
        return Err(format!("longer than {MAX_COMMAND_BYTES} bytes"));
    }
    // serde would also read a struct from an array.
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
        Some(_) => Err("not a JSON object".to_owned()),
        None => Err("empty".to_owned()),
    }
}

/// As much of a malformed command as an answer can name, so that its sender finds it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Hint {
    cmd: Option<CommandName>,
    id: Option<CommandId>,
}

fn malformed(bytes: &[u8], mut detail: String) -> Refused {
    if let Some((end, _)) = detail.char_indices().nth(MAX_DETAIL) {
        detail.truncate(end);
    }
    let hint = if bytes.len() > MAX_COMMAND_BYTES { None } else { serde_json::from_slice(bytes).ok() };
    let Hint { cmd, id } = hint.unwrap_or_default();
    Refused { command: cmd, id, reason: Reason::Malformed, detail }
}

fn envelope(flat: &mut Flat, name: CommandName) -> Result<Envelope, Fault> {
    let command = command(flat, name)?;
    if let Some(key) = flat.leftover_argument() {
        return Err((Reason::Malformed, format!("{name} takes no {key}")));
    }
    let shape = shape(flat, name)?;
    check(&command).map_err(|detail| (Reason::OutOfRange, detail))?;
    Ok(Envelope { command, shape })
}

fn need<T>(value: Option<T>, key: &str) -> Result<T, Fault> {
    value.ok_or_else(|| (Reason::Malformed, format!("{key} is missing")))
}

fn command(flat: &mut Flat, name: CommandName) -> Result<Command, Fault> {
    Ok(match name {
        CommandName::TurnOnEngine => Command::TurnOnEngine,
        CommandName::TurnOffEngine => Command::TurnOffEngine,
        CommandName::LockDoors => Command::LockDoors,
        CommandName::UnlockDoors => Command::UnlockDoors,
        CommandName::Park => Command::Park,
        CommandName::ParkInSafePlace => Command::ParkInSafePlace,
        CommandName::TurnOnHeadlights => Command::TurnOnHeadlights,
        CommandName::TurnOffHeadlights => Command::TurnOffHeadlights,
        CommandName::TurnOnParkingLights => Command::TurnOnParkingLights,
        CommandName::TurnOffParkingLights => Command::TurnOffParkingLights,
        CommandName::Accelerate => Command::Accelerate,
        CommandName::Brake => Command::Brake,
        CommandName::RotateRight => Command::RotateRight(need(flat.degrees.take(), "DEGREES")?),
        CommandName::RotateLeft => Command::RotateLeft(need(flat.degrees.take(), "DEGREES")?),
        CommandName::SetMaxSpeed => Command::SetMaxSpeed(need(flat.mph.take(), "MPH")?),
        CommandName::SetMinSpeed => Command::SetMinSpeed(need(flat.mph.take(), "MPH")?),
        CommandName::EmergencyStop => Command::EmergencyStop,
        CommandName::ClearEmergencyStop => Command::ClearEmergencyStop,
        CommandName::Drive => Command::Drive(Setpoint {
            speed: need(flat.mph.take(), "MPH")?,
            turn_rate: need(flat.degrees_per_s.take(), "DEGREES_PER_S")?,
            hold_ms: need(flat.hold_ms.take(), "HOLD_MS")?,
        }),
        CommandName::Heartbeat => Command::Heartbeat,
        // The ID of a CANCEL is its argument: it names the command to end, and the answer carries it.
        CommandName::Cancel => Command::Cancel(need(flat.id.clone(), "ID")?),
        CommandName::TakeControl => Command::TakeControl,
        CommandName::ReleaseControl => Command::ReleaseControl,
        CommandName::Horn => {
            Command::Horn { duration_ms: flat.duration_ms.take().unwrap_or(DEFAULT_HORN_MS) }
        }
        CommandName::TurnOnHazardLights => Command::TurnOnHazardLights,
        CommandName::TurnOffHazardLights => Command::TurnOffHazardLights,
        CommandName::ReportStatus => Command::ReportStatus,
        CommandName::SetSafePlace => Command::SetSafePlace,
        CommandName::RevokeKey => Command::RevokeKey(need(flat.target_key.take(), "TARGET_KEY")?),
    })
}

fn shape(flat: &mut Flat, name: CommandName) -> Result<Shape, Fault> {
    let parts = (
        flat.id.take(),
        flat.key.take(),
        flat.sid.take(),
        flat.epoch.take(),
        flat.ctr.take(),
        flat.exp.take(),
        flat.mac.take(),
    );
    Ok(match parts {
        (None, None, None, None, None, None, None) => Shape::Plain,
        (Some(id), None, None, None, None, None, None) => Shape::Identified(id),
        (Some(id), None, None, Some(epoch), None, Some(expires), None) => Shape::Timed { id, epoch, expires },
        (id, Some(key), Some(sid), Some(epoch), Some(counter), Some(expires), Some(mac)) => {
            let session = Some(SignedSession { sid, epoch, counter, expires });
            Shape::Signed(Signature { key, session, mac, id })
        }
        (id, Some(key), None, None, None, None, Some(mac)) if name.is_stop() => {
            Shape::Signed(Signature { key, session: None, mac, id })
        }
        _ => {
            let detail =
                "use none of ID, KEY, SID, EPOCH, CTR, EXP, MAC; or ID; or ID, EPOCH, EXP; or all of them";
            return Err((Reason::Malformed, detail.to_owned()));
        }
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a command without an argument has no range")]
/// The ranges that hold on every vehicle; a vehicle's own limits come on top.
fn check(command: &Command) -> Result<(), String> {
    match command {
        Command::RotateRight(turn) | Command::RotateLeft(turn) => {
            within(*turn > Degrees::ZERO && turn.get() <= 360.0, "DEGREES is above 0 and at most 360")
        }
        Command::SetMaxSpeed(speed) | Command::SetMinSpeed(speed) => {
            within(*speed >= Mph::ZERO, "MPH is at least 0")
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

#[cfg(test)]
mod tests;
