//! What becomes of a command: sent, then answered or unknown. Pure; time is an argument.

mod channel;
mod exchange;
mod record;
mod report;
mod vehicle_clock;

pub use channel::{Agreement, Channel, Form, Heard, Sealed, Trust};
pub use exchange::{Deed, Errand, Exchange, Input, Purpose};
pub use record::{Change, Mark, Record};
pub use report::{Outcome, Report};
pub(crate) use report::{in_milliseconds, next_step};
pub use vehicle_clock::VehicleClock;

#[cfg(test)]
mod tests;
