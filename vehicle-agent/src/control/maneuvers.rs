//! Motion by single commands: the speed that ACCELERATE asks for, and the turns of ROTATE.

use crate::control::Moment;
use crate::control::in_flight::Ticket;
use crate::control::motion::{Motion, Target};
use std::collections::VecDeque;

/// Turns that may wait; more are refused as BUSY (section 1 of the contract).
const QUEUE: usize = 8;
/// A turn is done within this many degrees of its heading.
const REACHED: f64 = 0.5;
/// And slower than this, in degrees per second.
const SETTLED: f64 = 3.0;
/// A vehicle that stands within this many degrees of the heading last asked for stands there, rolling out included.
const STILL_THERE: f64 = 2.0;

/// A turn that waits for its time.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    ticket: Ticket,
    degrees: f64,
    expires: Option<Moment>,
}

/// A turn under way.
#[derive(Clone, Copy, Debug)]
struct Turn {
    ticket: Ticket,
    from: f64,
    to: f64,
}

/// The outcome of the turns in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turned {
    /// The heading is reached.
    Done(Ticket),
    /// Its EXP passed before its time came.
    Expired(Ticket),
    /// Under way, this share of it done.
    Under(Ticket, f64),
}

/// The speed asked for and the turns.
#[derive(Clone, Debug, Default)]
pub(super) struct Maneuvers {
    pub(super) speed: f64,
    /// The heading last asked for, in degrees as [`Motion`] counts them; held until something else is asked for.
    course: Option<f64>,
    turn: Option<Turn>,
    waiting: VecDeque<Waiting>,
}

impl Maneuvers {
    /// Holds `course` if the vehicle still points there; what has moved it since asked for something else.
    pub(super) fn new(speed: f64, course: Option<f64>, motion: &Motion) -> Self {
        let course = course.filter(|course| (course - motion.pose().heading).abs() <= STILL_THERE);
        Self { speed, course, ..Self::default() }
    }

    pub(super) const fn course(&self) -> Option<f64> {
        self.course
    }

    /// Tells whether one more turn may wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < QUEUE
    }

    /// Asks for a turn relative to the heading already asked for; positive to the right.
    pub(super) fn turn(&mut self, ticket: Ticket, degrees: f64, expires: Option<Moment>) {
        self.waiting.push_back(Waiting { ticket, degrees, expires });
    }

    /// Forgets a turn; where it was under way, the heading of now becomes the one asked for.
    pub(super) fn cancel(&mut self, ticket: Ticket, motion: &Motion) {
        self.waiting.retain(|waiting| waiting.ticket != ticket);
        if self.turn.is_some_and(|turn| turn.ticket == ticket) {
            self.turn = None;
            self.course = Some(motion.pose().heading);
        }
    }

    /// Goes on to the next turn when one is done; `fresh` is off where the harness takes the expiry away.
    pub(super) fn advance(&mut self, now: Moment, motion: &Motion, fresh: bool) -> Option<Turned> {
        if let Some(Turn { ticket, from, to }) = self.turn {
            let pose = motion.pose();
            if (to - pose.heading).abs() <= REACHED && pose.turn_rate.abs() <= SETTLED {
                self.turn = None;
                return Some(Turned::Done(ticket));
            }
            return Some(Turned::Under(ticket, (pose.heading - from) / (to - from)));
        }
        let Waiting { ticket, degrees, expires } = self.waiting.pop_front()?;
        if fresh && expires.is_some_and(|expires| now >= expires) {
            return Some(Turned::Expired(ticket));
        }
        let from = self.course.unwrap_or_else(|| motion.pose().heading);
        let to = from + degrees;
        self.turn = Some(Turn { ticket, from, to });
        self.course = Some(to);
        Some(Turned::Under(ticket, 0.0))
    }

    pub(super) fn target(&self, motion: &Motion) -> Target {
        let turn_rate =
            self.course.map_or(0.0, |course| motion.turn_rate_for(course - motion.pose().heading));
        // On the spot, what is left of a finished turn is not worth waking the motors for.
        Target { speed: self.speed, turn_rate: if self.rests() { 0.0 } else { turn_rate } }
    }

    /// Tells whether it asks for nothing: no speed, and no turn under way or waiting.
    pub(super) fn rests(&self) -> bool {
        self.speed == 0.0 && self.turn.is_none() && self.waiting.is_empty()
    }
}
