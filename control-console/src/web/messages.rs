//! Messages between a page and its socket; only the page of this very build reads and writes them.

use super::access::Role;
use crate::teleop::StickPosition;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vehicle_protocol::{Command, VehicleId, json};

/// A message from a page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Message {
    /// The first message: the token of the link, if it has one.
    Hello(Option<String>),
    /// Emergency stop of this vehicle.
    EmergencyStop(VehicleId),
    /// A person wants to drive this vehicle.
    TakeControl(VehicleId),
    /// Position of the stick; null at neutral. Renews the control that the page has.
    Stick(Option<StickPosition>),
    /// A key or touch that stops; the page stays in control.
    ReleaseStick,
    /// Attention is gone, or the person is done.
    ReleaseControl,
    /// A person looks at this vehicle and is present.
    Present(VehicleId),
    /// Any other command.
    Send(PageCommand),
}

impl Message {
    /// The vehicle that it names; none for those that go to the vehicle under control.
    pub(super) const fn vehicle(&self) -> Option<&VehicleId> {
        match self {
            Self::EmergencyStop(vehicle) | Self::TakeControl(vehicle) | Self::Present(vehicle) => {
                Some(vehicle)
            }
            Self::Send(command) => Some(&command.vehicle),
            Self::Hello(_) | Self::Stick(_) | Self::ReleaseStick | Self::ReleaseControl => None,
        }
    }
}

/// A command in the plain shape of the wire.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageCommand {
    pub(super) vehicle: VehicleId,
    command: Box<RawValue>,
}

impl PageCommand {
    /// Decodes the command.
    ///
    /// # Errors
    /// The reason for which it is malformed or out of range.
    pub(super) fn command(&self) -> Result<Command, String> {
        json::decode(self.command.get().as_bytes())
            .map(|envelope| envelope.command)
            .map_err(|error| error.detail)
    }
}

/// A message to a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// The role of its link.
    Role(Role),
    /// Result of asking for control; false also when control was lost.
    Control(bool),
    /// The emergency stop of this vehicle is accepted, and repeated from here until it is answered.
    Stopping(VehicleId),
    /// Nothing was done, since neither settings nor broker know this vehicle.
    UnknownVehicle(VehicleId),
    /// Nothing was done, for this reason: a full sentence for the person.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_exactly() {
        for good in [
            r#"{"hello":null}"#,
            r#"{"stick":{"ahead":1,"right":-0.5}}"#,
            r#"{"stick":null}"#,
            r#""release_control""#,
            r#"{"send":{"vehicle":"rover-1","command":{"CMD":"PARK"}}}"#,
        ] {
            assert!(serde_json::from_str::<Message>(good).is_ok(), "{good}");
        }
        for bad in [
            "{}",
            r#"{"stick":{"ahead":1}}"#,
            r#"{"stick":{"ahead":1,"right":0,"up":1}}"#,
            r#"{"stick":{"ahead":"1","right":0}}"#,
            r#"{"emergency_stop":"all"}"#,
            r#"{"jump":1}"#,
            r#"{"emergency_stop":"rover-1","stick":null}"#,
        ] {
            assert!(serde_json::from_str::<Message>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_command_is_checked_as_the_contract_says() {
        let read = |command: &str| {
            let text = format!(r#"{{"vehicle":"rover-1","command":{command}}}"#);
            serde_json::from_str::<PageCommand>(&text).unwrap().command()
        };
        assert_eq!(read(r#"{"CMD":"PARK"}"#), Ok(Command::Park));
        for bad in [r#"{"CMD":"PARK","CMD":"BRAKE"}"#, r#"{"CMD":"ROTATE_LEFT","DEGREES":999}"#, "1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
