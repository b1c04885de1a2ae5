//! The report at the end of a command.

use crate::exit::Exit;
use serde::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;
use vehicle_protocol::{CommandId, CommandName, Reason, State, VehicleId};

/// The outcome of a command, as far as it is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a terminal answer.
    Answered(State),
    /// Without an answer in time: the vehicle may or may not have acted.
    Unknown,
    /// Nothing was sent.
    NotSent,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Answered(state) => state.as_str(),
            Self::Unknown => "UNKNOWN",
            Self::NotSent => "NOT_SENT",
        })
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The end of one command; also the one JSON object of `send`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The command.
    pub command: CommandName,
    /// Its ID, unless it was plain.
    pub id: Option<CommandId>,
    /// The outcome.
    pub outcome: Outcome,
    /// The vehicle's reason.
    pub reason: Option<Reason>,
    /// More, for people.
    pub detail: Option<String>,
    /// From sending to the terminal answer, in milliseconds.
    #[serde(rename = "round_trip_ms", serialize_with = "milliseconds")]
    pub round_trip: Option<Duration>,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// The exit code that it asks for.
    pub exit: Exit,
}

/// Milliseconds with three places: nobody measures a network better than that.
pub(crate) fn in_milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
fn milliseconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(in_milliseconds).serialize(serializer)
}

/// The exit code of a command that was refused or has failed.
pub(crate) const fn exit_of(reason: Option<Reason>) -> Exit {
    if is_about_keys(reason) { Exit::NotAuthorised } else { Exit::NotSucceeded }
}

/// Tells whether a refusal is about the sender's key.
pub(crate) const fn is_about_keys(reason: Option<Reason>) -> bool {
    matches!(reason, Some(Reason::Unsigned | Reason::UnknownKey | Reason::BadMac | Reason::Forbidden))
}

/// The next step after a command that did not succeed.
pub(crate) fn next_step(vehicle: &VehicleId, command: CommandName, reason: Option<Reason>) -> String {
    let send = |command: CommandName| format!("control-console send {vehicle} {}", command.kebab());
    match reason {
        Some(Reason::EngineOff) => send(CommandName::TurnOnEngine),
        Some(Reason::Moving) => send(CommandName::Brake),
        Some(Reason::NotMoving) => send(CommandName::Accelerate),
        Some(Reason::EmergencyStopped | Reason::Failsafe) => format!("control-console clear {vehicle}"),
        Some(Reason::NotInControl) => send(CommandName::TakeControl),
        Some(Reason::NotNeutral) => {
            format!("{} --mph 0 --degrees-per-s 0 --hold-ms 200", send(CommandName::Drive))
        }
        Some(Reason::Busy | Reason::RateLimited) => "wait a moment and send it again".to_owned(),
        Some(Reason::BadEpoch | Reason::Expired) => {
            "send it again; the vehicle restarted or the way to it is slow: control-console ping".to_owned()
        }
        Some(Reason::Unsigned) => format!(
            "sign it: put the key of an owner or driver where control-console keys list looks, or make one: control-console keys new {vehicle} --role driver"
        ),
        Some(Reason::Forbidden) => {
            format!(
                "the role of this key does not allow it: control-console keys list; an owner of {vehicle} can give another key"
            )
        }
        Some(Reason::UnknownKey) => format!(
            "{vehicle} does not know this key (any more): control-console keys list; copy its file to the vehicle's keys_dir and restart the agent, or try --unsigned"
        ),
        Some(Reason::BadMac) => format!(
            "the key's file here and the one on {vehicle} differ: make a new one with control-console keys new {vehicle}"
        ),
        Some(Reason::Unsupported | Reason::OutOfRange) => {
            format!("what {vehicle} can do, and within which limits, stands on its description topic")
        }
        _ => format!("look at it: control-console watch {vehicle} (command {})", command.kebab()),
    }
}
