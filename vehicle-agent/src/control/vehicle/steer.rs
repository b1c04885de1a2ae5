//! Motion by single commands and by a held stick.

use super::Vehicle;
use crate::control::Moment;
use crate::control::in_flight::Goal;
use crate::control::maneuvers::Maneuvers;
use crate::control::mode::{DriveSource, Driving, Lease, Mode};
use crate::control::motion::Target;
use crate::control::order::{Order, Outcome, Party, Refusal};
use std::time::Duration;
use vehicle_protocol::{CommandName, Reason, Setpoint};

impl Vehicle {
    pub(super) fn accelerate(&mut self, now: Moment, order: Order) -> Result<(), Refusal> {
        self.may_move(order.party)?;
        self.set_in_motion(now, &order);
        let mut discrete = self.discrete(now, order.name());
        let asked = discrete.speed.max(0.0) + self.motion.limits().speed_step;
        discrete.speed = asked.max(self.min_speed).min(self.max_speed);
        self.go(now, order.party, discrete);
        self.begin(now, order, Goal::InForce);
        Ok(())
    }

    pub(super) fn rotate(&mut self, now: Moment, order: Order, degrees: f64) -> Result<(), Refusal> {
        self.may_move(order.party)?;
        let target = self.mode.target(&self.motion, self.max_speed);
        if !self.motion.turns_on_the_spot() && target.speed == 0.0 {
            return Err(Refusal::new(
                Reason::NotMoving,
                "this vehicle turns only while it rolls; send ACCELERATE first",
            ));
        }
        if let Mode::Driving(Driving { way: DriveSource::Maneuvers(discrete), .. }) = &self.mode {
            if !discrete.has_room() {
                return Err(Refusal::new(Reason::Busy, "8 turns are waiting"));
            }
        }
        self.set_in_motion(now, &order);
        let mut discrete = self.discrete(now, order.name());
        let (party, expires) = (order.party, order.expires);
        let ticket = self.begin(now, order, Goal::Told);
        discrete.turn(ticket, degrees, expires);
        self.go(now, party, discrete);
        Ok(())
    }

    /// The motion by single commands as it is now, to be changed; ends the drive to the safe place.
    fn discrete(&mut self, now: Moment, by: CommandName) -> Maneuvers {
        let speed = self.mode.target(&self.motion, self.max_speed).speed;
        match std::mem::replace(&mut self.mode, Mode::Standing) {
            Mode::Driving(Driving { way: DriveSource::Maneuvers(discrete), .. }) => discrete,
            Mode::Driving(Driving { way: DriveSource::SafePlace(_), .. }) => {
                self.supersede_motion(now, by);
                Maneuvers::new(0.0, None, &self.motion)
            }
            Mode::Driving(_)
            | Mode::Off
            | Mode::Standing
            | Mode::Braking { .. }
            | Mode::Failsafe(_)
            | Mode::Fault(_)
            | Mode::EmergencyStop => Maneuvers::new(speed, self.course, &self.motion),
        }
    }

    fn go(&mut self, now: Moment, party: Party, discrete: Maneuvers) {
        let until = now.after(self.setup.timing.operator_timeout);
        self.mode =
            Mode::Driving(Driving { lease: Lease { until, party }, way: DriveSource::Maneuvers(discrete) });
    }

    pub(super) fn drive_setpoint(
        &mut self,
        now: Moment,
        order: &Order,
        setpoint: Setpoint,
    ) -> Result<(), Refusal> {
        let hold = Duration::from_millis(setpoint.hold_ms);
        if hold > self.setup.timing.max_hold {
            let most = self.setup.timing.max_hold.as_millis();
            return Err(Refusal::new(Reason::OutOfRange, format!("HOLD_MS is at most {most}")));
        }
        let target =
            Target { speed: setpoint.speed.metres_per_second(), turn_rate: setpoint.turn_rate.get() };
        if setpoint.is_neutral() {
            self.release_stick(now, order, hold)?;
        } else {
            self.may_move(order.party)?;
            if self.neutral != Some(order.party) {
                return Err(Refusal::new(
                    Reason::NotNeutral,
                    "release the stick first: send MPH 0 and DEGREES_PER_S 0",
                ));
            }
            self.set_in_motion(now, order);
            self.supersede_motion(now, order.name());
            self.hold(now, order.party, target, hold);
        }
        self.reporter.executed();
        let place = order.address.proof.and_then(|proof| proof.place);
        self.reporter.applied(place.map(|place| place.counter));
        let reply = order.reply(Outcome::SUCCEEDED);
        self.record(now, &reply);
        Ok(())
    }

    /// A released stick counts in every state in which a pressed one could come next; it stops what moves, but it neither
    /// ends a stop nor releases a brake.
    fn release_stick(&mut self, now: Moment, order: &Order, hold: Duration) -> Result<(), Refusal> {
        if !matches!(self.mode, Mode::Failsafe(_)) {
            self.may_move(order.party)?;
        }
        self.must_control(order.party)?;
        self.neutral = Some(order.party);
        self.control.take(now, order.party);
        if matches!(self.mode, Mode::Driving(_)) {
            self.supersede_motion(now, order.name());
            self.motion_cause = order.cause();
            self.hold(now, order.party, Target::REST, hold);
        }
        Ok(())
    }

    fn hold(&mut self, now: Moment, party: Party, target: Target, hold: Duration) {
        self.course = None;
        let lease = Lease { until: now.after(hold), party };
        self.mode = Mode::Driving(Driving { lease, way: DriveSource::Setpoint(target) });
    }
}
