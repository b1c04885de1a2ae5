//! What becomes of a command: sent, then answered or unknown. Pure; time is an argument.

mod channel;
pub(crate) mod continuation;
mod exchange;
mod record;
mod report;
mod vehicle_clock;

pub use channel::{Agreement, Channel, Form, Heard, Sealed, Trust};
pub use exchange::{Deed, Errand, Exchange, Input, Purpose};
pub use record::{Change, Mark, Match, Record};
pub use report::{Outcome, Report};
pub(crate) use report::{exit_of, in_milliseconds, is_about_keys, next_step};
pub use vehicle_clock::VehicleClock;

#[cfg(test)]
mod tests;
