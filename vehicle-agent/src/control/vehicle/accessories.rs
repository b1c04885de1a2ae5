//! The commands that are done as soon as the outputs are in force: engine, doors, lights, horn, limits, control.

use super::Vehicle;
use super::preconditions::{emergency_stopped, needs_clearing};
use crate::control::Moment;
use crate::control::mode::{DriveSource, Driving, Mode};
use crate::control::order::{Order, Refusal};
use std::time::Duration;
use vehicle_protocol::{Command, Doors, Mph, Reason};

/// Lights, horn and doors as somebody asked for them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    pub(super) headlights: bool,
    pub(super) parking_lights: bool,
    pub(super) hazard_lights: bool,
    pub(super) horn_until: Option<Moment>,
    pub(super) doors: Doors,
}

impl Body {
    pub(super) const ALL_OFF: Self = Self {
        headlights: false,
        parking_lights: false,
        hazard_lights: false,
        horn_until: None,
        doors: Doors::Locked,
    };
}

impl Vehicle {
    /// The commands that are done as soon as the outputs are in force.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`obey` has taken all others")]
    pub(super) fn set(&mut self, now: Moment, order: &Order) -> Result<(), Refusal> {
        let fittings = self.setup.fittings;
        match order.command {
            Command::TurnOnEngine => self.turn_on_engine(order)?,
            Command::LockDoors => {
                fitted(fittings.doors)?;
                self.body.doors = Doors::Locked;
            }
            Command::UnlockDoors => {
                fitted(fittings.doors)?;
                self.must_stand()?;
                self.body.doors = Doors::Unlocked;
            }
            Command::TurnOnHeadlights | Command::TurnOffHeadlights => {
                fitted(fittings.headlights)?;
                self.body.headlights = order.command == Command::TurnOnHeadlights;
            }
            Command::TurnOnParkingLights | Command::TurnOffParkingLights => {
                fitted(fittings.parking_lights)?;
                self.body.parking_lights = order.command == Command::TurnOnParkingLights;
            }
            Command::TurnOnHazardLights | Command::TurnOffHazardLights => {
                fitted(fittings.hazard_lights)?;
                self.set_hazard_lights(order.command == Command::TurnOnHazardLights)?;
            }
            Command::Horn { duration_ms } => {
                fitted(fittings.horn)?;
                self.body.horn_until = Some(now.after(Duration::from_millis(duration_ms)));
            }
            Command::SetMaxSpeed(speed) => self.set_max_speed(order, speed)?,
            Command::SetMinSpeed(speed) => self.set_min_speed(speed)?,
            Command::ReleaseControl => self.release_control(now, order)?,
            Command::SetSafePlace => self.set_safe_place()?,
            Command::ReportStatus => self.reporter.request_status(),
            _ => {}
        }
        Ok(())
    }

    fn turn_on_engine(&mut self, order: &Order) -> Result<(), Refusal> {
        match self.mode {
            Mode::EmergencyStop => Err(emergency_stopped()),
            Mode::Fault(reason) => Err(needs_clearing(reason)),
            Mode::Braking { engine_off: true } => {
                Err(Refusal::new(Reason::Moving, "TURN_OFF_ENGINE is under way; wait for its answer"))
            }
            Mode::Off => {
                self.mode = Mode::Standing;
                self.neutral = None;
                self.motion_cause = order.cause();
                Ok(())
            }
            Mode::Standing | Mode::Driving(_) | Mode::Braking { .. } | Mode::Failsafe(_) => Ok(()),
        }
    }

    fn set_hazard_lights(&mut self, on: bool) -> Result<(), Refusal> {
        if !on && matches!(self.mode, Mode::EmergencyStop) {
            return Err(emergency_stopped());
        }
        self.body.hazard_lights = on;
        Ok(())
    }

    fn set_max_speed(&mut self, order: &Order, speed: Mph) -> Result<(), Refusal> {
        let max = speed.metres_per_second().min(self.setup.limits.speed);
        if self.min_speed > max {
            return Err(Refusal::new(
                Reason::OutOfRange,
                "below the minimum speed; send SET_MIN_SPEED first",
            ));
        }
        self.max_speed = max;
        // What was asked for before is forgotten, so that a higher maximum later does not speed it up again.
        if let Mode::Driving(Driving { way, .. }) = &mut self.mode {
            self.motion_cause = order.cause();
            if let DriveSource::Maneuvers(discrete) = way {
                discrete.speed = discrete.speed.min(max);
            }
        }
        Ok(())
    }

    fn set_min_speed(&mut self, speed: Mph) -> Result<(), Refusal> {
        let min = speed.metres_per_second();
        if min > self.max_speed {
            return Err(Refusal::new(
                Reason::OutOfRange,
                "above the maximum speed; send SET_MAX_SPEED first",
            ));
        }
        self.min_speed = min;
        Ok(())
    }

    fn set_safe_place(&mut self) -> Result<(), Refusal> {
        if !self.setup.fittings.odometry {
            return Err(Refusal::new(Reason::Unsupported, "nothing here measures where the vehicle is"));
        }
        self.must_stand()?;
        let pose = self.motion.pose();
        self.setup.autonomy.safe_place = Some((pose.x, pose.y));
        Ok(())
    }
}

fn fitted(is_fitted: bool) -> Result<(), Refusal> {
    if is_fitted { Ok(()) } else { Err(Refusal::new(Reason::Unsupported, "this vehicle has none")) }
}
