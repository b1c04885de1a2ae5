//! The report at the end of a drive.

use crate::exit::{Exit, Fault};
use crate::transaction::next_step;
use serde::{Serialize, Serializer};
use std::time::Duration;
use vehicle_protocol::{CommandName, Reason, VehicleId};

/// The end of a drive, in the words that `send` uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Driven to its end, released, and the vehicle refused nothing.
    Succeeded,
    /// Refused before anything moved.
    Rejected,
    /// Begun and not finished; the vehicle has stopped or is stopping.
    Failed,
    /// Ended by a signal, and the vehicle has answered BRAKE.
    Canceled,
    /// Link or vehicle fell silent; the vehicle stops by itself.
    Unknown,
    /// No setpoint was sent.
    NotSent,
}

impl Outcome {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Rejected => "REJECTED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
            Self::Unknown => "UNKNOWN",
            Self::NotSent => "NOT_SENT",
        }
    }
}

/// The end of a drive; also its one JSON object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The outcome.
    pub outcome: Outcome,
    /// The vehicle's reason.
    pub reason: Option<Reason>,
    /// More, for people.
    pub detail: Option<String>,
    /// Setpoints that were handed to the link, neutral ones included.
    pub setpoints_sent: u64,
    /// Refusals that came; the vehicle reports one a second at most.
    pub refused: u64,
    /// The time in which more than neutral could leave, in seconds.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub driven: Duration,
    /// The next step for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
    /// The exit code that it asks for.
    pub exit: Exit,
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

impl Report {
    /// The report of a drive that was not begun.
    #[must_use]
    pub fn not_begun(vehicle: VehicleId, fault: &Fault) -> Self {
        Self {
            vehicle,
            outcome: Outcome::NotSent,
            reason: None,
            detail: Some(fault.advice.what.clone()),
            setpoints_sent: 0,
            refused: 0,
            driven: Duration::ZERO,
            next_step: Some(fault.advice.next_step.clone()),
            exit: fault.exit,
        }
    }
}

/// The next step after a refused setpoint.
pub(super) fn after_refusal(vehicle: &VehicleId, reason: Option<Reason>) -> String {
    match reason {
        Some(Reason::NotNeutral | Reason::HoldLapsed | Reason::BadEpoch) => {
            "drive again; that begins at neutral".to_owned()
        }
        Some(Reason::BadCounter) => {
            format!("somebody else sends setpoints too; find out who: control-console watch {vehicle}")
        }
        Some(Reason::Failsafe) => format!(
            "wait until {vehicle} stands and drive again, or, if it asks for that: control-console clear {vehicle}"
        ),
        reason => next_step(vehicle, CommandName::Drive, reason),
    }
}
