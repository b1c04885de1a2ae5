//! The agent as it ships for boards, on emulated ones, and its packages.
//!
//! `tests/boards` builds what these tests need and runs them.

mod gpio_sim;
mod raspberry_pi;
mod rig;
