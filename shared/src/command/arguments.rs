//! The arguments of a command, taken from whatever encoding it came in, or as a list of values.

use crate::cbor::Item;
use crate::{Command, CommandId, CommandName, Degrees, DegreesPerSecond, KeyName, Mph, Reason, Setpoint};

/// A reason and what to tell people.
pub(crate) type Fault = (Reason, String);

/// Where the arguments of a command come from, in the order of the contract.
pub(crate) trait Source {
    fn speed(&mut self) -> Result<Mph, Fault>;
    fn turn(&mut self) -> Result<Degrees, Fault>;
    fn turn_rate(&mut self) -> Result<DegreesPerSecond, Fault>;
    fn hold_ms(&mut self) -> Result<u64, Fault>;
    fn duration_ms(&mut self) -> Result<u64, Fault>;
    /// The ID of a CANCEL is its argument: it names the command to end, and the answer carries it.
    fn target(&mut self) -> Result<CommandId, Fault>;
    fn target_key(&mut self) -> Result<KeyName, Fault>;
}

/// The command of a name with the arguments that it takes, none of them checked for its range.
pub(crate) fn command(name: CommandName, source: &mut impl Source) -> Result<Command, Fault> {
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
        CommandName::RotateRight => Command::RotateRight(source.turn()?),
        CommandName::RotateLeft => Command::RotateLeft(source.turn()?),
        CommandName::SetMaxSpeed => Command::SetMaxSpeed(source.speed()?),
        CommandName::SetMinSpeed => Command::SetMinSpeed(source.speed()?),
        CommandName::EmergencyStop => Command::EmergencyStop,
        CommandName::ClearEmergencyStop => Command::ClearEmergencyStop,
        CommandName::Drive => Command::Drive(Setpoint {
            speed: source.speed()?,
            turn_rate: source.turn_rate()?,
            hold_ms: source.hold_ms()?,
        }),
        CommandName::Heartbeat => Command::Heartbeat,
        CommandName::Cancel => Command::Cancel(source.target()?),
        CommandName::TakeControl => Command::TakeControl,
        CommandName::ReleaseControl => Command::ReleaseControl,
        CommandName::Horn => Command::Horn { duration_ms: source.duration_ms()? },
        CommandName::TurnOnHazardLights => Command::TurnOnHazardLights,
        CommandName::TurnOffHazardLights => Command::TurnOffHazardLights,
        CommandName::ReportStatus => Command::ReportStatus,
        CommandName::SetSafePlace => Command::SetSafePlace,
        CommandName::RevokeKey => Command::RevokeKey(source.target_key()?),
    })
}

/// The arguments as integers and names: quantities in thousandths, times in milliseconds. The ID of a CANCEL is not among
/// them, for every list that has arguments has the ID besides.
#[expect(clippy::wildcard_enum_match_arm, reason = "every other command has no argument")]
pub(crate) fn items(command: &Command) -> Vec<Item<'_>> {
    match command {
        Command::RotateRight(turn) | Command::RotateLeft(turn) => vec![turn.thousandths().into()],
        Command::SetMaxSpeed(speed) | Command::SetMinSpeed(speed) => vec![speed.thousandths().into()],
        Command::Drive(setpoint) => vec![
            setpoint.speed.thousandths().into(),
            setpoint.turn_rate.thousandths().into(),
            setpoint.hold_ms.into(),
        ],
        Command::Horn { duration_ms } => vec![(*duration_ms).into()],
        Command::RevokeKey(key) => vec![key.as_str().into()],
        _ => Vec::new(),
    }
}
