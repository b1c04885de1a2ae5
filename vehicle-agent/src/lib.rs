//! The agent on the vehicle's board: obeys commands, drives motors and lights, reports.
//!
//! Decisions are apart from deeds. [`control`] is one synchronous state machine without clock, network, pins or log; the
//! [`board`] does what it says; the [`link`] brings commands and takes reports.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails"))]

pub mod board;
pub mod clock;
pub mod config;
pub mod control;
