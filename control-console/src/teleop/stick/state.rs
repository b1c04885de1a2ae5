//! The states of a stick, its inputs, and the causes that halt it.

use std::time::Duration;
use vehicle_protocol::Setpoint;

/// The state of a stick, as screens show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StickState {
    /// Not armed.
    Disarmed,
    /// Armed, and at neutral or showing it.
    Ready,
    /// The requested setpoints leave.
    Driving,
    /// Link or vehicle are silent.
    Hold,
    /// In emergency stop.
    Estop,
}

impl StickState {
    /// The word on the badge.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disarmed => "DISARMED",
            Self::Ready => "READY",
            Self::Driving => "DRIVING",
            Self::Hold => "HOLD",
            Self::Estop => "ESTOP",
        }
    }
}

/// The kind of setpoints that a stick sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StickPhase {
    /// Zeros under a pressed stick, until the vehicle is known to have accepted neutral.
    Ready,
    /// The requested setpoints.
    Driving,
    /// Zeros for a moment, then nothing.
    Released,
    /// Nothing, or zeros: link or vehicle are silent.
    Hold,
}

/// The cause that ended a drive without a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// A key that stops, or an end of attention that leaves the stick armed.
    Stopped,
    /// The stick was disarmed, or never armed.
    Disarmed,
    /// An emergency stop.
    EmergencyStop,
    /// The vehicle refused a setpoint.
    Refused,
    /// The input was interrupted: hand or program were silent for longer than a setpoint holds.
    InputInterrupted,
    /// No message of the vehicle came for too long.
    VehicleSilent,
    /// The link was lost.
    LinkLost,
}

/// An input of a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StickInput {
    /// The link is there.
    LinkUp,
    /// The link is lost.
    LinkDown,
    /// A message of the vehicle came.
    VehicleReported,
    /// The vehicle is known to have accepted a neutral setpoint of this stick.
    NeutralAccepted,
    /// The vehicle refused a setpoint.
    Refused,
    /// The requested setpoint, to be repeated within a hold; none at neutral. The hold in it does not count.
    Setpoint(Option<Setpoint>),
    /// A person has armed the stick.
    Arm,
    /// Attention is gone: focus, screen, page or person.
    Disarm,
    /// Any stop short of an emergency stop: only a fresh press goes on.
    Stop,
    /// An emergency stop was asked for here, or is in force at the vehicle.
    EmergencyStop,
    /// The emergency stop is known to be cleared.
    EmergencyStopCleared,
    /// The round trip to the vehicle as it was measured last.
    RoundTrip(Duration),
    /// Time has passed.
    Tick,
}
