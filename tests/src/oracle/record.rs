//! The record of a run, for the oracle. All times are nanoseconds of `CLOCK_MONOTONIC`, as in the trace.

use std::time::Duration;

use vehicle_protocol::{Answer, Command, CommandName, Envelope, State};

use crate::trace::TraceLine;

/// Everything about one run of one vehicle.
#[derive(Clone, Debug)]
pub struct Record {
    /// The outputs.
    pub trace: Vec<TraceLine>,
    /// The answers, in the order in which the vehicle gave them.
    pub answers: Vec<Heard>,
    /// The commands sent.
    pub sent: Vec<Sent>,
    /// The moments at which the agent was killed or stopped from outside.
    pub killed: Vec<u64>,
    /// Until when the vehicle was watched.
    pub end: u64,
    /// The vehicle's times.
    pub terms: Terms,
    /// Every answer was heard, so that one that is missing was never given.
    pub heard_all: bool,
}

/// For how long motion goes on without a word.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// After a discrete command or a heartbeat.
    pub operator_timeout: Duration,
    /// On the way to the safe place.
    pub autonomy: Duration,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The moment of the answer.
    pub at: u64,
    /// The beginning of the boot whose CLOCK it carries, if that is known.
    pub boot: Option<u64>,
    /// The answer itself.
    pub answer: Answer,
}

/// One command, however often it was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The command.
    pub command: CommandName,
    /// Its ID.
    pub id: Option<String>,
    /// Whose it is, where that is known.
    pub by: Option<String>,
    /// HOLD_MS of a setpoint.
    pub hold: Duration,
    /// It is a setpoint of a released stick.
    pub neutral: bool,
    /// The last moment at which it may be begun, if it was timed.
    pub expires: Option<u64>,
    /// The times at which it came to the vehicle, or may have come.
    pub deliveries: Vec<Delivery>,
}

/// One time at which a command came, or between whose ends it may have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Not before.
    pub from: u64,
    /// Not after.
    pub until: u64,
    /// The broker had retained it.
    pub retained: bool,
    /// Its EPOCH, if it has one, was not the vehicle's.
    pub foreign: bool,
}

impl Delivery {
    /// A live delivery in the right epoch, at one moment.
    #[must_use]
    pub const fn at(moment: u64) -> Self {
        Self::between(moment, moment)
    }

    /// A live delivery in the right epoch, at some moment between two.
    #[must_use]
    pub const fn between(from: u64, until: u64) -> Self {
        Self { from, until, retained: false, foreign: false }
    }
}

impl Sent {
    /// A command as it is sent; it has not been delivered yet. `expires` is its EXP on the clock of the trace.
    #[must_use]
    pub fn new(envelope: &Envelope, expires: Option<u64>) -> Self {
        let (hold, neutral) = if let Command::Drive(setpoint) = &envelope.command {
            (Duration::from_millis(setpoint.hold_ms), setpoint.is_neutral())
        } else {
            (Duration::ZERO, false)
        };
        let id = envelope.shape.id().map(|id| id.as_str().to_owned());
        let command = envelope.command.name();
        Self { command, id, by: None, hold, neutral, expires, deliveries: Vec::new() }
    }

    /// The moments at which it may rightly be begun, each between two.
    pub(super) fn chances(&self) -> impl Iterator<Item = (u64, u64)> {
        let timeless = self.command.is_stop();
        let expires = if timeless { u64::MAX } else { self.expires.unwrap_or(u64::MAX) };
        self.deliveries
            .iter()
            .filter(move |delivery| !delivery.retained && (timeless || !delivery.foreign))
            .filter(move |delivery| delivery.from <= expires)
            .map(move |delivery| (delivery.from, delivery.until.min(expires)))
    }

    /// The reason for which it may never be begun.
    pub(super) fn bar(&self) -> &'static str {
        match self.deliveries.as_slice() {
            [] => "which never came",
            all if all.iter().all(|delivery| delivery.retained) => "which only ever came retained",
            all if all.iter().all(|delivery| delivery.retained || delivery.foreign) => {
                "which is of another boot"
            }
            _ => "which came too late, or long before",
        }
    }

    /// Tells that it renews motion by discrete commands.
    pub(super) fn renews(&self) -> bool {
        !matches!(self.command, CommandName::ReportStatus | CommandName::ReleaseControl)
    }
}

impl Heard {
    /// Tells that the vehicle says that it has begun the command.
    pub(super) fn begun(&self) -> bool {
        !matches!(self.answer.state, State::Rejected | State::Expired)
    }
}

/// A duration in the unit of the trace.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
