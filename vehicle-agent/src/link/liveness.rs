//! Liveness of the link while the vehicle could move.
//!
//! The keepalive is no help here: a library notices a silent broker after two of them.

use crate::control::Moment;
use std::time::Duration;

/// A quiet link is tried so long after the last acknowledgement.
const QUIET: Duration = Duration::from_secs(1);

/// A link that acknowledges nothing for so long counts as lost.
pub(super) const SILENCE: Duration = Duration::from_secs(3);

/// The action that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Something to acknowledge has to be sent.
    Probe,
    /// The link is lost.
    Lost,
}

/// Watches the oldest message that is not acknowledged.
///
/// The time runs from when a message became the oldest: on a slow link full of messages each acknowledgement makes
/// another one the oldest, and shows that it carries, whereas one acknowledgement left out among others is noticed.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    armed: bool,
    oldest: Option<u64>,
    since: Moment,
}

impl Liveness {
    /// Notes whether the link has to prove itself, and which message is the oldest; gives what is due.
    pub(super) fn observe(&mut self, now: Moment, armed: bool, oldest: Option<u64>) -> Option<Due> {
        // Armed anew, the link has the whole time again: nobody watched it before.
        if self.oldest != oldest || self.armed != armed {
            *self = Self { armed, oldest, since: now };
        }
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return None;
        }
        Some(if self.oldest.is_some() { Due::Lost } else { Due::Probe })
    }

    /// The next deadline if nothing else happens; none while parked.
    pub(super) fn deadline(&self) -> Option<Moment> {
        let patience = if self.oldest.is_some() { SILENCE } else { QUIET };
        self.armed.then(|| self.since.after(patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn a_quiet_link_is_tried_a_second_after_the_last_acknowledgement() {
        let mut proof = Liveness::default();
        assert_eq!(proof.observe(at(500), true, Some(7)), None);
        assert_eq!(proof.observe(at(600), true, None), None);
        assert_eq!(proof.deadline(), Some(at(1_600)));
        assert_eq!(proof.observe(at(1_599), true, None), None);
        assert_eq!(proof.observe(at(1_600), true, None), Some(Due::Probe));
    }

    #[test]
    fn three_seconds_without_acknowledgement_are_a_loss() {
        let mut proof = Liveness::default();
        assert_eq!(proof.observe(at(100), true, Some(7)), None);
        assert_eq!(proof.deadline(), Some(at(3_100)));
        assert_eq!(proof.observe(at(3_099), true, Some(7)), None);
        assert_eq!(proof.observe(at(3_100), true, Some(7)), Some(Due::Lost));
    }

    #[test]
    fn a_slow_link_that_acknowledges_one_message_after_another_carries() {
        let mut proof = Liveness::default();
        for second in 0..60 {
            assert_eq!(proof.observe(at(second * 1_000), true, Some(second / 2)), None);
        }
    }

    #[test]
    fn a_parked_vehicle_has_no_timer() {
        let mut proof = Liveness::default();
        for oldest in [None, Some(7)] {
            assert_eq!(proof.observe(at(0), false, oldest), None);
            assert_eq!(proof.observe(at(3_600_000), false, oldest), None);
            assert_eq!(proof.deadline(), None);
        }
    }

    #[test]
    fn a_link_has_the_whole_time_from_when_the_vehicle_is_armed() {
        let mut proof = Liveness::default();
        assert_eq!(proof.observe(at(0), false, Some(7)), None);
        assert_eq!(proof.observe(at(60_000), true, Some(7)), None);
        assert_eq!(proof.deadline(), Some(at(63_000)));
    }
}
