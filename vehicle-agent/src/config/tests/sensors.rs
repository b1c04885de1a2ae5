//! What may be measured, and what not.

use super::*;
use crate::control::{Sensor, Sensors};
use crate::sensors::{Device, Unit};

const MEASURED: &str = r#"
[sensors]
interval_s = 30
others = [{ name = "motor", w1 = "28-000005e2fdc3" }, { name = "cpu", hwmon = "cpu_thermal", input = "temp1" }]
[sensors.battery]
voltage = { iio = "ads1015", on = "1-0048", input = "voltage0", ratio = 4 }
empty_v = 6
full_v = 8.4
low_pct = 20
"#;

fn refused(from: &str, to: &str) -> Vec<String> {
    assert!(MEASURED.contains(from), "{from}");
    problems(&MEASURED.replace(from, to))
}

#[test]
fn sensors_are_named_with_their_units_and_read_where_they_are() {
    let config = config(MEASURED);
    let setup = config.setup(Epoch::default(), false);
    assert_eq!(setup.sensors.others, ["motor_celsius", "cpu_celsius"]);
    let battery = setup.sensors.battery.unwrap();
    assert_eq!((battery.charge.as_slice(), battery.low_pct), ([(6.0, 0.0), (8.4, 100.0)].as_slice(), 20.0));
    let read = config.readers;
    assert_eq!((read.sysfs, read.interval), (PathBuf::from("/sys"), Duration::from_secs(30)));
    let places: Vec<_> = read.sources.iter().map(|(sensor, _)| *sensor).collect();
    assert_eq!(places, [Sensor::Battery, Sensor::Other(0), Sensor::Other(1)]);
    let (_, first) = &read.sources[0];
    assert_eq!((first.unit, first.ratio), (Unit::Volts, 4.0));
    let device = Device::Iio { name: "ads1015".into(), on: Some("1-0048".into()), input: "voltage0".into() };
    assert_eq!(first.device, device);
}

#[test]
fn nothing_is_measured_by_default() {
    assert_eq!(config("").sensors, Sensors::default());
    assert!(config("").readers.sources.is_empty());
}

#[test]
fn a_table_of_charges_takes_the_place_of_the_two_ends() {
    let text = MEASURED.replace("empty_v = 6\nfull_v = 8.4", "charge = [[6.0, 0], [7, 20], [8.4, 100]]");
    let battery = config(&text).sensors.battery.unwrap();
    assert_eq!(battery.charge, [(6.0, 0.0), (7.0, 20.0), (8.4, 100.0)]);
}

#[test]
fn what_is_no_sensor_is_refused_by_its_key() {
    for (from, to, said) in [
        ("interval_s = 30", "interval_s = 0", "agent.toml:3: sensors.interval_s: must be 1 to 3600 s"),
        ("w1 = \"28-000005e2fdc3\"", "w1 = \"../28\"", "sensors.others: \"../28\" names no device"),
        ("name = \"motor\"", "name = \"Motor\"", "invalid name \"Motor\""),
        ("name = \"motor\", ", "", "one has no name"),
        ("name = \"motor\"", "name = \"cpu\"", "two are called cpu_celsius"),
        ("input = \"temp1\"", "input = \"fan1\"", "is no sensor that is known"),
        ("input = \"temp1\"", "inputs = \"temp1\"", "unknown key"),
        ("ratio = 4", "ratio = 0", "ratio 0 is absurd"),
        ("{ iio = ", "{ name = \"b\", iio = ", "sensors.battery.voltage: needs no name"),
        ("input = \"voltage0\"", "input = \"temp0\"", "measures no voltage"),
        ("full_v = 8.4", "full_v = 5", "sensors.battery.full_v: is no charge that rises"),
        ("full_v = 8.4", "", "sensors.battery.empty_v: does not say what full and empty are"),
        ("full_v = 8.4", "full_v = 8.4\ncharge = []", "does not say what full and empty are"),
        ("empty_v = 6\nfull_v = 8.4", "charge = [[6, 0], [7, 0]]", "sensors.battery.charge: is no charge"),
        ("low_pct = 20", "low_pct = 95", "sensors.battery.low_pct: must be 0 to 90 %"),
    ] {
        let found = refused(from, to);
        assert!(found.iter().any(|problem| problem.contains(said)), "{to}: {found:#?}");
    }
}

#[test]
fn all_mistakes_are_found_at_once() {
    let found = problems(
        "[sensors]\ninterval_s = 0\nothers = [{ name = \"x\" }, { name = \"Y\", w1 = \"1\" }]\n\
         [sensors.battery]\nlow_pct = 99\nfull_v = 8",
    );
    assert_eq!(found.len(), 5, "{found:#?}");
}
