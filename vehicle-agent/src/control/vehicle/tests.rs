//! The contract and the rules of safety, one room each; all in virtual time.

mod answers;
mod audit;
mod beyond;
mod console;
mod encoders;
mod estop;
mod faults;
mod fresh;
mod handover;
mod hostile;
mod oracle;
mod policy;
mod properties;
mod reports;
mod revoke;
mod s1;
mod s2;
mod s4;
mod s8;
mod safe_place;
mod safety_checks;
mod scene;
mod sensors;
mod sessions;
mod signed;
mod table;
mod turns;

use console::Console;
use scene::{Scene, json};
