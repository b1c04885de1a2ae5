//! On a folder that looks like sysfs.

use super::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::io::Write;
use std::path::Path;
use tempfile::TempDir;

fn file(root: &TempDir, path: &str, content: &str) {
    let path = root.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A board with a converter on I2C behind another, a processor's thermometer and one on a wire.
fn sysfs() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in [
        ("bus/iio/devices/iio:device0/name", "mcp3021\n"),
        ("bus/iio/devices/iio:device0/in_voltage0_input", "1650\n"),
        ("bus/iio/devices/iio_sysfs_trigger/name", "ads1015\n"),
        ("devices/i2c-1/1-0048/iio:device1/name", "ads1015\n"),
        ("devices/i2c-1/1-0048/iio:device1/in_voltage0_raw", "1000\n"),
        ("devices/i2c-1/1-0048/iio:device1/in_voltage0_scale", "2.000000000\n"),
        ("devices/i2c-1/1-0048/iio:device1/in_voltage1_raw", "-1000\n"),
        ("devices/i2c-1/1-0048/iio:device1/in_voltage_scale", "3.000000000\n"),
        ("devices/i2c-1/1-0048/iio:device1/in_temp_raw", "500\n"),
        ("devices/i2c-1/1-0048/iio:device1/in_temp_offset", "-100\n"),
        ("devices/i2c-1/1-0048/iio:device1/in_temp_scale", "62.5\n"),
        ("class/hwmon/hwmon0/name", "cpu_thermal\n"),
        ("class/hwmon/hwmon0/temp1_input", "48312\n"),
        ("bus/w1/devices/28-000005e2fdc3/temperature", "-1062\n"),
    ] {
        file(&root, path, content);
    }
    let linked = root.path().join("bus/iio/devices/iio:device1");
    std::os::unix::fs::symlink(root.path().join("devices/i2c-1/1-0048/iio:device1"), linked).unwrap();
    root
}

fn iio(name: &str, input: &str, ratio: f64) -> Source {
    let device = Device::Iio { name: name.into(), on: None, input: input.into() };
    Source { device, unit: Unit::Volts, ratio }
}

fn one_wire(id: &str) -> Source {
    Source { device: Device::OneWire { id: id.into() }, unit: Unit::Celsius, ratio: 1.0 }
}

#[test]
fn a_value_is_found_by_the_devices_name_and_scaled() {
    let sysfs = sysfs();
    let cpu = Device::Hwmon { name: "cpu_thermal".into(), on: None, input: "temp1".into() };
    for (source, value) in [
        (iio("mcp3021", "voltage0", 1.0), 1.65),
        (iio("ads1015", "voltage0", 4.0), 8.0),
        (iio("ads1015", "voltage1", 1.0), -3.0),
        (iio("ads1015", "temp", 1.0), 25.0),
        (Source { device: cpu, unit: Unit::Celsius, ratio: 1.0 }, 48.312),
        (one_wire("28-000005e2fdc3"), -1.062),
    ] {
        let read = source.read(sysfs.path()).unwrap();
        assert!((read - value).abs() < 1e-9, "{source}: {read}");
    }
}

#[test]
fn of_two_devices_with_one_name_the_folder_on_the_path_tells_which() {
    let sysfs = sysfs();
    file(&sysfs, "bus/iio/devices/iio:device2/name", "ads1015");
    let problem = iio("ads1015", "voltage0", 1.0).read(sysfs.path()).unwrap_err();
    assert!(problem.contains("2 called ads1015") && problem.contains("say which by on"), "{problem}");
    let mut source = iio("ads1015", "voltage0", 1.0);
    if let Device::Iio { on, .. } = &mut source.device {
        *on = Some("1-0048".into());
    }
    assert!((source.read(sysfs.path()).unwrap() - 2.0).abs() < 1e-9);
}

#[test]
fn what_cannot_be_read_is_named_with_what_there_is() {
    let sysfs = sysfs();
    file(&sysfs, "bus/iio/devices/iio:device0/in_voltage0_input", "busy");
    for (source, said) in [
        (iio("mcp3008", "voltage0", 1.0), "but"),
        (iio("mcp3021", "voltage0", 1.0), "\"busy\" is no number"),
        (iio("mcp3021", "voltage7", 1.0), "in_voltage7_raw: No such file"),
        (one_wire("28-1"), "there is no one-wire device 28-1"),
    ] {
        let problem = source.read(sysfs.path()).unwrap_err();
        assert!(problem.contains(said), "{source}: {problem}");
    }
    let problem = iio("mcp3008", "voltage0", 1.0).read(Path::new("/nowhere")).unwrap_err();
    assert!(problem.contains("load the driver of mcp3008"), "{problem}");
}

fn config(sysfs: &Path, sources: Vec<(Sensor, Source)>) -> SensorsConfig {
    SensorsConfig { sysfs: sysfs.to_owned(), interval: Duration::from_millis(1), sources }
}

#[tokio::test]
async fn all_are_read_again_and_again_and_follow_what_is_there() {
    let sysfs = sysfs();
    let sources = vec![
        (Sensor::Battery, iio("mcp3021", "voltage0", 2.0)),
        (Sensor::Other(0), one_wire("28-000005e2fdc3")),
    ];
    let mut reader = SensorReader::spawn(&config(sysfs.path(), sources));
    while reader.next().await != (Sensor::Battery, Ok(3.3)) {}
    while reader.next().await != (Sensor::Other(0), Ok(-1.062)) {}
    file(&sysfs, "bus/iio/devices/iio:device0/in_voltage0_input", "1000");
    while reader.next().await != (Sensor::Battery, Ok(2.0)) {}
    fs::remove_dir_all(sysfs.path().join("bus/w1")).unwrap();
    while !matches!(reader.next().await, (Sensor::Other(0), Err(_))) {}
}

#[tokio::test]
async fn a_read_that_hangs_is_unknown_holds_up_no_other_and_is_not_begun_again() {
    let sysfs = sysfs();
    let hanging = sysfs.path().join("bus/w1/devices/28-000005e2fdc3/temperature");
    fs::remove_file(&hanging).unwrap();
    // To open a pipe takes until somebody writes to it.
    mknodat(CWD, &hanging, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let sources = vec![
        (Sensor::Battery, iio("mcp3021", "voltage0", 1.0)),
        (Sensor::Other(0), one_wire("28-000005e2fdc3")),
    ];
    // What a busy machine may take over a good one.
    let mut reader = SensorReader::spawn_patient(&config(sysfs.path(), sources), Duration::from_secs(1));
    let (mut silences, mut since) = (0, 0);
    while since < 200 {
        let (sensor, reading) = reader.next().await;
        if sensor == Sensor::Battery {
            assert_eq!(reading, Ok(1.65));
            since += silences;
        } else {
            assert!(reading.unwrap_err().contains("no answer within"));
            silences += 1;
        }
    }
    assert_eq!(silences, 1);
    // Answers this read, and leaves none to hang.
    let mut pipe = fs::File::options().write(true).open(&hanging).unwrap();
    fs::remove_file(&hanging).unwrap();
    fs::write(&hanging, "21000").unwrap();
    pipe.write_all(b"20500\n").unwrap();
    drop(pipe);
    while reader.next().await != (Sensor::Other(0), Ok(20.5)) {}
    while reader.next().await != (Sensor::Other(0), Ok(21.0)) {}
}

#[tokio::test(start_paused = true)]
async fn without_sensors_there_is_nothing_to_wait_for() {
    let mut reader = SensorReader::spawn(&SensorsConfig::default());
    assert!(timeout(Duration::from_secs(3_600), reader.next()).await.is_err());
}
