//! The guard's view of the agent: beats, rests and silence.

use super::{SILENCE, word};
use crate::control::Moment;

/// The agent's state as its beats show it; only an armed one may move the vehicle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Heartbeat {
    /// The agent is disarmed; nothing is expected of it.
    #[default]
    AtRest,
    /// The agent is armed, and must be heard again by then.
    Armed(Moment),
    /// The agent was silent; it must disarm before its beats count again.
    Tripped,
}

impl Heartbeat {
    /// Takes the words of the agent, and gives those to answer.
    pub(super) fn receive(&mut self, now: Moment, words: &[u8]) -> Vec<u8> {
        let mut echo = Vec::new();
        for &said in words {
            match (said, *self) {
                (word::BEAT, Self::AtRest | Self::Armed(_)) => {
                    *self = Self::Armed(now.after(SILENCE));
                    echo.push(said);
                }
                (word::REST, _) => *self = Self::AtRest,
                _ => {}
            }
        }
        echo
    }

    /// Tells that the agent has just been silent for too long, and takes it as tripped from then on.
    pub(super) fn trip(&mut self, now: Moment) -> bool {
        let silent = self.deadline().is_some_and(|deadline| now >= deadline);
        if silent {
            *self = Self::Tripped;
        }
        silent
    }

    pub(super) const fn is_armed(self) -> bool {
        matches!(self, Self::Armed(_))
    }

    pub(super) const fn deadline(self) -> Option<Moment> {
        match self {
            Self::Armed(deadline) => Some(deadline),
            Self::AtRest | Self::Tripped => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: &[u8] = &[word::BEAT];
    const REST: &[u8] = &[word::REST];

    #[test]
    fn beats_arm_and_are_echoed_one_by_one() {
        let mut heartbeat = Heartbeat::default();
        assert_eq!(heartbeat.deadline(), None);
        assert_eq!(heartbeat.receive(Moment::from_millis(10), &[word::BEAT, word::BEAT]), [word::BEAT; 2]);
        assert_eq!((heartbeat.is_armed(), heartbeat.deadline()), (true, Some(Moment::from_millis(160))));
        assert!(!heartbeat.trip(Moment::from_millis(159)) && heartbeat.is_armed());
        assert!(heartbeat.trip(Moment::from_millis(160)) && !heartbeat.is_armed());
    }

    #[test]
    fn after_a_silence_beats_count_only_once_the_agent_has_disarmed() {
        let mut heartbeat = Heartbeat::default();
        heartbeat.receive(Moment::default(), BEAT);
        assert!(heartbeat.trip(Moment::from_millis(150)));
        assert!(heartbeat.receive(Moment::from_millis(151), BEAT).is_empty() && !heartbeat.is_armed());
        assert!(!heartbeat.trip(Moment::from_millis(999)), "once is enough");
        heartbeat.receive(Moment::from_millis(1_000), REST);
        heartbeat.receive(Moment::from_millis(1_001), BEAT);
        assert!(heartbeat.is_armed());
    }

    #[test]
    fn an_agent_at_rest_may_be_silent_for_ever() {
        let mut heartbeat = Heartbeat::default();
        heartbeat.receive(Moment::default(), BEAT);
        heartbeat.receive(Moment::from_millis(1), REST);
        assert_eq!(heartbeat.deadline(), None);
        assert!(!heartbeat.trip(Moment::from_millis(u64::MAX)));
    }

    #[test]
    fn of_words_that_come_together_the_last_decides() {
        let mut heartbeat = Heartbeat::default();
        heartbeat.receive(Moment::default(), &[word::BEAT, word::REST]);
        assert!(!heartbeat.is_armed());
        heartbeat.receive(Moment::default(), &[word::REST, word::BEAT, b'?']);
        assert!(heartbeat.is_armed());
    }
}
