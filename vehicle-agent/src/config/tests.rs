mod boards;
mod sample;
mod sensors;
mod trust;
mod wiring;

use super::*;
use crate::board::{Channel, DoorLock, Drive, Motor, Pin, Servo, Side, Wire};
use std::time::Duration;
use vehicle_protocol::Mph;

const WIRED: &str = r#"
vehicle = "rover-1"
[board]
kind = "rppal"
[wiring.left]
pwm = { gpio = 12 }
direction = { gpio = 16 }
[wiring.right]
forward = { gpio = 13 }
backward = { gpio = 19 }
[wiring]
enable = { gpio = 22 }
"#;

fn named(text: &str) -> Layers {
    Layers::new().text("agent.toml", text).flag("--vehicle", "vehicle", Some("rover-1"))
}

fn config(text: &str) -> Config {
    Config::resolve(named(text)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn problems(text: &str) -> Vec<String> {
    Config::resolve(named(text)).unwrap_err().iter().map(ToString::to_string).collect()
}

fn mph(speed: f64) -> f64 {
    Mph::new(speed).metres_per_second()
}

#[test]
fn a_name_is_all_that_a_simulated_vehicle_needs() {
    let config = config("");
    assert_eq!(config.board, BoardConfig::Sim { trace: None, levels: None, metres_per_pulse: None });
    assert_eq!(config.kinematics, Kinematics::SkidSteer { track: 0.5 });
    assert_eq!(config.endpoint.url.to_string(), "mqtt://localhost:1883");
    assert_eq!(config.root.to_string(), "vehicles");
    assert_eq!(config.limits.reverse_pause, Duration::from_millis(200));
    assert_eq!(config.timing.operator_timeout, Duration::from_secs(5));
    assert_eq!(config.autonomy.safe_place, Some((3.0, 4.0)));
    assert!(config.autonomy.enabled);
    assert!((config.limits.speed - mph(5.0)).abs() < 1e-9);
    let setup = config.setup(Epoch::default(), true);
    assert!(setup.emergency_stopped && setup.fittings.odometry && setup.board == "sim");
}

#[test]
fn a_vehicle_without_a_name_is_refused() {
    let problems = Config::resolve(Layers::new()).unwrap_err();
    assert_eq!(problems.to_string(), "vehicle: is missing; set the vehicle's name, such as \"rover-1\"");
}

#[test]
fn every_kind_of_mistake_is_reported_in_one_go() {
    let text = r#"
root = "a/#"
log = "inof"
colour = "red"
[broker]
url = "http://broker"
keepalive_s = 0
[limits]
max_speed_mph = 7
acceleration_m_per_s2 = "fast"
[timing]
tick_ms = -1
[autonomy]
safe_place_x_m = 1.0
[sim]
trace = 5
"#;
    let found = problems(text);
    let expected = [
        "agent.toml:2: root: ",
        "agent.toml:3: log: invalid log level \"inof\"; write off, error",
        "agent.toml:4: colour: unknown key; ",
        "agent.toml:6: broker.url: `http://` does not lead to a broker; write mqtt://, or mqtts:// for TLS",
        "agent.toml:9: limits.max_speed_mph: must be at most drivetrain.full_speed_mph, which is 6 mph, is 7; lower it",
        "agent.toml:10: limits.acceleration_m_per_s2: must be a finite number, is \"fast\"",
        "agent.toml:12: timing.tick_ms: must be a whole number from 0 to",
        "agent.toml:14: autonomy.safe_place_x_m: is only half of a place; set autonomy.safe_place_y_m beside it",
        "agent.toml:16: sim.trace: must be text, is 5",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\nis not {expected}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_speed_that_does_not_fit_the_room_to_stop_is_refused_with_the_one_that_does() {
    let found = problems("[budget]\ndiscrete_stopping_distance_m = 6.0\n");
    let expected = "limits.max_speed_mph: from this speed it stops only after 12.58 m, \
                    yet budget.discrete_stopping_distance_m is 6 m; set it to 2.5 mph, or shorten";
    assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
    config("limits.max_speed_mph = 2.5\n[budget]\ndiscrete_stopping_distance_m = 6.0\n");
    let found = problems("limits.max_speed_mph = 2.52\n[budget]\ndiscrete_stopping_distance_m = 6.0\n");
    assert_eq!(found.len(), 1, "{found:?}");
    let found = problems("budget.drive_stopping_distance_m = 2.5");
    assert!(found.len() == 1 && found[0].contains("2.52 m"), "{found:?}");
    config("budget.drive_stopping_distance_m = 2.53");
}

#[test]
fn a_shorter_hold_makes_room_for_more_speed() {
    let fast = "drivetrain.full_speed_mph = 12\n[limits]\nmax_speed_mph = 7\nspeed_step_mph = 1\n[timing]\noperator_timeout_s = 2\n";
    assert!(problems(fast).iter().all(|problem| problem.contains("drive_stopping_distance_m")));
    config(&format!("{fast}max_hold_ms = 200\n"));
}

#[test]
fn limits_below_the_defaults_pull_these_down() {
    let config = config("limits.max_speed_mph = 0.5");
    assert!((config.limits.speed_step - mph(0.5)).abs() < 1e-9);
    assert!((config.autonomy.speed - mph(0.5)).abs() < 1e-9);
}

#[test]
fn a_trace_of_a_real_board_is_refused_where_it_was_asked_for_and_ignored_in_a_file() {
    config(&format!("{WIRED}\n[sim]\ntrace = 'trace'"));
    let found = Config::resolve(named(WIRED).flag("--trace", "sim.trace", Some("trace"))).unwrap_err();
    assert_eq!(
        found.to_string(),
        "--trace: sim.trace: only the simulated board writes a trace; leave it out"
    );
}

#[test]
fn login_and_certificates_are_checked_by_the_key_that_names_them() {
    let said = |text: &str| problems(&format!("[broker]\nurl = 'mqtts://b'\n{text}")).join("\n");
    assert!(
        said("ca_file = '/no/ca'")
            .contains("agent.toml:3: broker.ca_file: the CA file /no/ca cannot be read")
    );
    assert!(
        said("key_file = '/no/key'").contains("agent.toml:3: broker.key_file: "),
        "{}",
        said("key_file = '/no/key'")
    );
    assert!(said("user = 'u'").contains("broker.user: has no password; set broker.password_file beside it"));
    assert!(said("password_file = '/no/p'").contains("broker.password_file: has no user; set broker.user"));
    let both = said("user = 'u'\npassword_file = '/no/p'");
    assert!(
        both.contains("agent.toml:4: broker.password_file: the password file /no/p cannot be read"),
        "{both}"
    );
    assert!(
        problems("broker.ca_file = 'ca'")[0]
            .starts_with("broker.url: mqtt://localhost:1883 is not encrypted")
    );
}

#[test]
fn a_semicolon_in_a_value_does_not_end_the_problem_early() {
    let found = Config::resolve(named("broker.url = 'a; b'")).unwrap_err();
    let advice = &found.iter().next().unwrap().advice;
    assert_eq!(advice.what, "the broker address `a; b` has no scheme");
    assert_eq!(advice.next_step, "write mqtt://a; b, or mqtts://a; b for TLS");
}
