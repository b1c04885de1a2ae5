//! Sensors: what is read, and what a battery's voltage means.

use super::raw::{RawBattery, RawSensor, RawSensors};
use crate::control::{Battery, Sensor, Sensors};
use crate::sensors::{Device, SensorsConfig, Source, Unit};
use std::path::PathBuf;
use std::time::Duration;
use vehicle_settings::{Field, Problems, Spot};

/// Time between two readings unless the configuration says so, in seconds.
const INTERVAL_S: f64 = 5.0;
/// The battery is low at or below this charge unless the configuration says so, in percent.
const LOW_PCT: f64 = 15.0;

/// The sensors of the core, and their sources.
pub(super) fn sensors(raw: RawSensors, problems: &mut Problems) -> (Sensors, SensorsConfig) {
    let interval_s = raw.interval_s.within(1.0..=3_600.0, "s", problems).or(INTERVAL_S);
    let sysfs = raw.sysfs.or(PathBuf::from("/sys"));
    let (mut sensors, mut sources) = (Sensors::default(), Vec::new());
    if let Some((battery, source)) = battery(raw.battery, problems) {
        sensors.battery = Some(battery);
        sources.push((Sensor::Battery, source));
    }
    let spot = raw.others.spot();
    for other in raw.others.optional().unwrap_or_default() {
        let name = name(other.name.clone(), &spot, problems);
        let Some((name, source)) = name.zip(source(other, &spot, problems)) else { continue };
        let name = format!("{name}_{}", source.unit.suffix());
        if sensors.others.contains(&name) {
            problems.refuse(&spot, format!("two are called {name}"), "give each a name of its own");
        }
        sources.push((Sensor::Other(sensors.others.len()), source));
        sensors.others.push(name);
    }
    (sensors, SensorsConfig { sysfs, interval: Duration::from_secs_f64(interval_s), sources })
}

fn battery(raw: RawBattery, problems: &mut Problems) -> Option<(Battery, Source)> {
    let RawBattery { voltage, empty_v, full_v, charge, low_pct } = raw;
    let spot = voltage.spot();
    let orphans = [empty_v.spot(), full_v.spot(), charge.spot(), low_pct.spot()];
    if !voltage.is_given() {
        for orphan in orphans.iter().filter(|orphan| orphan.origin.is_some()) {
            problems.refuse(orphan, "needs sensors.battery.voltage", "set that, or leave this out");
        }
        return None;
    }
    let low_pct = low_pct.within(0.0..=90.0, "%", problems).or(LOW_PCT);
    let charge = curve(empty_v, full_v, charge, &spot, problems);
    let raw = voltage.optional()?;
    if raw.name.is_some() {
        problems.refuse(&spot, "needs no name", "leave it out");
    }
    let source = source(raw, &spot, problems)?;
    if source.unit != Unit::Volts {
        problems.refuse(&spot, "measures no voltage", "choose an input such as voltage0 or in1");
        return None;
    }
    Some((Battery { charge: charge?, low_pct }, source))
}

/// The points of a battery's discharge, from the two ends or from a table.
fn curve(
    empty_v: Field<f64>,
    full_v: Field<f64>,
    charge: Field<Vec<(f64, f64)>>,
    battery: &Spot,
    problems: &mut Problems,
) -> Option<Vec<(f64, f64)>> {
    const EITHER: &str = "set empty_v and full_v, or charge with points [volts, percent]";
    let (spot, full) = (charge.spot(), full_v.spot());
    let points = match (empty_v.is_given(), full_v.is_given(), charge.is_given()) {
        (true, true, false) => {
            let mut volts = |field: Field<f64>| field.within(0.1..=1_000.0, "V", problems).optional();
            let (empty, full) = (volts(empty_v), volts(full_v));
            vec![(empty?, 0.0), (full?, 100.0)]
        }
        (false, false, true) => charge.optional()?,
        _ => {
            let spot = [empty_v.spot(), full, spot].into_iter().find(|spot| spot.origin.is_some());
            let spot = spot.unwrap_or_else(|| battery.clone());
            problems.refuse(&spot, "does not say what full and empty are", EITHER);
            return None;
        }
    };
    let spot = if spot.origin.is_some() { spot } else { full };
    let rises = points.windows(2).all(|pair| match pair {
        [(low, below), (high, above)] => low < high && below < above,
        _ => true,
    });
    let sane = points
        .iter()
        .all(|(volts, percent)| (0.0..=1_000.0).contains(volts) && (0.0..=100.0).contains(percent));
    if points.len() < 2 || !rises || !sane {
        let what = "is no charge that rises with the voltage";
        problems.refuse(&spot, what, "give at least two points, volts and 0 to 100 percent both rising");
        return None;
    }
    Some(points)
}

fn name(name: Option<String>, spot: &Spot, problems: &mut Problems) -> Option<String> {
    let fits = |name: &String| {
        let first = name.starts_with(|c: char| c.is_ascii_lowercase());
        first && name.len() <= 32 && name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'))
    };
    let good = name.clone().filter(fits);
    if good.is_none() {
        let what = name.map_or("one has no name".to_owned(), |name| format!("invalid name {name:?}"));
        let next_step =
            "use lower-case letters, digits and underscores, such as \"motor\"; its unit is added";
        problems.refuse(spot, what, next_step);
    }
    good
}

/// The source of a value; problems name the field as a whole.
fn source(raw: RawSensor, spot: &Spot, problems: &mut Problems) -> Option<Source> {
    let ratio = raw.ratio.unwrap_or(1.0);
    if !(1e-6..=1e6).contains(&ratio.abs()) {
        problems.refuse(spot, format!("ratio {ratio} is absurd"), "give how much larger the real value is");
    }
    let words = [&raw.iio, &raw.hwmon, &raw.w1, &raw.on, &raw.input];
    if let Some(word) = words.into_iter().flatten().find(|word| word.is_empty() || word.contains('/')) {
        problems.refuse(spot, format!("{word:?} names no device"), "write it as its file name has it");
        return None;
    }
    let RawSensor { iio, hwmon, w1, on, input, .. } = raw;
    let found = match (iio, hwmon, w1, input) {
        (Some(name), None, None, Some(input)) => {
            unit(&input, [("voltage", Unit::Volts), ("temp", Unit::Celsius), ("current", Unit::Amperes)])
                .map(|unit| (Device::Iio { name, on, input }, unit))
        }
        (None, Some(name), None, Some(input)) => {
            unit(&input, [("in", Unit::Volts), ("temp", Unit::Celsius), ("curr", Unit::Amperes)])
                .map(|unit| (Device::Hwmon { name, on, input }, unit))
        }
        (None, None, Some(id), None) if on.is_none() => Some((Device::OneWire { id }, Unit::Celsius)),
        _ => None,
    };
    let Some((device, unit)) = found else {
        let next_step =
            "give iio and input = \"voltage0\", or hwmon and input = \"in1\" or \"temp1\", or w1 alone";
        problems.refuse(spot, "is no sensor that is known", next_step);
        return None;
    };
    Some(Source { device, unit, ratio })
}

/// The quantity of an input, by the word before its number.
fn unit(input: &str, kinds: [(&str, Unit); 3]) -> Option<Unit> {
    let word = input.trim_end_matches(|c: char| c.is_ascii_digit());
    kinds.into_iter().find(|(kind, _)| *kind == word).map(|(_, unit)| unit)
}
