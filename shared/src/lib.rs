//! The messages between console and vehicle: data, parsing and topics.
//!
//! This crate does no input or output, reads no clock and knows no broker, so that every client, agent and test can
//! share it. `PROTOCOL.md` beside it is the contract in words; section numbers in these documents refer to it.

#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

mod advice;
mod answer;
pub mod auth;
mod cbor;
mod command;
mod compact;
mod description;
pub mod encoding;
mod envelope;
mod event;
#[cfg(test)]
mod generate;
mod identity;
pub mod json;
mod presence;
mod session;
mod status;
mod telemetry;
mod topic;
mod units;
mod word;

pub use advice::Advice;
pub use answer::{Answer, AnswerForm, Proof, Reason, SequenceRef, State};
pub use command::{
    Command, CommandName, DEFAULT_HORN_MS, Group, HornDuration, MAX_HORN_MS, MIN_HOLD_MS, Parameter,
    ParameterKind, Setpoint, Stream,
};
pub use description::{ArgumentDescription, CommandDescription, Description, LimitsDescription};
pub use encoding::Encoding;
pub use envelope::{Envelope, Refused, Shape, Signature, SignedSession};
pub use event::{Event, EventKind};
pub use identity::{CommandId, Epoch, KeyName, Mac, NameError, Nonce, OperatorName, SessionId, VehicleId};
pub use presence::{OperatorPresence, Presence, PresenceState};
pub use session::{SessionAnswer, SessionRequest};
pub use status::{Doors, LinkCounters, Mode, Pose, Status};
pub use telemetry::Telemetry;
pub use topic::{Root, RootError, Topic, Topics, operator_of, operator_presence, operators_filter};
pub use units::{Degrees, DegreesPerSecond, Mph};

/// Version of the contract, as [`Description`] carries it.
pub const PROTOCOL_VERSION: &str = "vp1";

/// Longest command that a vehicle reads, in bytes; a longer one is MALFORMED.
pub const MAX_COMMAND_BYTES: usize = 4096;

/// Largest integer that every JSON implementation carries exactly (2^53 - 1); larger ones are MALFORMED.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;
