//! Everything that can go wrong, and what must hold all the same.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    reason = "all of it is test: what overflows or is poisoned fails"
)]

mod console;
mod messages;
mod request;
mod rig;
mod row;
mod sabotage;
mod starved;
mod stops;
mod troubles;
mod trust;
mod virtual_time;
mod wire;
