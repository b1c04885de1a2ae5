//! Broker, vehicle and console in one process, for a machine with nothing else installed.

pub mod broker;
