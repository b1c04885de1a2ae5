//! Hands on sticks.

use super::{Form, OperatorTask, RequestKind, Weight};
use crate::clock::Moment;
use crate::operator::command_queue::Grip;
use crate::operator::vehicle::{Drive, Refusal};
use crate::random;
use crate::teleop::StickPosition;
use crate::teleop::session::{TeleopAction, TeleopConfig, TeleopInput, TeleopSession};
use crate::teleop::stick::{Halt, StickInput, StickPhase};
use crate::teleop::timing::{RequestedTiming, SetpointTiming};
use std::time::Duration;
use vehicle_protocol::{Command, VehicleId};

/// A stick that no hand was on for so long is put away.
const IDLE: Duration = Duration::from_secs(60);
/// The vehicle is asked at once whether it accepted neutral, since a person waits for the first motion. If that one
/// setpoint was lost, the vehicle refuses the next, and a fresh press begins anew.
const NEUTRAL_FOR: Duration = Duration::ZERO;

/// A hand's way to one vehicle.
#[derive(Debug)]
pub(super) struct Hand {
    pub(super) session: TeleopSession,
    /// The last touch of the stick.
    touched: Moment,
    refusal: Option<Refusal>,
}

impl Hand {
    pub(super) const fn is_pressed(&self) -> bool {
        matches!(self.session.phase(), StickPhase::Ready | StickPhase::Driving)
    }
}

impl OperatorTask {
    pub(super) fn grip(&mut self, vehicle: &VehicleId, grip: Grip) {
        let push = match grip {
            Grip::ArmAnew => {
                self.grip(vehicle, Grip::Disarm);
                return self.grip(vehicle, Grip::Arm);
            }
            Grip::Arm if self.leaving.is_some() => return,
            Grip::Arm => {
                if let Some(fault) = self.client.unusable_key(vehicle).cloned() {
                    return self.warn(self.now(), Some(vehicle), &fault);
                }
                self.put_stick(vehicle);
                self.show_way(vehicle);
                StickInput::Arm
            }
            Grip::LetGo => StickInput::Stop,
            Grip::Disarm => {
                if self.moved.remove(vehicle).is_some() {
                    self.brake(vehicle, self.silence);
                }
                StickInput::Disarm
            }
        };
        self.steer(vehicle, TeleopInput::Stick(push));
    }

    /// A hand said at the moment `at` how it leans.
    pub(super) fn hand(&mut self, vehicle: &VehicleId, lean: Option<StickPosition>, at: Moment) {
        let now = self.now();
        let Some(hand) = self.sticks.get_mut(vehicle) else { return };
        hand.touched = now;
        if lean.is_none() {
            hand.refusal = None;
        } else if !hand.is_pressed() {
            // What single commands began ends with the first setpoint.
            self.moved.remove(vehicle);
        }
        // A word that lay on the queue for too long is as good as none.
        if lean.is_none() || now.saturating_sub(at) < hand.session.timing().hold() {
            let setpoint = lean.map(|lean| lean.setpoint(self.vehicle(vehicle).limits()));
            self.steer(vehicle, TeleopInput::Stick(StickInput::Setpoint(setpoint)));
        }
    }

    fn put_stick(&mut self, vehicle: &VehicleId) {
        let now = self.now();
        if let Some(hand) = self.sticks.get_mut(vehicle) {
            hand.touched = now;
            return;
        }
        let Ok(id_stem) = random::name() else { return };
        let timing = RequestedTiming::default();
        let config = TeleopConfig {
            vehicle: vehicle.clone(),
            timing,
            id_stem,
            neutral_for: NEUTRAL_FOR,
            round_trip_every: None,
        };
        let hand = Hand { session: TeleopSession::new(config, now), touched: now, refusal: None };
        self.sticks.insert(vehicle.clone(), hand);
        if self.snapshot.is_up() {
            self.steer(vehicle, TeleopInput::LinkUp);
        }
        if self.vehicle(vehicle).word("mode") == Some("emergency_stop") {
            self.steer(vehicle, TeleopInput::Stick(StickInput::EmergencyStop));
        }
    }

    /// Tells a stick how slow the way to its vehicle is.
    pub(super) fn show_way(&mut self, id: &VehicleId) {
        let now = self.now();
        let round_trip = self.vehicle(id).round_trip_now(now);
        if let Some(round_trip) = round_trip {
            self.vehicle(id).drive.divisor = SetpointTiming::divisor(round_trip);
            self.steer(id, TeleopInput::Stick(StickInput::RoundTrip(round_trip)));
        }
    }

    /// Gives one input to one session, and does what it says.
    pub(super) fn steer(&mut self, id: &VehicleId, input: TeleopInput<'_>) {
        let now = self.now();
        let Some(hand) = self.sticks.get_mut(id) else { return };
        let was_pressed = hand.is_pressed();
        for action in hand.session.handle(now, self.client.session(id), input) {
            match action {
                // What the link can't take is dropped: the next setpoint says more.
                TeleopAction::Publish(sealed) => drop(self.client.publish(id, sealed)),
                TeleopAction::Refused(reason, detail) if was_pressed => {
                    hand.refusal = Some(Refusal { reason, detail });
                }
                TeleopAction::Refused(..)
                | TeleopAction::SessionOpened
                | TeleopAction::Confirmed(_)
                | TeleopAction::RoundTrip(_) => {}
            }
        }
        self.show_drive(now, id);
    }

    pub(super) fn steer_all(&mut self, input: TeleopInput<'_>) {
        let ids: Vec<VehicleId> = self.sticks.keys().cloned().collect();
        for id in ids {
            self.steer(&id, input);
        }
    }

    pub(super) fn pass_sticks(&mut self, now: Moment) {
        let is_due = |hand: &Hand| hand.session.deadline().is_some_and(|due| now >= due);
        let due = self.sticks.iter().filter(|(_, hand)| is_due(hand)).map(|(id, _)| id.clone());
        for id in due.collect::<Vec<_>>() {
            self.steer(&id, TeleopInput::Stick(StickInput::Tick));
        }
        let idle = |hand: &Hand| !hand.is_pressed() && now.saturating_sub(hand.touched) >= IDLE;
        let put_away = self.sticks.iter().filter(|(_, hand)| idle(hand)).map(|(id, _)| id.clone());
        for id in put_away.collect::<Vec<_>>() {
            self.sticks.remove(&id);
            self.vehicle(&id).drive = Drive::default();
        }
    }

    fn show_drive(&mut self, now: Moment, id: &VehicleId) {
        let Some(hand) = self.sticks.get(id) else { return };
        let (state, halt, refusal) = (Some(hand.session.state()), hand.session.halt(), hand.refusal.clone());
        let vehicle = self.vehicle(id);
        let drive = Drive { state, halt, refusal, divisor: vehicle.drive.divisor };
        if vehicle.drive == drive {
            return;
        }
        let ended = drive.halt.filter(|_| vehicle.drive.halt.is_none());
        let why = drive.refusal.clone();
        vehicle.drive = drive;
        if let Some(halt) = ended {
            let why = why.filter(|_| halt == Halt::Refused).map(|refusal| {
                let reason = refusal.reason.map_or_else(String::new, |reason| reason.to_string());
                format!(" {reason} {}", refusal.detail.unwrap_or_default())
            });
            let text = format!("driving ended: {}{}", told(halt), why.unwrap_or_default());
            self.event_log.note(now, Some(id), Weight::Warning, text.trim_end());
        }
        self.mark();
    }

    /// A BRAKE, to be repeated until it is answered.
    pub(super) fn brake(&mut self, vehicle: &VehicleId, within: Duration) {
        self.begin(vehicle, Command::Brake, Form::Identified, RequestKind::Command, within);
    }
}

/// The end of a drive, in words.
const fn told(halt: Halt) -> &'static str {
    match halt {
        Halt::Stopped => "stopped here",
        Halt::Disarmed => "not armed",
        Halt::EmergencyStop => "emergency stop",
        Halt::Refused => "the vehicle refused:",
        Halt::InputInterrupted => "input was interrupted for longer than a setpoint holds",
        Halt::VehicleSilent => "no message came from the vehicle for a second",
        Halt::LinkLost => "the link was lost",
    }
}
