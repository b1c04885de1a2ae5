//! How an answer is read.

use super::VehicleSession;
use crate::clock::Moment;
use vehicle_protocol::encoding::{AnswerError, decode_answer};
use vehicle_protocol::{Answer, Proof, Reason, SequenceRef};

/// Whether the vehicle itself wrote an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing shows who wrote it.
    Unproven,
    /// It carries the vehicle's tag for our key.
    Proven {
        /// Where the command that it answers stood in our session; nothing for a stop without one.
        place: Option<SequenceRef>,
    },
}

/// An answer as it was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAnswer {
    /// What it says.
    pub answer: Answer,
    /// Whether to believe it.
    pub trust: Trust,
}

impl VehicleSession {
    /// Reads what came on one of the topics for answers, and takes its CLOCK; nothing if it is another session's.
    ///
    /// # Errors
    /// If it is no answer.
    pub fn open(&mut self, payload: &[u8], now: Moment) -> Result<Option<VerifiedAnswer>, AnswerError> {
        let known = |sid| {
            let agreed = self.agreed.as_ref().filter(|agreed| agreed.sid == Some(sid))?;
            Some((self.key()?.clone(), agreed.clock.epoch()))
        };
        let answer = match decode_answer(payload, known) {
            Err(AnswerError::OtherSession(_)) => return Ok(None),
            answer => answer?,
        };
        let trust = self.trust(&answer);
        if let Trust::Proven { place } = trust {
            self.believe(&answer, place, now);
        }
        Ok(Some(VerifiedAnswer { answer, trust }))
    }

    /// Whether an answer is the vehicle's to something that was sent in the present session.
    #[must_use]
    pub fn is_to_us(&self, heard: &VerifiedAnswer) -> bool {
        let Trust::Proven { place: Some(place) } = heard.trust else { return false };
        self.agreed.as_ref().is_some_and(|agreed| agreed.sid == Some(place.sid))
    }

    fn trust(&self, answer: &Answer) -> Trust {
        match (&self.key, &answer.proof) {
            (Some(key), Some(Proof { place, .. })) if key.signer().verifies_answer(answer) => {
                Trust::Proven { place: *place }
            }
            _ => Trust::Unproven,
        }
    }

    /// What an answer of the vehicle itself says about the session.
    fn believe(&mut self, answer: &Answer, place: Option<SequenceRef>, now: Moment) {
        let epoch = answer.proof.as_ref().map(|proof| proof.epoch);
        let Some(agreed) = &mut self.agreed else { return };
        let ours = place.is_some_and(|place| agreed.sid == Some(place.sid));
        if let Some(clock) = answer.clock.filter(|_| epoch == Some(agreed.clock.epoch())) {
            agreed.observe(clock, now);
        }
        if ours && matches!(answer.reason, Some(Reason::BadEpoch | Reason::BadCounter)) {
            self.drop_session();
        }
    }
}
