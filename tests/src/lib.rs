//! A harness for whole systems: real programs of this workspace, a real broker, clients of several makes.
//!
//! Nothing here sleeps for a fixed time: every wait is for a condition, within a limit, and a wait that fails says
//! what it waited for. What a broker or a program wrote is printed when its handle goes away, so that a failing test
//! shows it.

pub mod agent;
pub mod bench;
pub mod canary;
pub mod certificates;
pub mod client;
pub mod clock;
pub mod installation;
pub mod key_holder;
pub mod mosquitto;
pub mod oracle;
pub mod paho;
pub mod pi;
pub mod process;
pub mod proxy;
pub mod real_time;
pub mod simulation;
pub mod terminal;
pub mod trace;
pub mod wait;

pub mod port;
