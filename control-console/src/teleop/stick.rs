//! The stick: decides which setpoint leaves, and when. Pure; time is an argument.
//!
//! One slot holds the requested setpoint, and a message is made only when it is due, so none can grow old here. A request
//! has to be repeated; without a repetition for one hold the input counts as interrupted. A drive that ends without a
//! release (a refusal, a gap, silence, a lost link, any stop) ends with a [`Halt`]: from then on only zeros leave, until
//! the hand has been at neutral.
//!
//! | state | left by |
//! |---|---|
//! | DISARMED: nothing but zeros leaves | [`StickInput::Arm`] |
//! | READY: armed, at neutral or showing it | a press, once the vehicle is known to have accepted neutral |
//! | DRIVING: the requested setpoints leave | release, any halt |
//! | HOLD: link or vehicle are silent | their return; the hand begins at neutral |
//! | ESTOP: an emergency stop was asked for or is known | [`StickInput::EmergencyStopCleared`], which leads to DISARMED |

mod state;
#[cfg(test)]
mod tests;

pub use state::{Halt, StickInput, StickPhase, StickState};

use super::timing::SetpointTiming;
use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::{DegreesPerSecond, Mph, Setpoint};

/// The permission to drive, given and taken by the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arming {
    Disarmed,
    Armed,
    Emergency,
}

/// A stick.
#[derive(Debug)]
pub struct Stick {
    timing: SetpointTiming,
    phase: StickPhase,
    /// When the phase began.
    since: Moment,
    arming: Arming,
    requested: Option<Setpoint>,
    /// The time of the last request.
    requested_at: Moment,
    halt: Option<Halt>,
    round_trip: Duration,
    up: bool,
    /// Set when a press may drive at once, without showing neutral first.
    neutral_accepted: bool,
    reported_at: Moment,
    sent_at: Option<Moment>,
    due: Option<Moment>,
}

impl Stick {
    /// A stick at neutral, disarmed, without a link.
    #[must_use]
    pub const fn new(timing: SetpointTiming, now: Moment) -> Self {
        Self {
            timing,
            phase: StickPhase::Hold,
            since: now,
            arming: Arming::Disarmed,
            requested: None,
            requested_at: now,
            halt: None,
            round_trip: Duration::ZERO,
            up: false,
            neutral_accepted: false,
            reported_at: now,
            sent_at: None,
            due: None,
        }
    }

    /// The timing of its setpoints.
    #[must_use]
    pub const fn timing(&self) -> SetpointTiming {
        self.timing
    }

    /// Changes the timing, from the next setpoint on.
    pub const fn set_timing(&mut self, timing: SetpointTiming) {
        self.timing = timing;
    }

    /// The state that screens show.
    #[must_use]
    pub fn state(&self) -> StickState {
        let silent = matches!(self.halt, Some(Halt::VehicleSilent | Halt::LinkLost));
        match (self.arming, self.phase) {
            (Arming::Emergency, _) => StickState::Estop,
            (Arming::Disarmed, _) => StickState::Disarmed,
            (Arming::Armed, StickPhase::Hold) => StickState::Hold,
            (Arming::Armed, _) if silent => StickState::Hold,
            (Arming::Armed, StickPhase::Driving) => StickState::Driving,
            (Arming::Armed, StickPhase::Ready | StickPhase::Released) => StickState::Ready,
        }
    }

    /// The kind of setpoints that it sends.
    #[must_use]
    pub const fn phase(&self) -> StickPhase {
        self.phase
    }

    /// The cause that ended the last drive; none any more once the hand has been at neutral.
    #[must_use]
    pub const fn halt(&self) -> Option<Halt> {
        self.halt
    }

    /// Tells that no more setpoints follow by themselves.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        !self.up || self.due.is_none()
    }

    /// The time of the next [`StickInput::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let due = if self.up { self.due } else { None };
        let silence = self.is_pressed().then(|| self.last_report().saturating_add(self.timing.silence()));
        let input = self.is_pressed().then(|| self.requested_at.saturating_add(self.timing.hold()));
        [due, silence, input].into_iter().flatten().min()
    }

    /// Applies one input; returns the setpoint that has to leave now, if there is one.
    pub fn handle(&mut self, now: Moment, input: StickInput) -> Option<Setpoint> {
        self.apply_timeouts(now);
        match input {
            StickInput::LinkUp => {
                self.up = true;
                self.resume(now);
            }
            StickInput::LinkDown => {
                self.up = false;
                self.enter_hold(now, Halt::LinkLost);
            }
            StickInput::VehicleReported => {
                self.reported_at = now;
                if self.up {
                    self.resume(now);
                }
            }
            StickInput::NeutralAccepted => self.accept_neutral(now),
            StickInput::Refused => self.halt_with(now, Halt::Refused),
            StickInput::Stop => self.halt_with(now, Halt::Stopped),
            StickInput::Arm if self.arming == Arming::Disarmed => self.arming = Arming::Armed,
            StickInput::EmergencyStopCleared if self.arming == Arming::Emergency => {
                self.arming = Arming::Disarmed;
            }
            StickInput::Disarm => self.disarm(now),
            StickInput::EmergencyStop => self.emergency_stop(now),
            StickInput::RoundTrip(round_trip) => self.round_trip = round_trip,
            StickInput::Setpoint(None) => self.release(now),
            StickInput::Setpoint(Some(setpoint)) => self.press(now, setpoint),
            StickInput::Tick | StickInput::Arm | StickInput::EmergencyStopCleared => {}
        }
        self.next_setpoint(now)
    }

    const fn is_pressed(&self) -> bool {
        matches!(self.phase, StickPhase::Ready | StickPhase::Driving)
    }

    fn last_report(&self) -> Moment {
        self.reported_at.max(self.since)
    }

    /// Applies timeouts, before anything else: an input after a gap must not pass for a stream that goes on.
    fn apply_timeouts(&mut self, now: Moment) {
        let last = self.sent_at.unwrap_or_default().max(self.since);
        let gap = self.phase == StickPhase::Driving && now.saturating_sub(last) > self.timing.hold();
        let is_interrupted = self.is_pressed() && now.saturating_sub(self.requested_at) >= self.timing.hold();
        if gap || is_interrupted {
            self.halt_with(now, Halt::InputInterrupted);
        } else if self.is_pressed() && now.saturating_sub(self.last_report()) >= self.timing.silence() {
            self.enter_hold(now, Halt::VehicleSilent);
        }
    }

    fn enter(&mut self, now: Moment, phase: StickPhase) {
        (self.phase, self.since, self.due) = (phase, now, Some(now));
    }

    fn halt_with(&mut self, now: Moment, halt: Halt) {
        self.neutral_accepted = false;
        if self.is_pressed() {
            (self.requested, self.halt) = (None, Some(halt));
            self.enter(now, StickPhase::Released);
        }
    }

    fn disarm(&mut self, now: Moment) {
        self.halt_with(now, Halt::Disarmed);
        if self.arming == Arming::Armed {
            self.arming = Arming::Disarmed;
        }
    }

    /// Sends zeros once more when the stop is asked for, even from neutral; repeated requests make no flood.
    fn emergency_stop(&mut self, now: Moment) {
        self.halt_with(now, Halt::EmergencyStop);
        if self.arming != Arming::Emergency && self.phase == StickPhase::Released {
            self.enter(now, StickPhase::Released);
        }
        self.arming = Arming::Emergency;
    }

    fn enter_hold(&mut self, now: Moment, halt: Halt) {
        self.halt_with(now, halt);
        self.phase = StickPhase::Hold;
    }

    /// Shows neutral once more to a vehicle that was being driven when it fell silent.
    fn resume(&mut self, now: Moment) {
        if self.phase == StickPhase::Hold {
            self.enter(now, StickPhase::Released);
            self.due = self.halt.map(|_| now);
        }
    }

    fn accept_neutral(&mut self, now: Moment) {
        let shown = self.sent_at.is_some_and(|sent| sent >= self.since);
        if self.phase == StickPhase::Ready && shown {
            self.neutral_accepted = true;
            self.enter(now, StickPhase::Driving);
            self.send_soon(now);
        }
    }

    fn release(&mut self, now: Moment) {
        (self.requested, self.halt) = (None, None);
        if self.is_pressed() {
            self.enter(now, StickPhase::Released);
        }
    }

    fn press(&mut self, now: Moment, setpoint: Setpoint) {
        self.requested_at = now;
        match self.phase {
            _ if self.halt.is_some() => {}
            _ if self.arming == Arming::Emergency => self.halt = Some(Halt::EmergencyStop),
            _ if self.arming == Arming::Disarmed => self.halt = Some(Halt::Disarmed),

            // A stick that is pressed before the link is there has to be released first.
            StickPhase::Hold => self.halt = Some(if self.up { Halt::VehicleSilent } else { Halt::LinkLost }),
            StickPhase::Ready | StickPhase::Driving => {
                if self.phase == StickPhase::Driving && self.requested != Some(setpoint) {
                    self.send_soon(now);
                }
                self.requested = Some(setpoint);
            }
            StickPhase::Released => {
                // What a vehicle accepted before the stream ended may no longer count: a stop by somebody else, a restart.
                self.neutral_accepted &= self.due.is_some();
                self.requested = Some(setpoint);
                self.enter(now, if self.neutral_accepted { StickPhase::Driving } else { StickPhase::Ready });
                self.send_soon(now);
            }
        }
    }

    /// Lets the next setpoint leave as soon as the last one allows: a hand that trembles makes no flood.
    fn send_soon(&mut self, now: Moment) {
        let earliest =
            self.sent_at.map_or(now, |sent| sent.saturating_add(self.timing.shortest_gap()).max(now));
        self.due = Some(earliest);
    }

    fn next_setpoint(&mut self, now: Moment) -> Option<Setpoint> {
        let due = self.due.filter(|due| self.up && now >= *due)?;
        let setpoint = match (self.phase, self.requested) {
            (StickPhase::Driving, Some(setpoint)) => {
                divided(setpoint, SetpointTiming::divisor(self.round_trip))
            }
            (StickPhase::Driving | StickPhase::Ready | StickPhase::Released | StickPhase::Hold, _) => {
                Setpoint::default()
            }
        };
        self.sent_at = Some(now);
        let next = due.saturating_add(self.timing.period());
        let next = if next > now { next } else { now.saturating_add(self.timing.period()) };
        let ends = self.since.saturating_add(self.timing.release());
        self.due = Some(next).filter(|next| self.is_pressed() || *next <= ends);
        Some(Setpoint { hold_ms: self.timing.hold_ms(), ..setpoint })
    }
}

/// Less of the same setpoint, for a way that is slow.
fn divided(setpoint: Setpoint, by: i64) -> Setpoint {
    let less = |thousandths: i64| thousandths.checked_div(by).unwrap_or(0);
    Setpoint {
        speed: Mph::from_thousandths(less(setpoint.speed.thousandths())),
        turn_rate: DegreesPerSecond::from_thousandths(less(setpoint.turn_rate.thousandths())),
        ..setpoint
    }
}
