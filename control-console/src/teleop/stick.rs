//! The stick: which setpoint leaves, and when. Pure; time is an argument.
//!
//! There is one slot for what the hand asks for, and a setpoint is made when it is due, so none can grow stale here. A
//! hand says again and again what it asks for; one that says nothing for a hold has lapsed. What ends a drive without a
//! release, a refusal, a gap, silence, a lost link, any stop, is a [`Halt`]: from then on only zeros leave, until the hand
//! has been at neutral.
//!
//! | state | left by |
//! |---|---|
//! | DISARMED: nothing but zeros leaves | [`Input::Arm`] |
//! | READY: armed, at neutral or showing it | a press that the vehicle is known to have taken neutral before |
//! | DRIVING: what the hand asks for leaves | release, any halt |
//! | HOLD: link or vehicle are silent | their return; the hand begins at neutral |
//! | ESTOP: an emergency stop was asked for or is known | [`Input::Cleared`], which leads to DISARMED |

#[cfg(test)]
mod tests;

use super::timing::SetpointTiming;
use crate::clock::Moment;
use std::time::Duration;
use vehicle_protocol::{DegreesPerSecond, Mph, Setpoint};

/// What a screen shows of a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has armed it.
    Disarmed,
    /// Armed, and at neutral or showing it.
    Ready,
    /// What the hand asks for leaves.
    Driving,
    /// Link or vehicle are silent.
    Hold,
    /// Stopped in emergency.
    Estop,
}

impl State {
    /// The word on the badge.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disarmed => "DISARMED",
            Self::Ready => "READY",
            Self::Driving => "DRIVING",
            Self::Hold => "HOLD",
            Self::Estop => "ESTOP",
        }
    }
}

/// What a stick sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Pressed, and showing neutral until the vehicle is known to take it.
    Ready,
    /// Passing on what the hand asks for.
    Driving,
    /// Zeros for a moment, then silence.
    Released,
    /// Link or vehicle are silent; nothing but zeros leaves.
    Hold,
}

/// What ended a drive without a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halt {
    /// A key that stops, or an end of attention that leaves the stick armed.
    Stopped,
    /// The stick was disarmed, or never armed.
    Disarmed,
    /// An emergency stop.
    Emergency,
    /// The vehicle refused.
    Refused,
    /// Hand or program said nothing for longer than a setpoint holds.
    Lapsed,
    /// The vehicle was not heard.
    Silent,
    /// The link is lost.
    Unlinked,
}

/// What happens to a stick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The link is there.
    Up,
    /// The link is lost.
    Down,
    /// The vehicle was heard.
    VerifiedAnswer,
    /// The vehicle is known to have taken a neutral setpoint of this stick.
    Taken,
    /// The vehicle refused a setpoint.
    Refused,
    /// What the hand asks for now, to be said again within a hold; nothing if it is at neutral. The hold in it does not
    /// count.
    Hand(Option<Setpoint>),
    /// A person has armed it.
    Arm,
    /// Attention is gone: focus, screen, page or person.
    Disarm,
    /// Any stop short of an emergency stop: only a fresh press goes on.
    Stop,
    /// An emergency stop was asked for here, or is in force at the vehicle.
    EmergencyStop,
    /// The emergency stop is known to be cleared.
    Cleared,
    /// The round trip to the vehicle as it was measured last.
    RoundTrip(Duration),
    /// Time has passed.
    Tick,
}

/// Whether a hand may drive at all.
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
    phase: Phase,
    /// When the phase began.
    since: Moment,
    arming: Arming,
    hand: Option<Setpoint>,
    /// When the hand last said what it asks for.
    said: Moment,
    halt: Option<Halt>,
    round_trip: Duration,
    up: bool,
    /// Whether the vehicle may be shown more than neutral at once.
    taken: bool,
    heard: Moment,
    sent: Option<Moment>,
    due: Option<Moment>,
}

impl Stick {
    /// A stick at neutral, disarmed, without a link.
    #[must_use]
    pub const fn new(timing: SetpointTiming, now: Moment) -> Self {
        Self {
            timing,
            phase: Phase::Hold,
            since: now,
            arming: Arming::Disarmed,
            hand: None,
            said: now,
            halt: None,
            round_trip: Duration::ZERO,
            up: false,
            taken: false,
            heard: now,
            sent: None,
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

    /// What a screen shows of it.
    #[must_use]
    pub fn state(&self) -> State {
        let silent = matches!(self.halt, Some(Halt::Silent | Halt::Unlinked));
        match (self.arming, self.phase) {
            (Arming::Emergency, _) => State::Estop,
            (Arming::Disarmed, _) => State::Disarmed,
            (Arming::Armed, Phase::Hold) => State::Hold,
            (Arming::Armed, _) if silent => State::Hold,
            (Arming::Armed, Phase::Driving) => State::Driving,
            (Arming::Armed, Phase::Ready | Phase::Released) => State::Ready,
        }
    }

    /// What it sends.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// What ended the last drive; gone when the hand has been at neutral.
    #[must_use]
    pub const fn halt(&self) -> Option<Halt> {
        self.halt
    }

    /// Whether nothing more leaves by itself.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        !self.up || self.due.is_none()
    }

    /// When it next wants a [`Input::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let due = if self.up { self.due } else { None };
        let patience = self.is_pressed().then(|| self.last_sign().saturating_add(self.timing.silence()));
        let hand = self.is_pressed().then(|| self.said.saturating_add(self.timing.hold()));
        [due, patience, hand].into_iter().flatten().min()
    }

    /// Takes one input, and gives the setpoint that is to leave now, if one is.
    pub fn handle(&mut self, now: Moment, input: Input) -> Option<Setpoint> {
        self.look_at_the_clock(now);
        match input {
            Input::Up => {
                self.up = true;
                self.come_back(now);
            }
            Input::Down => {
                self.up = false;
                self.hold(now, Halt::Unlinked);
            }
            Input::VerifiedAnswer => {
                self.heard = now;
                if self.up {
                    self.come_back(now);
                }
            }
            Input::Taken => self.be_taken(now),
            Input::Refused => self.cut(now, Halt::Refused),
            Input::Stop => self.cut(now, Halt::Stopped),
            Input::Arm if self.arming == Arming::Disarmed => self.arming = Arming::Armed,
            Input::Cleared if self.arming == Arming::Emergency => self.arming = Arming::Disarmed,
            Input::Disarm => self.disarm(now),
            Input::EmergencyStop => self.alarm(now),
            Input::RoundTrip(round_trip) => self.round_trip = round_trip,
            Input::Hand(None) => self.release(now),
            Input::Hand(Some(setpoint)) => self.press(now, setpoint),
            Input::Tick | Input::Arm | Input::Cleared => {}
        }
        self.speak(now)
    }

    const fn is_pressed(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::Driving)
    }

    fn last_sign(&self) -> Moment {
        self.heard.max(self.since)
    }

    /// A gap is looked for before anything else: whatever comes after one must not be taken for a stream that goes on.
    fn look_at_the_clock(&mut self, now: Moment) {
        let last = self.sent.unwrap_or_default().max(self.since);
        let gap = self.phase == Phase::Driving && now.saturating_sub(last) > self.timing.hold();
        let let_go = self.is_pressed() && now.saturating_sub(self.said) >= self.timing.hold();
        if gap || let_go {
            self.cut(now, Halt::Lapsed);
        } else if self.is_pressed() && now.saturating_sub(self.last_sign()) >= self.timing.silence() {
            self.hold(now, Halt::Silent);
        }
    }

    fn enter(&mut self, now: Moment, phase: Phase) {
        (self.phase, self.since, self.due) = (phase, now, Some(now));
    }

    fn cut(&mut self, now: Moment, halt: Halt) {
        self.taken = false;
        if self.is_pressed() {
            (self.hand, self.halt) = (None, Some(halt));
            self.enter(now, Phase::Released);
        }
    }

    fn disarm(&mut self, now: Moment) {
        self.cut(now, Halt::Disarmed);
        if self.arming == Arming::Armed {
            self.arming = Arming::Disarmed;
        }
    }

    /// Says zero once more when the stop is asked for, even from neutral; repeated words make no flood.
    fn alarm(&mut self, now: Moment) {
        self.cut(now, Halt::Emergency);
        if self.arming != Arming::Emergency && self.phase == Phase::Released {
            self.enter(now, Phase::Released);
        }
        self.arming = Arming::Emergency;
    }

    fn hold(&mut self, now: Moment, halt: Halt) {
        self.cut(now, halt);
        self.phase = Phase::Hold;
    }

    /// Shows neutral once more to a vehicle that was being driven when it fell silent.
    fn come_back(&mut self, now: Moment) {
        if self.phase == Phase::Hold {
            self.enter(now, Phase::Released);
            self.due = self.halt.map(|_| now);
        }
    }

    fn be_taken(&mut self, now: Moment) {
        let shown = self.sent.is_some_and(|sent| sent >= self.since);
        if self.phase == Phase::Ready && shown {
            self.taken = true;
            self.enter(now, Phase::Driving);
            self.hurry(now);
        }
    }

    fn release(&mut self, now: Moment) {
        (self.hand, self.halt) = (None, None);
        if self.is_pressed() {
            self.enter(now, Phase::Released);
        }
    }

    fn press(&mut self, now: Moment, setpoint: Setpoint) {
        self.said = now;
        match self.phase {
            _ if self.halt.is_some() => {}
            _ if self.arming == Arming::Emergency => self.halt = Some(Halt::Emergency),
            _ if self.arming == Arming::Disarmed => self.halt = Some(Halt::Disarmed),

            // A stick that is pressed before the link is there has to be released first.
            Phase::Hold => self.halt = Some(if self.up { Halt::Silent } else { Halt::Unlinked }),
            Phase::Ready | Phase::Driving => {
                if self.phase == Phase::Driving && self.hand != Some(setpoint) {
                    self.hurry(now);
                }
                self.hand = Some(setpoint);
            }
            Phase::Released => {
                // What a vehicle took before a silence may have been forgotten since: a stop by another hand, a restart.
                self.taken &= self.due.is_some();
                self.hand = Some(setpoint);
                self.enter(now, if self.taken { Phase::Driving } else { Phase::Ready });
                self.hurry(now);
            }
        }
    }

    /// Has the next setpoint leave as soon as the last one allows: a hand that trembles makes no flood.
    fn hurry(&mut self, now: Moment) {
        let earliest = self.sent.map_or(now, |sent| sent.saturating_add(self.timing.shortest_gap()).max(now));
        self.due = Some(earliest);
    }

    fn speak(&mut self, now: Moment) -> Option<Setpoint> {
        let due = self.due.filter(|due| self.up && now >= *due)?;
        let setpoint = match (self.phase, self.hand) {
            (Phase::Driving, Some(setpoint)) => divided(setpoint, SetpointTiming::divisor(self.round_trip)),
            (Phase::Driving | Phase::Ready | Phase::Released | Phase::Hold, _) => Setpoint::default(),
        };
        self.sent = Some(now);
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
