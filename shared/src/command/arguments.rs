//! The arguments of a command as a list of values: integers and names, no floats.

use crate::Command;
use crate::cbor::Item;

/// The arguments in the order of the contract: quantities in thousandths, times in milliseconds. The ID of a CANCEL is not
/// among them, for every list that has arguments has the ID besides.
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
