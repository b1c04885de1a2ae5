//! Occurrences at a vehicle that ask for attention.

use crate::word::{known, words};
use crate::{CommandId, CommandName, Epoch, Reason, State};
use serde::{Deserialize, Serialize};

words! {
    /// The kind of an event.
    EventKind {
        /// The agent has started; nothing moves.
        Started = "started",
        /// The vehicle stopped by itself, for `cause`.
        Failsafe = "failsafe",
        /// A failsafe has ended.
        FailsafeEnded = "failsafe_ended",
        /// An emergency stop was latched.
        EmergencyStop = "emergency_stop",
        /// The emergency stop was cleared.
        EmergencyStopCleared = "emergency_stop_cleared",
        /// A part does not do what it was told.
        Fault = "fault",
        /// Commands were refused that nobody should have sent, for `cause`; at a limited rate.
        Intrusion = "intrusion",
        /// A command has ended or was refused: who asked, and what came of it.
        Command = "command",
        /// Somebody asks for control that another holds.
        ControlRequested = "control_requested",
        /// Control has changed hands, or was taken away.
        ControlChanged = "control_changed",
        /// A key was revoked.
        KeyRevoked = "key_revoked",
        /// The agent leaves in order.
        ShuttingDown = "shutting_down",
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The vehicle's CLOCK in milliseconds.
    pub time: u64,
    /// The boot.
    pub epoch: Epoch,
    /// Its kind.
    pub event: EventKind,
    /// Why.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub cause: Option<Reason>,
    /// Consumer: the name of a key, or `unsigned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The command that it is about.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandName>,
    /// The ID of that command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CommandId>,
    /// The outcome of that command.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Number of occurrences, where one event stands for many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// More, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
