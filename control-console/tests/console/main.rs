//! The whole program against a real broker, with a vehicle that the tests play.

mod bad_broker;
mod certs;
mod console;
mod fleet;
mod ping;
mod send;
mod settings;
mod signals;
mod stops;
mod trust;
mod vehicle;
mod watch;
