//! What a page says over its socket, and what it is told there.

use super::access::Role;
use crate::operator::StickPosition;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vehicle_protocol::{Command, VehicleId, json};

/// What a page says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Word {
    /// The first word: the token of the link, if it has one.
    Hello(Option<String>),
    /// Emergency stop of this vehicle.
    Stop(VehicleId),
    /// A person wants to drive this vehicle.
    Take(VehicleId),
    /// How the hand leans; null at neutral. Renews what the page holds.
    Hand(Option<PagePosition>),
    /// A key or touch that stops, with the stick still armed.
    LetGo,
    /// Attention is gone, or the person is done.
    Leave,
    /// Somebody looks at this vehicle and is present.
    Present(VehicleId),
    /// A command.
    Send(Sending),
}

/// How far a hand leans.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PagePosition {
    ahead: f64,
    right: f64,
}

impl From<PagePosition> for StickPosition {
    fn from(PagePosition { ahead, right }: PagePosition) -> Self {
        Self { ahead, right }
    }
}

/// A command as it stands on the wire, in its plain shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sending {
    pub(super) vehicle: VehicleId,
    command: Box<RawValue>,
}

impl Sending {
    /// The command itself.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn command(&self) -> Result<Command, String> {
        json::decode(self.command.get().as_bytes())
            .map(|envelope| envelope.command)
            .map_err(|error| error.detail)
    }
}

/// What a page is told.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// What its link may do.
    Role(Role),
    /// Whether it has the stick that it asked for.
    Stick(bool),
    /// Something was not done, for this reason.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_exactly() {
        for good in [
            r#"{"hello":null}"#,
            r#"{"hand":{"ahead":1,"right":-0.5}}"#,
            r#"{"hand":null}"#,
            r#""leave""#,
            r#"{"send":{"vehicle":"rover-1","command":{"CMD":"PARK"}}}"#,
        ] {
            assert!(serde_json::from_str::<Word>(good).is_ok(), "{good}");
        }
        for bad in [
            "{}",
            r#"{"hand":{"ahead":1}}"#,
            r#"{"hand":{"ahead":1,"right":0,"up":1}}"#,
            r#"{"hand":{"ahead":"1","right":0}}"#,
            r#"{"stop":"all"}"#,
            r#"{"jump":1}"#,
            r#"{"stop":"rover-1","hand":null}"#,
        ] {
            assert!(serde_json::from_str::<Word>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_command_is_checked_as_the_contract_says() {
        let read = |command: &str| {
            let text = format!(r#"{{"vehicle":"rover-1","command":{command}}}"#);
            serde_json::from_str::<Sending>(&text).unwrap().command()
        };
        assert_eq!(read(r#"{"CMD":"PARK"}"#), Ok(Command::Park));
        for bad in [r#"{"CMD":"PARK","CMD":"BRAKE"}"#, r#"{"CMD":"ROTATE_LEFT","DEGREES":999}"#, "1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
