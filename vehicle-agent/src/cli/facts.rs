//! The facts of a configuration, one a line.

use crate::board::GpioBackendKind;
use crate::config::{BoardConfig, Budget, Config};
use crate::control::{Kinematics, Policy, Sensor};
use std::fmt::Write;
use vehicle_protocol::Mph;
use vehicle_protocol::auth::Role;

pub(super) fn facts(config: &Config) -> String {
    let mut text = String::new();
    for (name, fact) in list(config) {
        // Writing to a text can't fail.
        let _ = writeln!(text, "{name:<18} {fact}");
    }
    text
}

fn list(config: &Config) -> Vec<(&'static str, String)> {
    let (limits, timing) = (&config.limits, config.timing);
    let used = Budget::used(limits, timing);
    let mph = Mph::from_metres_per_second;
    vec![
        ("vehicle", format!("{} below {}/", config.vehicle, config.root)),
        ("broker", config.endpoint.url.to_string()),
        ("board", board(&config.board)),
        ("drivetrain", drivetrain(config.kinematics)),
        ("speed", format!("at most {}, in steps of {}", mph(limits.speed), mph(limits.speed_step))),
        ("acceleration", format!("{} m/s^2, braking {} m/s^2", limits.acceleration, limits.deceleration)),
        ("turn rate", format!("at most {} degrees/s", limits.turn_rate)),
        ("stops from DRIVE", stopping(used.drive, config.budget.drive)),
        ("stops otherwise", stopping(used.discrete, config.budget.discrete)),
        ("drives itself", autonomy(config)),
        ("battery", battery(config)),
        ("other sensors", other_sensors(config)),
        ("keys", keys(config)),
        ("unsigned commands", unsigned(config)),
        ("state", config.state_dir.display().to_string()),
    ]
}

fn board(board: &BoardConfig) -> String {
    match board {
        BoardConfig::Sim { trace: Some(trace), .. } => format!("sim, trace in {}", trace.display()),
        BoardConfig::Sim { trace: None, .. } => "sim".to_owned(),
        BoardConfig::Wired { backend, wiring } => {
            let unsafe_when = match (&wiring.enable, backend) {
                (Some(_), _) => "",
                (None, GpioBackendKind::Rppal) => ", without enable line",
                (None, GpioBackendKind::Gpiochip) => {
                    ", without enable line: nobody stops a frozen agent's motors"
                }
            };
            let measures = if wiring.encoders.is_empty() { "" } else { ", encoders" };
            format!("{}, {} outputs{measures}{unsafe_when}", backend.name(), wiring.outputs().len())
        }
    }
}

fn battery(config: &Config) -> String {
    let source = config.readers.sources.iter().find(|(sensor, _)| *sensor == Sensor::Battery);
    match (&config.sensors.battery, source) {
        (Some(battery), Some((_, source))) => format!("{source}, low at {} %", battery.low_pct),
        _ => "not measured".to_owned(),
    }
}

fn other_sensors(config: &Config) -> String {
    let names = config.sensors.others.join(", ");
    if names.is_empty() { "none".to_owned() } else { names }
}

fn drivetrain(kinematics: Kinematics) -> String {
    match kinematics {
        Kinematics::SkidSteer { track } => format!("skid_steer, track {track} m"),
        Kinematics::SteeringServo { wheelbase, full_lock } => {
            format!("steering_servo, wheelbase {wheelbase} m, full lock {full_lock} degrees")
        }
    }
}

fn stopping(used: f64, budget: f64) -> String {
    format!("within {used:.2} m after the last word of the operator, of {budget} m")
}

fn autonomy(config: &Config) -> String {
    match (config.autonomy.enabled, config.autonomy.safe_place) {
        (false, _) => "no".to_owned(),
        (true, None) => "only to a place that SET_SAFE_PLACE gives".to_owned(),
        (true, Some((x, y))) => {
            let (speed, distance) =
                (Mph::from_metres_per_second(config.autonomy.speed), config.autonomy.distance);
            format!("to x {x} m, y {y} m, at {speed}, at most {distance} m")
        }
    }
}

fn keys(config: &Config) -> String {
    let folder = config.keys_dir.display();
    let named = |role: &Role| {
        let count = config.trust.keys.iter().filter(|key| key.role == *role).count();
        (count > 0).then(|| format!("{count} {role}"))
    };
    let roles: Vec<String> = Role::ALL.iter().filter_map(named).collect();
    let who = if roles.is_empty() { "none".to_owned() } else { roles.join(", ") };
    let clears = if config.trust.owner_clears { "; only an owner clears an emergency stop" } else { "" };
    format!("{who}, in {folder}{clears}")
}

fn unsigned(config: &Config) -> String {
    let taken = match config.trust.policy() {
        Policy::StopOnly => "only stops, PARK and REPORT_STATUS",
        Policy::Refuse => "none, not even a stop",
        Policy::Auto | Policy::Accept if config.endpoint.url.is_loopback() => "all",
        Policy::Auto | Policy::Accept => "ALL: ANYBODY WHO REACHES THE BROKER CAN DRIVE THIS VEHICLE",
    };
    taken.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_settings::Layers;

    #[test]
    fn the_facts_say_how_the_vehicle_stops() {
        let layers = Layers::new().text("agent.toml", "vehicle = 'rover-1'\nstate_dir = '/s'");
        let expected = "\
vehicle            rover-1 below vehicles/
broker             mqtt://localhost:1883
board              sim
drivetrain         skid_steer, track 0.5 m
speed              at most 5 mph, in steps of 1 mph
acceleration       1 m/s^2, braking 2 m/s^2
turn rate          at most 90 degrees/s
stops from DRIVE   within 2.52 m after the last word of the operator, of 4 m
stops otherwise    within 12.58 m after the last word of the operator, of 16 m
drives itself      to x 3 m, y 4 m, at 2 mph, at most 100 m
battery            not measured
other sensors      none
keys               none, in /s/keys
unsigned commands  all
state              /s
";
        assert_eq!(facts(&Config::resolve(layers).unwrap()), expected);
    }
}
