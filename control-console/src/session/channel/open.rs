//! How an answer is read.

use super::Channel;
use vehicle_protocol::{Answer, Topic};

/// Whether the vehicle itself wrote an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing shows who wrote it.
    Unproven,
    /// It carries the vehicle's tag for our key.
    Proven,
}

/// An answer as it was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What it says.
    pub answer: Answer,
    /// Whether to believe it.
    pub trust: Trust,
}

impl Channel {
    /// Reads what came on one of the topics for answers.
    ///
    /// # Errors
    /// If it is no answer.
    pub fn open(&self, _topic: Topic, payload: &[u8]) -> Result<Heard, serde_json::Error> {
        let answer = serde_json::from_slice(payload)?;
        Ok(Heard { answer, trust: Trust::Unproven })
    }
}
