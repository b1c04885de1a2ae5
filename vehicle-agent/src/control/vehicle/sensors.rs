//! Reactions to slow sensors: battery, temperatures, currents.

use super::Vehicle;
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::order::Refusal;
use crate::control::sensors::News;
use crate::control::{Cause, Moment, Sensor};
use vehicle_protocol::{EventKind, Reason};

impl Vehicle {
    /// Takes a reading, or why there is none: a sensor that is silent is unknown, which stops nothing.
    pub(super) fn measured(&mut self, now: Moment, sensor: Sensor, reading: Result<f64, String>) {
        match self.readings.note(&self.setup.sensors, sensor, reading) {
            Some(News::Silent(detail)) => self.reporter.event(now, EventKind::Fault, None, Some(detail)),
            Some(News::LowBattery) => self.stop_for_battery(now),
            None => {}
        }
    }

    /// Brakes while there is power to brake with, and before the battery is harmed.
    fn stop_for_battery(&mut self, now: Moment) {
        let (reason, detail) = (Reason::LowBattery, Some(self.charge()));
        match &self.mode {
            Mode::Driving(Driving { way: DriveSource::SafePlace(_), .. }) => {
                self.reporter.event(now, EventKind::Failsafe, Some(reason), detail);
                self.motion_cause = Cause::Failsafe(reason);
                self.park_where_it_is("the battery is low");
            }
            Mode::Driving(_) => self.fail(now, reason, detail),
            Mode::Off
            | Mode::Standing
            | Mode::Braking { .. }
            | Mode::Failsafe(_)
            | Mode::Fault(_)
            | Mode::EmergencyStop => self.reporter.event(now, EventKind::Fault, Some(reason), detail),
        }
    }

    /// A battery that was found low lets nothing move until it is charged.
    pub(super) fn must_have_power(&self) -> Result<(), Refusal> {
        if self.readings.is_low() {
            return Err(Refusal::new(Reason::LowBattery, format!("{}; charge it", self.charge())));
        }
        Ok(())
    }

    fn charge(&self) -> String {
        match self.readings.battery_pct {
            Some(percent) => format!("the battery is at {percent} %"),
            None => "the battery was low when it was last measured".to_owned(),
        }
    }
}
