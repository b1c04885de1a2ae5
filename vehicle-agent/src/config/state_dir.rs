//! The default state folder.

use std::ffi::OsString;
use std::path::PathBuf;
use vehicle_protocol::VehicleId;

/// The folder that systemd made for the service, or the vehicle's own in the user's folder of states.
pub(super) fn default(vehicle: &VehicleId, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if let Some(service) = folder("STATE_DIRECTORY") {
        return service;
    }
    let states = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")));
    // Two vehicles on one machine must not share an emergency stop.
    states.unwrap_or_else(|| PathBuf::from("/var/lib")).join("vehicle-agent").join(vehicle.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(variables: &[(&str, &str)]) -> String {
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        default(&"rover-1".parse().unwrap(), variable).display().to_string()
    }

    #[test]
    fn a_service_keeps_its_state_where_systemd_says_and_a_person_in_the_home() {
        assert_eq!(folder(&[("STATE_DIRECTORY", "/var/lib/x"), ("HOME", "/home/a")]), "/var/lib/x");
        assert_eq!(folder(&[("XDG_STATE_HOME", "/s"), ("HOME", "/home/a")]), "/s/vehicle-agent/rover-1");
        assert_eq!(folder(&[("HOME", "/home/a")]), "/home/a/.local/state/vehicle-agent/rover-1");
        assert_eq!(folder(&[("HOME", "not absolute")]), "/var/lib/vehicle-agent/rover-1");
    }
}
