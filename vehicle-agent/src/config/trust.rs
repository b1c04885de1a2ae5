//! The keys and the policy for unsigned senders.

use super::raw::{RawTrust, RawUnsigned};
use crate::control::{Policy, Trust};
use crate::keys;
use std::path::{Path, PathBuf};
use vehicle_protocol::VehicleId;
use vehicle_settings::Problems;

/// The folder of the keys, and what is made of them.
pub(super) fn trust(
    raw: RawTrust,
    vehicle: &VehicleId,
    state_dir: &Path,
    problems: &mut Problems,
) -> (PathBuf, Trust) {
    let spot = raw.keys_dir.spot();
    let folder = raw.keys_dir.or(state_dir.join(keys::FOLDER));
    if spot.origin.is_some() && !folder.is_dir() {
        let what = format!("{} is no folder", folder.display());
        problems.refuse(&spot, what, "make it with mode 0700, or leave the setting out");
    }
    let keys = keys::load(&folder, vehicle).unwrap_or_else(|found| {
        for problem in found {
            problems.refuse_with(&spot, problem);
        }
        Vec::new()
    });
    let unsigned = match raw.unsigned.or(RawUnsigned::Auto) {
        RawUnsigned::Auto => Policy::Auto,
        RawUnsigned::Accept => Policy::Accept,
        RawUnsigned::StopOnly => Policy::StopOnly,
        RawUnsigned::Refuse => Policy::Refuse,
    };
    (folder, Trust { keys, unsigned, owner_clears: raw.owner_clears.or(false) })
}
