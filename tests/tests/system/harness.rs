//! The harness itself, against the real broker: what it claims must be able to fail.

mod brokers;
mod clients;
mod programs;
mod traces;
