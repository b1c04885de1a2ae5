//! Commands from sending to answer or unknown outcome, and the sessions they are signed in. Pure; time is an argument.

mod pending_command;
mod record;
mod report;
mod resumable;
mod vehicle_clock;
mod vehicle_session;

pub use pending_command::{Action, Input, PendingCommand, Purpose, Request};
pub use record::{Change, CorrelationKey, Match, Record};
pub use report::{Outcome, Report};
pub(crate) use report::{exit_of, in_milliseconds, is_about_keys, next_step};
pub use resumable::ResumableSession;
pub use vehicle_clock::VehicleClock;
pub use vehicle_session::{Agreement, Form, Sealed, Trust, VehicleSession, VerifiedAnswer};

#[cfg(test)]
mod tests;
