//! Signing and verifying of messages.

use super::{Secret, signed};
use crate::cbor::Item;
use crate::{
    Answer, Command, CommandId, Envelope, Epoch, KeyName, Mac, Nonce, Proof, SequenceRef, SessionAnswer,
    SessionId, SessionRequest, Shape, Signature, SignedSession, VehicleId,
};

/// Signs and verifies messages between one vehicle and the holder of one key; both sides use the same.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The vehicle.
    pub vehicle: &'a VehicleId,
    /// The name of the key.
    pub key: &'a KeyName,
    /// Its bytes.
    pub secret: &'a Secret,
}

impl Signer<'_> {
    /// Signs a command; without a session only a stop is one that a vehicle takes.
    #[must_use]
    pub fn command(
        &self,
        command: Command,
        id: Option<CommandId>,
        session: Option<SignedSession>,
    ) -> Envelope {
        // On the wire the ID of a CANCEL is its argument.
        let id = if let Command::Cancel(target) = &command { Some(target.clone()) } else { id };
        let values = signed::command(self.vehicle, self.key, &command, id.as_ref(), session.as_ref());
        let mac = self.secret.tag(&values);
        Envelope { command, shape: Shape::Signed(Signature { key: self.key.clone(), session, mac, id }) }
    }

    /// Verifies that a command is signed with this key for this vehicle.
    #[must_use]
    pub fn verifies_command(&self, envelope: &Envelope) -> bool {
        let Shape::Signed(Signature { key, session, mac, id }) = &envelope.shape else { return false };
        let values =
            signed::command(self.vehicle, self.key, &envelope.command, id.as_ref(), session.as_ref());
        self.agrees(Some(key), &values, Some(*mac))
    }

    /// Signs an answer, which must not be changed any more, to the command at `place`, or to a stop without a session.
    /// Control characters in DETAIL become spaces.
    #[must_use]
    pub fn answer(&self, answer: Answer, epoch: Epoch, place: Option<SequenceRef>) -> Answer {
        let detail = answer.detail.map(|detail| detail.replace(char::is_control, " "));
        let answer = Answer { detail, ..answer };
        let answer = Answer { proof: None, ..answer };
        let mac = self.secret.tag(&signed::answer(self.vehicle, self.key, &answer, &epoch, place.as_ref()));
        let proof = Proof { key: self.key.clone(), epoch, place, mac, newer_reason: None };
        Answer { proof: Some(proof), ..answer }
    }

    /// Verifies that this vehicle wrote an answer for this key. The reader has to check the boot, and which command it
    /// answers.
    #[must_use]
    pub fn verifies_answer(&self, answer: &Answer) -> bool {
        let Some(Proof { key, epoch, place, mac, .. }) = &answer.proof else { return false };
        // JSON has two ways to escape some of these, so that a bit may turn over and nobody notice.
        if answer.detail.as_ref().is_some_and(|detail| detail.contains(char::is_control)) {
            return false;
        }
        let values = signed::answer(self.vehicle, self.key, answer, epoch, place.as_ref());
        self.agrees(Some(key), &values, Some(*mac))
    }

    /// Asks for a signed session.
    #[must_use]
    pub fn session_request(&self, nonce: Nonce) -> SessionRequest {
        let mac = self.secret.tag(&signed::session_request(self.vehicle, self.key, &nonce));
        SessionRequest { key: Some(self.key.clone()), nonce, mac: Some(mac) }
    }

    /// Verifies that a request for a session is signed with this key for this vehicle.
    #[must_use]
    pub fn verifies_session_request(&self, request: &SessionRequest) -> bool {
        let values = signed::session_request(self.vehicle, self.key, &request.nonce);
        self.agrees(request.key.as_ref(), &values, request.mac)
    }

    /// Opens a signed session; `clock` is the vehicle's CLOCK in milliseconds.
    #[must_use]
    pub fn session_answer(&self, nonce: Nonce, epoch: Epoch, sid: SessionId, clock: u64) -> SessionAnswer {
        let key = Some(self.key.clone());
        let answer = SessionAnswer { key, nonce, epoch, sid: Some(sid), clock, mac: None };
        let mac = self.secret.tag(&signed::session_answer(self.vehicle, self.key, &answer));
        SessionAnswer { mac: Some(mac), ..answer }
    }

    /// Verifies that this vehicle opened a session for this key. The reader has to compare the NONCE with that of its
    /// request.
    #[must_use]
    pub fn verifies_session_answer(&self, answer: &SessionAnswer) -> bool {
        let values = signed::session_answer(self.vehicle, self.key, answer);
        answer.sid.is_some() && self.agrees(answer.key.as_ref(), &values, answer.mac)
    }

    fn agrees(&self, key: Option<&KeyName>, values: &[Item<'_>], mac: Option<Mac>) -> bool {
        key == Some(self.key) && mac.is_some_and(|mac| self.secret.agrees(values, mac))
    }
}

#[cfg(test)]
mod tests;
