//! `drive`: a stream of setpoints without a screen, as the hand on a stick sends them.

mod rhythm;
pub mod stamp;
pub mod stick;

pub use rhythm::Rhythm;
