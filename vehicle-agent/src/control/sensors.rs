//! The battery, and what else is measured seldom: what a reading means, and when it is believed.

use std::collections::BTreeSet;

/// The charge is taken for low, or for restored, after so many readings in a row that say so: a motor that starts pulls the
/// voltage down for a moment.
const BELIEVED: u8 = 3;
/// A low battery counts as charged so many percent above the threshold, so that one that recovers at rest does not let the
/// vehicle start only to stop again.
const RECOVERED_PCT: f64 = 5.0;
/// The percentage that is told changes only by more than this, so that noise is no news.
const NOISE_PCT: f64 = 0.75;

/// One of the vehicle's sensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensor {
    /// The battery's voltage in V.
    Battery,
    /// One of [`Sensors::others`], by its place there.
    Other(usize),
}

/// The battery, as its voltage tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Battery {
    /// Volts and the percentage of charge that they mean, both rising; between two points it is straight.
    pub charge: Vec<(f64, f64)>,
    /// At or below this percentage the vehicle stops.
    pub low_pct: f64,
}

impl Battery {
    /// The charge in percent.
    #[must_use]
    pub fn percent(&self, volts: f64) -> f64 {
        let lowest = self.charge.first().map_or(0.0, |(_, percent)| *percent);
        let rise = |pair: &[(f64, f64)]| match pair {
            [(from, below), (to, above)] => (above - below) * ((volts - from) / (to - from)).clamp(0.0, 1.0),
            _ => 0.0,
        };
        self.charge.windows(2).map(rise).fold(lowest, |sum, rise| sum + rise)
    }
}

/// Sensors besides motion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sensors {
    /// The battery.
    pub battery: Option<Battery>,
    /// The names of all others, each with its unit at the end, such as `motor_celsius`.
    pub others: Vec<String>,
}

impl Sensors {
    /// The name of a sensor.
    fn name(&self, sensor: Sensor) -> &str {
        match sensor {
            Sensor::Battery => "battery",
            Sensor::Other(index) => self.others.get(index).map_or("sensor", String::as_str),
        }
    }
}

/// The consequence of a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A sensor that could be read until now can't be: which, and why.
    Silent(String),
    /// The battery is low.
    LowBattery,
}

/// The last readings.
#[derive(Debug, Default)]
pub(super) struct Readings {
    pub(super) battery_v: Option<f64>,
    pub(super) battery_pct: Option<f64>,
    others: Vec<(usize, f64)>,
    silent: BTreeSet<Sensor>,
    low: bool,
    /// Readings in a row that contradict `low`.
    doubts: u8,
}

impl Readings {
    /// Takes a reading, or why there is none.
    pub(super) fn note(
        &mut self,
        sensors: &Sensors,
        sensor: Sensor,
        reading: Result<f64, String>,
    ) -> Option<News> {
        let value = match reading {
            Ok(value) if value.is_finite() => Some(value),
            Ok(_) => return self.note(sensors, sensor, Err("it gives no number".to_owned())),
            Err(problem) => {
                self.forget(sensor);
                let known = !self.silent.insert(sensor);
                return (!known).then(|| News::Silent(format!("sensor {}: {problem}", sensors.name(sensor))));
            }
        };
        self.silent.remove(&sensor);
        match (sensor, value, &sensors.battery) {
            (Sensor::Battery, Some(volts), Some(battery)) => self.note_battery(battery, volts),
            (Sensor::Other(index), Some(value), _) => {
                self.forget(sensor);
                self.others.push((index, value));
                None
            }
            (Sensor::Battery | Sensor::Other(_), ..) => None,
        }
    }

    /// Drops a reading that is no longer known; a battery that was low stays so.
    fn forget(&mut self, sensor: Sensor) {
        match sensor {
            Sensor::Battery => (self.battery_v, self.battery_pct) = (None, None),
            Sensor::Other(index) => self.others.retain(|(other, _)| *other != index),
        }
    }

    fn note_battery(&mut self, battery: &Battery, volts: f64) -> Option<News> {
        let percent = battery.percent(volts);
        self.battery_v = Some(volts);
        if self.battery_pct.is_none_or(|told| (told - percent).abs() > NOISE_PCT) {
            self.battery_pct = Some(percent.round());
        }
        let agrees = if self.low {
            percent < (battery.low_pct + RECOVERED_PCT).min(100.0)
        } else {
            percent > battery.low_pct
        };
        self.doubts = if agrees { 0 } else { self.doubts.saturating_add(1) };
        if self.doubts < BELIEVED {
            return None;
        }
        self.doubts = 0;
        self.low = !self.low;
        self.low.then_some(News::LowBattery)
    }

    /// Tells whether the battery is low, as far as is known.
    pub(super) const fn is_low(&self) -> bool {
        self.low
    }

    /// The other sensors that can be read: name and value.
    pub(super) fn others<'a>(&self, sensors: &'a Sensors) -> impl Iterator<Item = (&'a str, f64)> {
        self.others.iter().map(|(index, value)| (sensors.name(Sensor::Other(*index)), *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sensors() -> Sensors {
        let charge = vec![(6.0, 0.0), (7.0, 20.0), (8.0, 100.0)];
        Sensors { battery: Some(Battery { charge, low_pct: 10.0 }), others: vec!["motor_celsius".into()] }
    }

    fn note(readings: &mut Readings, volts: f64) -> Option<News> {
        readings.note(&sensors(), Sensor::Battery, Ok(volts))
    }

    #[test]
    fn a_charge_lies_between_the_points_and_never_beyond_them() {
        let battery = sensors().battery.unwrap();
        for (volts, percent) in
            [(-1.0, 0.0), (6.0, 0.0), (6.5, 10.0), (7.5, 60.0), (8.0, 100.0), (99.0, 100.0)]
        {
            assert!((battery.percent(volts) - percent).abs() < 1e-9, "{volts}: {}", battery.percent(volts));
        }
    }

    #[test]
    fn a_battery_is_low_after_three_readings_in_a_row_and_charged_after_three_well_above() {
        let mut readings = Readings::default();
        for volts in [6.5, 6.4, 7.9, 6.5, 6.4] {
            assert_eq!(note(&mut readings, volts), None, "{volts}");
        }
        assert_eq!(note(&mut readings, 6.5), Some(News::LowBattery));
        for volts in [6.6, 6.7, 6.74, 8.0, 8.0, 6.7, 8.0, 8.0] {
            assert_eq!(note(&mut readings, volts), None);
            assert!(readings.is_low(), "{volts}");
        }
        assert_eq!(note(&mut readings, 8.0), None);
        assert!(!readings.is_low());
    }

    #[test]
    fn a_sensor_that_falls_silent_is_told_once_and_unknown_until_it_speaks() {
        let (sensors, mut readings) = (sensors(), Readings::default());
        let mut note = |reading| readings.note(&sensors, Sensor::Other(0), reading);
        assert_eq!(note(Ok(31.0)), None);
        let silent = Some(News::Silent("sensor motor_celsius: it gives no number".to_owned()));
        assert_eq!(note(Ok(f64::NAN)), silent);
        assert_eq!(note(Err("gone".to_owned())), None);
        assert_eq!(note(Ok(32.0)), None);
        assert_eq!(note(Err("gone".to_owned())), Some(News::Silent("sensor motor_celsius: gone".to_owned())));
        assert_eq!(readings.others(&sensors).count(), 0);
    }

    #[test]
    fn a_low_battery_that_can_no_longer_be_measured_stays_low_and_is_not_told_as_a_number() {
        let mut readings = Readings::default();
        for _ in 0..3 {
            note(&mut readings, 6.0);
        }
        readings.note(&sensors(), Sensor::Battery, Err("gone".to_owned()));
        assert!(readings.is_low() && readings.battery_pct.is_none() && readings.battery_v.is_none());
    }

    #[test]
    fn noise_is_no_news() {
        let mut readings = Readings::default();
        let told: Vec<_> = [7.5, 7.506, 7.495, 7.52, 7.49]
            .into_iter()
            .map(|volts| {
                note(&mut readings, volts);
                readings.battery_pct.unwrap()
            })
            .collect();
        assert_eq!(told, [60.0, 60.0, 60.0, 62.0, 59.0]);
    }
}
