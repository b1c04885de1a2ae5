//! Topics; the only place where a topic string is made or taken apart.

use crate::{OperatorName, VehicleId, word::words};
use std::fmt;
use std::str::FromStr;

words! {
    /// The part of a topic below the id of a vehicle.
    Topic {
        /// Commands, but for setpoints and heartbeats.
        Commands = "commands",
        /// DRIVE and HEARTBEAT.
        Drive = "drive",
        /// Answers in JSON.
        ExecutedCommands = "executedcommands",
        /// Answers to compact commands.
        Answers = "answers",
        /// Requests for a session.
        SessionRequest = "session/request",
        /// Answers to them.
        Session = "session",
        /// State of the vehicle's link, retained.
        Presence = "presence",
        /// Its whole state.
        Status = "status",
        /// The numbers that have changed.
        Telemetry = "telemetry",
        /// Occurrences, such as a failsafe or a refused command.
        Events = "events",
        /// Commands, limits and sensors, retained.
        Description = "description",
    }
}

impl Topic {
    /// True if the vehicle publishes it with the retain flag.
    #[must_use]
    pub const fn is_retained(self) -> bool {
        matches!(self, Self::Presence | Self::Status | Self::Description)
    }

    /// True if consoles write it and the vehicle reads it; the vehicle writes all others.
    #[must_use]
    pub const fn is_written_by_consoles(self) -> bool {
        matches!(self, Self::Commands | Self::Drive | Self::SessionRequest)
    }
}

/// Why a text can't be the root of the topics.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no topic root: use 1 to 8 segments between slashes, without +, #, $ at the beginning or empty segments"
)]
pub struct RootError(String);

/// The levels before the vehicle id, `vehicles` unless configured otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Root(String);

impl Default for Root {
    fn default() -> Self {
        Self("vehicles".to_owned())
    }
}

impl FromStr for Root {
    type Err = RootError;

    fn from_str(text: &str) -> Result<Self, RootError> {
        let legal = |segment: &str| {
            !segment.is_empty() && !segment.contains(['+', '#']) && !segment.contains(char::is_control)
        };
        let good = text.len() <= 512
            && !text.starts_with('$')
            && (1..=8).contains(&text.split('/').count())
            && text.split('/').all(legal);
        if good { Ok(Self(text.to_owned())) } else { Err(RootError(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Root {
    /// The topics of one vehicle.
    #[must_use]
    pub fn vehicle(&self, id: VehicleId) -> Topics {
        Topics { root: self.clone(), id }
    }

    /// A subscription to one topic of every vehicle.
    #[must_use]
    pub fn every_vehicle(&self, topic: Topic) -> String {
        self.filter("+", topic)
    }

    /// A filter for one topic of the vehicles that `who` stands for: a name, `+`, or a broker's word for whoever asks.
    #[must_use]
    pub fn filter(&self, who: &str, topic: Topic) -> String {
        format!("{self}/{who}/{topic}")
    }

    /// The vehicle and the topic that `text` names, if it lies below this root.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<(VehicleId, Topic)> {
        let (id, topic) = text.strip_prefix(&self.0)?.strip_prefix('/')?.split_once('/')?;
        Some((id.parse().ok()?, Topic::from_word(topic)?))
    }
}

/// The topic on which an operator says whether it is there; the same under any root.
#[must_use]
pub fn operator_presence(name: &OperatorName) -> String {
    operators_filter(name.as_str())
}

/// A filter for the presence of the operators that `who` stands for: a name, or `+`.
#[must_use]
pub fn operators_filter(who: &str) -> String {
    format!("operators/{who}/presence")
}

/// The operator whose presence `topic` is.
#[must_use]
pub fn operator_of(topic: &str) -> Option<OperatorName> {
    topic.strip_prefix("operators/")?.strip_suffix("/presence")?.parse().ok()
}

/// The topics of one vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topics {
    root: Root,
    id: VehicleId,
}

impl Topics {
    /// The vehicle.
    #[must_use]
    pub const fn id(&self) -> &VehicleId {
        &self.id
    }

    /// The full topic.
    #[must_use]
    pub fn of(&self, topic: Topic) -> String {
        self.root.filter(self.id.as_str(), topic)
    }

    /// Reads `text` as one of this vehicle's topics.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Topic> {
        let (id, topic) = self.root.parse(text)?;
        (id == self.id).then_some(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_reads_back_under_any_root() {
        for root in ["vehicles", "a/b/c/d/e/f/g/h", "fleet ä"] {
            let root: Root = root.parse().unwrap();
            let topics = root.vehicle("rover-1".parse().unwrap());
            for &topic in Topic::ALL {
                assert_eq!(topics.parse(&topics.of(topic)), Some(topic));
                assert_eq!(root.parse(&topics.of(topic)), Some(("rover-1".parse().unwrap(), topic)));
            }
        }
    }

    #[test]
    fn a_topic_of_another_vehicle_root_or_kind_is_not_mine() {
        let topics = Root::default().vehicle("rover-1".parse().unwrap());
        for other in [
            "vehicles/rover-2/commands",
            "vehicles/rover-1",
            "vehicles/rover-1/",
            "vehicles/rover-1/commands/x",
            "vehicles//commands",
            "x/rover-1/commands",
            "vehiclesrover-1/commands",
            "",
        ] {
            assert_eq!(topics.parse(other), None, "{other}");
        }
    }

    #[test]
    fn an_operators_presence_reads_back_and_nothing_else_is_one() {
        let name: OperatorName = "all".parse().unwrap();
        assert_eq!(operator_presence(&name), "operators/all/presence");
        assert_eq!(operator_of(&operator_presence(&name)), Some(name));
        for other in
            ["operators/presence", "operators//presence", "operators/a/b/presence", "operators/A/presence"]
        {
            assert_eq!(operator_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_root_has_one_to_eight_segments_and_no_wildcards() {
        for bad in ["", "/", "a//b", "/a", "a/", "+", "a/#", "$SYS", "a/b/c/d/e/f/g/h/i", "a\u{0}"] {
            assert!(bad.parse::<Root>().is_err(), "{bad}");
        }
    }
}
