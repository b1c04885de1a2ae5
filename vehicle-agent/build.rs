//! Tells the agent when it was built: no certificate that it meets is judged as of a time before that.

use std::env;
use std::time::SystemTime;

#[expect(clippy::disallowed_methods, reason = "a build happens once; what runs reads its clock elsewhere")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // By convention the time of the sources, so that a build can be repeated bit by bit.
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let given = env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.trim().parse::<u64>().ok());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    println!("cargo::rustc-env=VEHICLE_AGENT_BUILT={}", given.unwrap_or_else(now));
}
