//! The state machine: what it is told, what it remembers, what it wants.

mod accessories;
mod execute;
mod handover;
mod motion_step;
mod outcome;
mod park;
mod preconditions;
mod receive;
mod revoke;
mod sensors;
mod status;
mod steer;
mod stop;

use crate::control::admit::Gate;
use crate::control::control_lock::ControlLock;
use crate::control::in_flight::InFlight;
use crate::control::keyring::Keyring;
use crate::control::latch::Latch;
use crate::control::mode::Mode;
use crate::control::motion::Motion;
use crate::control::order::{Outcome, Party};
use crate::control::report::Reporter;
use crate::control::sensors::Readings;
use crate::control::wheels::Watch;
use crate::control::{Cause, Effects, Input, Moment, Outputs, SafetyChecks, Setup};
use accessories::Body;
use vehicle_protocol::{Epoch, EventKind, KeyName, Reason};

/// The parking brake, which goes on only when the vehicle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParkingBrake {
    Released,
    AtStandstill,
    /// Somebody has parked.
    On,
    /// On since the start, an emergency stop or a fault: whoever restarts the agent or clears must not let a vehicle roll
    /// that stands on a slope.
    Kept,
}

impl ParkingBrake {
    const fn is_on(self) -> bool {
        matches!(self, Self::On | Self::Kept)
    }
}

/// The decisions of one vehicle.
#[derive(Debug)]
pub struct Vehicle {
    setup: Setup,
    checks: SafetyChecks,
    gate: Gate,
    mode: Mode,
    motion: Motion,
    parking_brake: ParkingBrake,
    body: Body,
    latch: Latch,
    /// Set while the emergency-stop input is open.
    emergency_input: bool,
    /// Set while the board has failed and not brought its outputs to their levels since.
    board_failing: bool,
    /// The watch over wheels with encoders.
    watch: Watch,
    running: InFlight,
    readings: Readings,
    control: ControlLock,
    /// The party that has shown a released stick since the vehicle last stopped for another reason than the stick.
    neutral: Option<Party>,
    /// The heading that single commands last asked for, in degrees as [`Motion`] counts them.
    course: Option<f64>,
    /// Highest speed in m/s: the lower of the one set by command and the board's.
    max_speed: f64,
    /// Lowest speed in m/s that ACCELERATE asks for.
    min_speed: f64,
    ticked: Moment,
    /// Keys that were revoked in this step.
    revoked: Vec<KeyName>,
    motion_cause: Cause,
    body_cause: Cause,
    /// The outputs of the step before.
    wanted: Outputs,
    reporter: Reporter,
}

impl Vehicle {
    /// A vehicle that stands, with everything off; in emergency stop if it was set before.
    #[must_use]
    pub fn new(setup: Setup, checks: SafetyChecks) -> Self {
        let motion = Motion::new(setup.kinematics, setup.limits);
        let stopped = setup.emergency_stopped;
        let mode = if stopped { Mode::EmergencyStop } else { Mode::Off };
        let wanted = Outputs {
            brake: true,
            hazard_lights: stopped && setup.fittings.hazard_lights,
            ..Outputs::off(motion.drivetrain().unpowered())
        };
        Self {
            gate: Gate::new(setup.epoch, checks, Keyring::new(setup.vehicle.clone(), &setup.trust)),
            reporter: Reporter::new(&setup),
            mode,
            motion,
            parking_brake: ParkingBrake::Kept,
            body: Body::ALL_OFF,
            latch: Latch::new(stopped),
            emergency_input: false,
            board_failing: false,
            watch: Watch::default(),
            running: InFlight::default(),
            readings: Readings::default(),
            control: ControlLock::default(),
            neutral: None,
            course: None,
            max_speed: setup.limits.speed,
            min_speed: 0.0,
            ticked: Moment::default(),
            revoked: Vec::new(),
            motion_cause: Cause::Boot,
            body_cause: Cause::Boot,
            wanted,
            checks,
            setup,
        }
    }

    /// Takes one input and says everything that follows from it.
    pub fn handle(&mut self, now: Moment, input: Input) -> Effects {
        if let Input::Sensed(sensed) = &input {
            self.sense(now, *sensed);
            self.ticked = now;
        }
        if input == Input::Applied {
            self.board_failing = false;
            self.settle(now);
        } else {
            self.advance(now);
            self.take(now, input);
            self.hand_over(now);
            self.ease();
            self.come_to_rest();
        }
        let (outputs, cause) = self.outputs(now);
        self.wanted = outputs;
        let reports = self.reporter.take(now, &self.status(now));
        let (store, revoke) = (self.latch.take_due(), std::mem::take(&mut self.revoked));
        let (follow, armed) = (self.followed(), self.mode.engine());
        Effects { outputs, cause, reports, store, revoke, follow, armed }
    }

    /// The moment at which the vehicle wants to be asked again, if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let timing = &self.setup.timing;
        let tick = self.is_active().then(|| self.ticked.after(timing.tick));
        let lease = self.mode.lease().filter(|_| self.checks.lease).map(|lease| lease.until);
        let control = self.control.deadline(timing.control_lapse);
        let reports = self.reporter.deadline(&self.status(self.ticked));
        [tick, lease, control, self.body.deadline(), self.running.deadline(), reports]
            .into_iter()
            .flatten()
            .min()
    }

    /// Tells whether anything moves, or is about to.
    fn is_active(&self) -> bool {
        matches!(self.mode, Mode::Driving(_) | Mode::Braking { .. })
            || !self.motion.is_standing()
            || !self.running.is_empty()
    }

    /// Takes what has happened.
    fn take(&mut self, now: Moment, input: Input) {
        match input {
            Input::Sensed(_) | Input::Applied => {}
            Input::Measured(sensor, reading) => self.measured(now, sensor, reading),
            Input::Received(received) => self.receive(now, &received),
            Input::LinkUp { connection, dropped } => {
                self.neutral = None;
                self.reporter.link_up(now, connection, dropped, self.describe());
            }
            Input::LinkLost => self.lose_link(now),
            Input::Operator { name, retained, payload } => self.hear_of(now, &name, retained, &payload),
            Input::BoardFailed(detail) => self.board_failed(now, detail),
            Input::Stored(set) => self.stored(now, set),
            Input::StoreFailed(detail) => self.store_failed(now, &detail),
            Input::KeyRemoved(name) => self.key_removed(now, &name),
            Input::KeyNotRemoved(name, detail) => self.key_not_removed(now, &name, &detail),
            Input::Fault(reason) => self.fault(now, reason, None),
            Input::Suspended(epoch) => self.renew(now, epoch),
            Input::Shutdown => {
                self.fault(now, Reason::ShuttingDown, None);
                self.reporter.flush();
                self.reporter.event(now, EventKind::ShuttingDown, None, None);
            }
        }
    }

    /// Every output at its level, and what brought it there.
    fn outputs(&self, now: Moment) -> (Outputs, Cause) {
        let power = self.mode.power(&self.motion, self.parking_brake.is_on());
        let emergency = matches!(self.mode, Mode::EmergencyStop);
        let wanted = self.body.outputs(now, power);
        let hazard_lights = (wanted.hazard_lights || emergency) && self.setup.fittings.hazard_lights;
        let outputs = Outputs { hazard_lights, ..wanted };
        let before = (self.wanted.drivetrain, self.wanted.enable, self.wanted.brake);
        let moved = (outputs.drivetrain, outputs.enable, outputs.brake) != before;
        (outputs, if moved { self.motion_cause.clone() } else { self.body_cause.clone() })
    }

    /// A new epoch after a suspend: nothing from before counts any more.
    fn renew(&mut self, now: Moment, epoch: Epoch) {
        self.setup.epoch = epoch;
        self.gate.renew(epoch);
        self.reporter.renew(epoch);
        self.control.release();
        if let Some(request) = self.control.request() {
            self.end_ticket(now, request.ticket, &Outcome::failed(Reason::ClockGap));
            self.control.forget();
        }
        if self.motion.has_encoders() {
            // They count nothing while the machine is suspended.
            self.setup.autonomy.safe_place = None;
        }
        self.fault(now, Reason::ClockGap, None);
    }
}

#[cfg(test)]
mod tests;
