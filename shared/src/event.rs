//! What happened at a vehicle and asks for attention.

use crate::word::{known, words};
use crate::{CommandName, Epoch, Reason};
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
    /// What happened.
    pub event: EventKind,
    /// Why.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub cause: Option<Reason>,
    /// The command that it is about.
    #[serde(default, deserialize_with = "known", skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandName>,
    /// How often, where one event stands for many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// More, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
