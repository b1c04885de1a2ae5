//! The one table of exit codes.

use std::fmt;
use std::process::ExitCode;
use vehicle_protocol::Advice;

/// An exit code; of several vehicles the worst, which is the highest, counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Anything that no other code names.
    Other = 1,
    /// A mistake on the command line or in the settings.
    Usage = 2,
    /// The broker was not reached.
    BrokerNotReached = 3,
    /// The broker does not let us in, or not to this topic.
    NotAuthorised = 4,
    /// The vehicle does not answer, and its presence says that it is not there.
    VehicleAway = 5,
    /// A terminal answer other than SUCCEEDED.
    NotSucceeded = 6,
    /// No answer in time; the vehicle may or may not have acted.
    NoAnswer = 7,
    /// Refused here, before anything was sent.
    RefusedHere = 8,
    /// The condition of `watch --until` or `ping --max` was not met.
    ConditionNotMet = 9,
    /// Ended by SIGINT.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// Every code, in rising order.
    pub const ALL: [Self; 12] = [
        Self::Done,
        Self::Other,
        Self::Usage,
        Self::BrokerNotReached,
        Self::NotAuthorised,
        Self::VehicleAway,
        Self::NotSucceeded,
        Self::NoAnswer,
        Self::RefusedHere,
        Self::ConditionNotMet,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The meaning of the number, for the help.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Other => "other",
            Self::Usage => "usage or configuration",
            Self::BrokerNotReached => "broker not reached",
            Self::NotAuthorised => "not authorised",
            Self::VehicleAway => "vehicle unknown or offline",
            Self::NotSucceeded => "terminal answer other than SUCCEEDED",
            Self::NoAnswer => "no answer in time, outcome unknown",
            Self::RefusedHere => "refused here, nothing sent",
            Self::ConditionNotMet => "condition of `watch --until` or `ping --max` not met",
            Self::Interrupted => "SIGINT",
            Self::Terminated => "SIGTERM",
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())
    }
}

impl serde::Serialize for Exit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that ends the program: a problem with its next step, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", advice.what)]
pub struct Fault {
    /// The code that the program ends with.
    pub exit: Exit,
    /// The problem and the next step.
    pub advice: Advice,
}

impl Fault {
    /// An error with its next step.
    pub fn new(exit: Exit, what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { exit, advice: Advice::new(what, next_step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_contract_and_the_worst_is_the_highest() {
        let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143]);
        assert!(Exit::ALL.is_sorted());
    }
}
