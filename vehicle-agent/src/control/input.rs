//! Inputs and effects of the core.

use crate::control::{Cause, Outputs, Sensor, Wheels};
use vehicle_protocol::{
    Answer, Description, Encoding, Epoch, Event, KeyName, OperatorName, Presence, Reason, SessionAnswer,
    Status, Telemetry, Topic, encoding,
};

/// A message from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Which of this vehicle's topics it came on.
    pub topic: Topic,
    /// Set if the broker had kept it (retained).
    pub retained: bool,
    /// The bytes as they came.
    pub payload: Vec<u8>,
}

/// Measurements of the board.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sensed {
    /// The vehicle's motion, on boards that measure it.
    pub odometry: Option<Odometry>,
    /// The turning of its wheels, on boards with encoders; the motion of the vehicle follows from it.
    pub wheels: Option<Wheels>,
    /// Set while the emergency-stop input is open.
    pub emergency_stop: bool,
}

/// Measured motion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Odometry {
    /// Speed in m/s, negative backwards.
    pub speed: f64,
    /// Turn rate in degrees per second, positive to the right.
    pub turn_rate: f64,
    /// Heading in degrees since boot, not wrapped, positive to the right.
    pub heading: f64,
    /// Metres to the right of where it stood at boot.
    pub x: f64,
    /// Metres ahead of where it stood at boot.
    pub y: f64,
}

/// Everything that the core reacts to.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A message from the broker.
    Received(Received),
    /// Connected and subscribed.
    LinkUp {
        /// LINK of this connection, from 1.
        connection: u32,
        /// Answers and events dropped so far for want of a connection.
        dropped: u64,
    },
    /// The connection is gone.
    LinkLost,
    /// An operator's presence, as it comes from the broker.
    Operator {
        /// The operator.
        name: OperatorName,
        /// Set if the broker had kept it (retained).
        retained: bool,
        /// The bytes as they came.
        payload: Vec<u8>,
    },
    /// Measurements of the board; due whenever the deadline has come.
    Sensed(Sensed),
    /// A sensor was read, or why it could not be.
    Measured(Sensor, Result<f64, String>),
    /// The outputs of the step before are in force.
    Applied,
    /// The board could not bring the outputs to their levels.
    BoardFailed(String),
    /// The emergency stop is in its file, set or not set.
    Stored(bool),
    /// The file could not be written.
    StoreFailed(String),
    /// The file of a revoked key is gone.
    KeyRemoved(KeyName),
    /// The file of a revoked key could not be removed.
    KeyNotRemoved(KeyName, String),
    /// The vehicle stops by itself, for a cause that something around the core found.
    Fault(Reason),
    /// The machine was suspended; a new epoch begins.
    Suspended(Epoch),
    /// The agent is asked to leave.
    Shutdown,
}

/// A message to publish; its topic, and with it QoS, retain flag and what becomes of it in an outage, follow from its kind.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is named for its message")]
pub enum Report {
    Answer(Answer),
    Compact(Answer),
    Session(SessionAnswer),
    Presence(Presence),
    Status(Box<Status>),
    Telemetry(Telemetry),
    Event(Event),
    Description(Box<Description>),
}

impl Report {
    /// The topic that it goes to.
    #[must_use]
    pub const fn topic(&self) -> Topic {
        match self {
            Self::Answer(_) => Topic::ExecutedCommands,
            Self::Compact(_) => Topic::Answers,
            Self::Session(_) => Topic::Session,
            Self::Presence(_) => Topic::Presence,
            Self::Status(_) => Topic::Status,
            Self::Telemetry(_) => Topic::Telemetry,
            Self::Event(_) => Topic::Events,
            Self::Description(_) => Topic::Description,
        }
    }

    /// The message as it is sent.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let text = match self {
            Self::Answer(answer) => return encoding::encode_answer(answer, Encoding::Json),
            Self::Compact(answer) => return encoding::encode_answer(answer, Encoding::Compact),
            Self::Session(session) => serde_json::to_vec(session),
            Self::Presence(presence) => serde_json::to_vec(presence),
            Self::Status(status) => serde_json::to_vec(status),
            Self::Telemetry(telemetry) => serde_json::to_vec(telemetry),
            Self::Event(event) => serde_json::to_vec(event),
            Self::Description(description) => serde_json::to_vec(description),
        };
        // Only maps with keys that are not strings could fail, and none of these has one.
        text.unwrap_or_default()
    }
}

/// Effects of one step of the core.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// Every output, at its level.
    pub outputs: Outputs,
    /// Their cause.
    pub cause: Cause,
    /// Reports, in order, to be published after the outputs are in force.
    pub reports: Vec<Report>,
    /// The emergency stop to write to its file, set or not set.
    pub store: Option<bool>,
    /// Revoked keys whose files are to be removed.
    pub revoke: Vec<KeyName>,
    /// The operator whose presence to follow: the holder of control, by the name of its key.
    pub follow: Option<OperatorName>,
    /// Set while the vehicle could move: the link proves itself each second then.
    pub armed: bool,
}
