//! The operators' side, and the way to the vehicle.

use vehicle_protocol::{Envelope, Nonce, SessionRequest, Shape, Topic, json};

use super::super::network::{Message, nanoseconds};
use super::super::operator::{PACE, Wish};
use super::super::scenario::ACTION;
use super::{Happening, World};
use crate::oracle::Sent;

impl World {
    pub(super) fn turn(&mut self, seat: usize) {
        if self.now > nanoseconds(ACTION) {
            return;
        }
        self.after(PACE, Happening::Turn(seat));
        let Some(at) = self.seats.get_mut(seat).filter(|at| !at.absent) else { return };
        for wish in at.operator.act(self.now, &mut self.rng) {
            let message = match wish {
                Wish::Session => Some(self.session_request()),
                Wish::Command(envelope) => Some(self.note(&envelope)),
            };
            let message = message.and_then(|message| self.seats.get_mut(seat)?.line.pass(message));
            if let Some(message) = message {
                self.route(message);
            }
        }
    }

    pub(super) fn session_request(&mut self) -> Message {
        let mut nonce = [0; 16];
        self.rng.fill(&mut nonce);
        let request = SessionRequest { key: None, nonce: Nonce(nonce), mac: None };
        let payload = serde_json::to_vec(&request).unwrap_or_default();
        Message { topic: Topic::SessionRequest, retained: false, payload, sent: None }
    }

    /// Writes down what is sent.
    pub(super) fn note(&mut self, envelope: &Envelope) -> Message {
        let topic = if envelope.command.name().is_on_drive_topic() { Topic::Drive } else { Topic::Commands };
        let timed = match &envelope.shape {
            Shape::Timed { expires, epoch, .. } => Some((*epoch, *expires)),
            Shape::Plain | Shape::Identified(_) | Shape::Signed(_) => None,
        };
        let place = self.sent.len();
        self.sent.push((Sent::new(envelope, None), timed));
        Message { topic, retained: false, payload: json::encode(envelope).into_bytes(), sent: Some(place) }
    }

    /// From the broker on.
    pub(super) fn route(&mut self, message: Message) {
        if self.shell.is_none() || !self.is_connected && !self.vehicle_line.is_cut() {
            self.keep(vec![message]);
        } else if let Some(message) = self.vehicle_line.pass(message) {
            self.send(&message);
        }
    }

    pub(super) fn send(&mut self, message: &Message) {
        for at in self.weather.arrivals(self.now, &mut self.rng, message.topic) {
            self.at(at, Happening::Comes(message.clone(), self.connection));
        }
    }
}
