//! The state machine: what it is told, what it remembers, what it wants.

mod body;
mod obey;
mod outcome;
mod park;
mod permit;
mod status;
mod steer;
mod stop;

use crate::control::admit::{Gate, Verdict, refusal_answer};
use crate::control::discrete::Turned;
use crate::control::holder::Control;
use crate::control::mode::{Driving, Mode, Way};
use crate::control::motion::Motion;
use crate::control::order::{Order, Outcome, Party};
use crate::control::report::Reporter;
use crate::control::running::Running;
use crate::control::{Cause, Checks, Effects, Input, Moment, Outputs, Received, Report, Sensed, Setup};
use vehicle_protocol::{CommandName, Doors, Epoch, EventKind, Reason, SessionAnswer, SessionRequest, Topic};

/// The parking brake, which goes on only when the vehicle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ParkingBrake {
    Released,
    AtStandstill,
    On,
}

/// Lights, horn and doors as somebody asked for them.
#[derive(Clone, Copy, Debug)]
struct Body {
    headlights: bool,
    parking_lights: bool,
    hazard_lights: bool,
    horn_until: Option<Moment>,
    doors: Doors,
}

/// The emergency stop's file, as far as it is known.
#[derive(Clone, Copy, Debug)]
struct Latch {
    stored: bool,
    clearing: bool,
}

/// The decisions of one vehicle.
#[derive(Debug)]
pub struct Vehicle {
    setup: Setup,
    checks: Checks,
    gate: Gate,
    mode: Mode,
    motion: Motion,
    parking_brake: ParkingBrake,
    body: Body,
    latch: Latch,
    /// Whether the emergency-stop input is open now.
    emergency_input: bool,
    running: Running,
    control: Control,
    /// Who has shown a released stick since the vehicle last stopped for another reason than the stick.
    neutral: Option<Party>,
    /// Highest speed in m/s: the lower of the one set by command and the board's.
    max_speed: f64,
    /// Lowest speed in m/s that ACCELERATE asks for.
    min_speed: f64,
    ticked: Moment,
    motion_cause: Cause,
    body_cause: Cause,
    /// The outputs of the step before.
    wanted: Outputs,
    reporter: Reporter,
}

impl Vehicle {
    /// A vehicle that stands, with everything off; in emergency stop if it was set before.
    #[must_use]
    pub fn new(setup: Setup, checks: Checks) -> Self {
        let motion = Motion::new(setup.kinematics, setup.limits);
        let stopped = setup.emergency_stopped;
        let mode = if stopped { Mode::EmergencyStop } else { Mode::Off };
        let power = mode.power(&motion, false);
        let wanted = Outputs {
            drivetrain: power.drivetrain,
            enable: false,
            brake: stopped,
            headlights: false,
            parking_lights: false,
            hazard_lights: stopped && setup.fittings.hazard_lights,
            horn: false,
            doors: Doors::Locked,
        };
        Self {
            gate: Gate::new(setup.epoch, checks),
            reporter: Reporter::new(&setup),
            mode,
            motion,
            parking_brake: ParkingBrake::Released,
            body: Body {
                headlights: false,
                parking_lights: false,
                hazard_lights: false,
                horn_until: None,
                doors: Doors::Locked,
            },
            latch: Latch { stored: stopped, clearing: false },
            emergency_input: false,
            running: Running::default(),
            control: Control::default(),
            neutral: None,
            max_speed: setup.limits.speed,
            min_speed: 0.0,
            ticked: Moment::default(),
            motion_cause: Cause::Boot,
            body_cause: Cause::Boot,
            wanted,
            checks,
            setup,
        }
    }

    /// Takes one input and says everything that follows from it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "`react` has the other inputs")]
    pub fn handle(&mut self, now: Moment, input: Input) -> Effects {
        let mut store = None;
        match input {
            Input::Applied => self.settle(now),
            Input::Sensed(sensed) => {
                store = self.sense(now, sensed);
                self.advance(now);
                self.ticked = now;
            }
            Input::Received(received) => {
                self.advance(now);
                store = self.receive(now, &received);
            }
            happening => {
                self.advance(now);
                self.react(now, happening);
            }
        }
        let (outputs, cause) = self.outputs(now);
        self.wanted = outputs;
        let status = self.status(now);
        let armed = self.mode.engine();
        Effects { outputs, cause, reports: self.reporter.take(now, &status), store, armed }
    }

    /// The moment at which the vehicle wants to be asked again, if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let timing = &self.setup.timing;
        let tick = self.is_active().then(|| self.ticked.after(timing.tick));
        let lease = if let Mode::Driving(driving) = &self.mode { Some(driving.lease.until) } else { None };
        let control = self.control.deadline(timing.control_lapse);
        let reports = self.reporter.deadline(&self.status(self.ticked));
        [tick, lease, control, self.body.horn_until, self.running.deadline(), reports]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether anything moves, or is about to.
    fn is_active(&self) -> bool {
        matches!(self.mode, Mode::Driving(_) | Mode::Braking { .. })
            || !self.motion.is_standing()
            || self.running.len() > 0
    }

    /// Takes what happens around the vehicle.
    fn react(&mut self, now: Moment, happening: Input) {
        match happening {
            Input::LinkUp(connection) => {
                self.neutral = None;
                self.reporter.link_up(connection, self.describe());
            }
            Input::LinkLost => self.lose_link(now),
            Input::BoardFailed(detail) => self.fault(now, Reason::ActuatorFault, Some(detail)),
            Input::Stored(set) => self.stored(now, set),
            Input::StoreFailed(detail) => self.store_failed(now, &detail),
            Input::Fault(reason) => self.fault(now, reason, None),
            Input::Suspended(epoch) => self.renew(now, epoch),
            Input::Shutdown => {
                self.fault(now, Reason::ShuttingDown, None);
                self.reporter.event(now, EventKind::ShuttingDown, None, None);
            }
            Input::Applied | Input::Sensed(_) | Input::Received(_) => {}
        }
    }

    fn receive(&mut self, now: Moment, received: &Received) -> Option<bool> {
        self.reporter.received();
        if received.topic == Topic::SessionRequest {
            self.open_session(now, received);
            return None;
        }
        match self.gate.judge(now, received) {
            Verdict::Admit(order) => self.consider(now, order),
            Verdict::Repeat(answer) => {
                self.reporter.answer(now, answer);
                None
            }
            Verdict::Refuse(refused, form) => {
                let on_drive = received.topic == Topic::Drive;
                let unread = refused.command.is_none() || refused.reason == Reason::Malformed;
                self.reporter.refused(now, refused.reason, refused.command);
                self.reporter.refusal(
                    now,
                    refusal_answer(refused, form),
                    on_drive,
                    unread || received.retained,
                );
                None
            }
        }
    }

    /// Obeys, or says why not.
    fn consider(&mut self, now: Moment, order: Order) -> Option<bool> {
        let (name, party, stop) = (order.name(), order.party, order.name().is_stop());
        let answer_to = order.clone();
        match self.obey(now, order) {
            Ok(store) => {
                // What only asks or lets go must not keep a dead driver's vehicle moving.
                if name != CommandName::ReportStatus && name != CommandName::ReleaseControl {
                    self.hear(now, party);
                }
                store
            }
            Err(refusal) => {
                debug_assert!(!stop, "a stop is never refused");
                self.reporter.refused(now, refusal.reason, Some(name));
                let answer = answer_to.answer(refusal.outcome());
                self.reporter.refusal(now, answer, name.is_on_drive_topic(), false);
                None
            }
        }
    }

    /// Renews what `party` began.
    fn hear(&mut self, now: Moment, party: Party) {
        self.control.hear(now, party);
        let timeout = self.setup.timing.operator_timeout;
        if let Mode::Driving(Driving { lease, way: Way::Discrete(_) }) = &mut self.mode {
            if lease.party == party {
                lease.until = now.after(timeout);
            }
        }
    }

    fn open_session(&mut self, now: Moment, received: &Received) {
        if received.retained && self.checks.retained {
            self.reporter.refused(now, Reason::Retained, None);
            return;
        }
        let Ok(request) = serde_json::from_slice::<SessionRequest>(&received.payload) else {
            self.reporter.refused(now, Reason::Malformed, None);
            return;
        };
        if request.key.is_some() || request.mac.is_some() {
            self.reporter.refused(now, Reason::UnknownKey, None);
            return;
        }
        self.reporter.push(Report::Session(SessionAnswer {
            key: None,
            nonce: request.nonce,
            epoch: self.setup.epoch,
            sid: None,
            clock: now.clock(),
            mac: None,
        }));
    }

    fn sense(&mut self, now: Moment, sensed: Sensed) -> Option<bool> {
        if let Some(odometry) = sensed.odometry {
            self.motion.measure(odometry);
        }
        self.emergency_input = sensed.emergency_stop;
        let pressed = sensed.emergency_stop && !matches!(self.mode, Mode::EmergencyStop);
        pressed.then(|| self.stop_in_emergency(now, Cause::Failsafe(Reason::EmergencyStopped)))?;
        Some(true)
    }

    /// Lets the time up to `now` take its course.
    fn advance(&mut self, now: Moment) {
        self.end_leases(now);
        self.drive(now);
        let target = self.mode.target(&self.motion, self.max_speed);
        self.motion.step(now, target);
        self.come_to_rest();
        if self.body.horn_until.is_some_and(|until| now >= until) {
            self.body.horn_until = None;
        }
        self.end_overdue(now);
    }

    /// Follows the turns and the way to the safe place.
    fn drive(&mut self, now: Moment) {
        let Mode::Driving(Driving { way, .. }) = &mut self.mode else { return };
        match way {
            Way::Setpoint(_) => {}
            Way::Discrete(discrete) => match discrete.advance(now, &self.motion, self.checks.expiry) {
                Some(Turned::Done(ticket)) => self.end_ticket(now, ticket, &Outcome::SUCCEEDED),
                Some(Turned::Expired(ticket)) => self.end_ticket(now, ticket, &Outcome::EXPIRED),
                Some(Turned::Under(ticket, share)) => self.running.note_progress(ticket, share),
                None => {}
            },
            Way::SafePlace(autopilot) => {
                let (ticket, arrival) = (autopilot.ticket, autopilot.advance(&self.motion));
                self.running.note_progress(ticket, autopilot.progress(&self.motion));
                if let Some(arrival) = arrival {
                    self.arrive(arrival);
                }
            }
        }
    }

    /// What follows from standing still.
    fn come_to_rest(&mut self) {
        if !self.motion.is_standing() {
            return;
        }
        let idle = match &self.mode {
            Mode::Driving(Driving { way: Way::Setpoint(target), .. }) => {
                target.speed == 0.0 && target.turn_rate == 0.0
            }
            Mode::Driving(Driving { way: Way::Discrete(discrete), .. }) => {
                discrete.speed == 0.0 && discrete.is_done()
            }
            Mode::Braking { .. } => true,
            Mode::Driving(_)
            | Mode::Off
            | Mode::Standing
            | Mode::Failsafe(_)
            | Mode::Fault(_)
            | Mode::EmergencyStop => false,
        };
        if idle {
            let off = matches!(self.mode, Mode::Braking { engine_off: true });
            self.mode = if off { Mode::Off } else { Mode::Standing };
        }
        if self.parking_brake == ParkingBrake::AtStandstill {
            self.parking_brake = ParkingBrake::On;
        }
    }

    /// Every output at its level, and what brought it there.
    fn outputs(&self, now: Moment) -> (Outputs, Cause) {
        let power = self.mode.power(&self.motion, self.parking_brake == ParkingBrake::On);
        let emergency = matches!(self.mode, Mode::EmergencyStop);
        let outputs = Outputs {
            drivetrain: power.drivetrain,
            enable: power.enable,
            brake: power.brake,
            headlights: self.body.headlights,
            parking_lights: self.body.parking_lights,
            hazard_lights: (self.body.hazard_lights || emergency) && self.setup.fittings.hazard_lights,
            horn: self.body.horn_until.is_some_and(|until| now < until),
            doors: self.body.doors,
        };
        let before = (self.wanted.drivetrain, self.wanted.enable, self.wanted.brake);
        let moved = (outputs.drivetrain, outputs.enable, outputs.brake) != before;
        (outputs, if moved { self.motion_cause.clone() } else { self.body_cause.clone() })
    }

    /// A new epoch after a suspend: nothing from before counts any more.
    fn renew(&mut self, now: Moment, epoch: Epoch) {
        self.setup.epoch = epoch;
        self.gate = Gate::new(epoch, self.checks);
        self.reporter.renew(epoch);
        self.control.release();
        self.fault(now, Reason::ClockGap, None);
    }
}

#[cfg(test)]
mod tests;
