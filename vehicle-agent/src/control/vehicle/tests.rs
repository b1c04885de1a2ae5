//! The contract and the rules of safety, one room each; all in virtual time.

mod answers;
mod beyond;
mod checks;
mod estop;
mod faults;
mod fresh;
mod oracle;
mod properties;
mod reports;
mod s1;
mod s2;
mod s4;
mod s8;
mod safe_place;
mod scene;
mod table;
mod turns;

use scene::{Scene, json};
