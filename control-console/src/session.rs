//! What becomes of a command: sent, then answered or unknown. Pure; time is an argument.

mod exchange;
mod record;
mod report;
mod vehicle_clock;

pub use exchange::{Deed, Errand, Exchange, Form, Input, Purpose};
pub use record::{Change, Key, Record};
pub use report::{Outcome, Report};
pub(crate) use report::{in_milliseconds, next_step};
pub use vehicle_clock::VehicleClock;

#[cfg(test)]
mod tests;
