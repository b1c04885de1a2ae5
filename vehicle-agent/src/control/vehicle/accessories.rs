//! Engine, doors, lights, horn and limits: what commands change that are done as soon as the outputs are in force.

use super::Vehicle;
use super::preconditions::{emergency_stopped, needs_clearing};
use crate::control::mode::{DriveSource, Driving, Mode, Power};
use crate::control::order::{Order, Refusal};
use crate::control::{Moment, Outputs};
use vehicle_protocol::{Doors, Mph, Reason};

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

    /// The moment at which one of them ends by itself.
    pub(super) const fn deadline(&self) -> Option<Moment> {
        self.horn_until
    }

    /// Ends those whose time is over at `now`.
    pub(super) fn advance(&mut self, now: Moment) {
        self.horn_until = self.horn_until.filter(|until| now < *until);
    }

    /// Every output at its level, with `power` for the motors.
    pub(super) fn outputs(&self, now: Moment, power: Power) -> Outputs {
        // Neither has `..`: a wish or an output that is added and forgotten here does not pass the lints or the compiler.
        let Self { headlights, parking_lights, hazard_lights, horn_until, doors } = *self;
        let Power { drivetrain, enable, brake } = power;
        let horn = horn_until.is_some_and(|until| now < until);
        Outputs { drivetrain, enable, brake, headlights, parking_lights, hazard_lights, horn, doors }
    }
}

impl Vehicle {
    pub(super) fn set_doors(&mut self, doors: Doors) -> Result<(), Refusal> {
        fitted(self.setup.fittings.doors)?;
        if doors == Doors::Unlocked {
            self.must_stand()?;
        }
        self.body.doors = doors;
        Ok(())
    }

    pub(super) fn set_headlights(&mut self, on: bool) -> Result<(), Refusal> {
        fitted(self.setup.fittings.headlights)?;
        self.body.headlights = on;
        Ok(())
    }

    pub(super) fn set_parking_lights(&mut self, on: bool) -> Result<(), Refusal> {
        fitted(self.setup.fittings.parking_lights)?;
        self.body.parking_lights = on;
        Ok(())
    }

    pub(super) fn sound_horn(&mut self, until: Moment) -> Result<(), Refusal> {
        fitted(self.setup.fittings.horn)?;
        self.body.horn_until = Some(until);
        Ok(())
    }

    pub(super) fn turn_on_engine(&mut self, order: &Order) -> Result<(), Refusal> {
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

    pub(super) fn set_hazard_lights(&mut self, on: bool) -> Result<(), Refusal> {
        fitted(self.setup.fittings.hazard_lights)?;
        if !on && matches!(self.mode, Mode::EmergencyStop) {
            return Err(emergency_stopped());
        }
        self.body.hazard_lights = on;
        Ok(())
    }

    pub(super) fn set_max_speed(&mut self, order: &Order, speed: Mph) -> Result<(), Refusal> {
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

    pub(super) fn set_min_speed(&mut self, speed: Mph) -> Result<(), Refusal> {
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

    pub(super) fn set_safe_place(&mut self) -> Result<(), Refusal> {
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
