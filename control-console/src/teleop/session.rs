//! Teleoperation of one vehicle: session, neutral, stick, EXP and questions. Pure; time is an argument.
//!
//! Terminal, page and script move the stick through this, and publish the messages that it returns.

mod publish;
mod receive;
#[cfg(test)]
mod tests;

use super::command_ids::CommandIds;
use super::stick::{Halt, Stick, StickInput, StickPhase, StickState};
use super::timing::{RequestedTiming, SetpointTiming};
use crate::clock::Moment;
use crate::transaction::{Sealed, VehicleSession, VerifiedAnswer};
use std::time::Duration;
use vehicle_protocol::{Reason, Topic, VehicleId};

/// The vehicle and the timing of a teleoperation, with every random name that it needs.
#[derive(Clone, Debug)]
pub struct TeleopConfig {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The timing that was asked for; the vehicle's limits decide.
    pub timing: RequestedTiming,
    /// The beginning of every ID.
    pub id_stem: String,
    /// The time for which neutral is shown before the vehicle is asked whether it accepted it.
    pub neutral_for: Duration,
    /// The interval of round-trip measurements, if there are any; a long round trip then divides the speed.
    pub round_trip_every: Option<Duration>,
}

/// An input of a teleoperation.
#[derive(Clone, Copy, Debug)]
pub enum TeleopInput<'a> {
    /// The link is there and subscribed.
    LinkUp,
    /// The link is lost.
    LinkDown,
    /// The vehicle has granted a session, or told its clock.
    SessionGranted,
    /// An answer of the vehicle, whoever it is for.
    Answer(&'a VerifiedAnswer),
    /// Another live message of the vehicle, or its presence.
    Message(Topic, &'a [u8]),
    /// The person, or the passing of time.
    Stick(StickInput),
}

/// A message to publish, or news for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeleopAction {
    /// A publish, at QoS 0 on the drive topic and at QoS 1 elsewhere, never retained; dropped if the link can't take it.
    Publish(Sealed),
    /// The vehicle has opened a session.
    SessionOpened,
    /// The vehicle has answered the question with this number.
    Confirmed(u64),
    /// The vehicle has refused a setpoint.
    Refused(Option<Reason>, Option<String>),
    /// The round trip took this long.
    RoundTrip(Duration),
}

/// The teleoperation of one vehicle.
#[derive(Debug)]
pub struct TeleopSession {
    config: TeleopConfig,
    stick: Stick,
    /// The time at which the stick entered its phase.
    since: Moment,
    link: Option<Moment>,
    ids: CommandIds,
    /// Set once the vehicle has granted a session.
    open: bool,
    received_at: Moment,
    /// The time of the last question in this phase.
    asked_at: Option<Moment>,
    /// The last question of all, for the round trip.
    question: Option<(u64, Moment)>,
    /// The time since which an answer is needed, in any phase.
    inquiry: Option<Moment>,
    /// The number of the first neutral setpoint of this phase; the answer to a later question says that it was accepted.
    neutral_number: Option<u64>,
    /// Set while the vehicle's own status shows an emergency stop.
    emergency: bool,
    actions: Vec<TeleopAction>,
}

impl TeleopSession {
    /// A session without a link, its stick disarmed.
    #[must_use]
    pub fn new(config: TeleopConfig, now: Moment) -> Self {
        Self {
            stick: Stick::new(SetpointTiming::default(), now),
            ids: CommandIds::new(config.id_stem.clone()),
            config,
            since: now,
            link: None,
            open: false,
            received_at: now,
            asked_at: None,
            question: None,
            inquiry: None,
            neutral_number: None,
            emergency: false,
            actions: Vec::new(),
        }
    }

    /// The vehicle.
    #[must_use]
    pub const fn vehicle(&self) -> &VehicleId {
        &self.config.vehicle
    }

    /// The state of the stick, as screens show it.
    #[must_use]
    pub fn state(&self) -> StickState {
        self.stick.state()
    }

    /// The kind of setpoints that the stick sends.
    #[must_use]
    pub const fn phase(&self) -> StickPhase {
        self.stick.phase()
    }

    /// The cause that ended the last drive; none any more once the hand has been at neutral.
    #[must_use]
    pub const fn halt(&self) -> Option<Halt> {
        self.stick.halt()
    }

    /// The timing of the setpoints that leave now.
    #[must_use]
    pub const fn timing(&self) -> SetpointTiming {
        self.stick.timing()
    }

    /// Tells that the stick sends nothing more by itself.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.stick.is_silent()
    }

    /// Tells that a session was opened.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Tells that there is a link.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.link.is_some()
    }

    /// The number of the next name.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.ids.next_number()
    }

    /// Asks from `now` on until the vehicle has answered.
    pub const fn inquire(&mut self, now: Moment) {
        (self.inquiry, self.asked_at) = (Some(now), None);
    }

    /// The time of the next [`StickInput::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        [self.stick.deadline(), self.question_due()].into_iter().flatten().min()
    }

    /// Applies one input; returns the messages and news that follow.
    pub fn handle(
        &mut self,
        now: Moment,
        channel: &mut VehicleSession,
        input: TeleopInput<'_>,
    ) -> Vec<TeleopAction> {
        if let Ok(timing) = self.config.timing.within(channel.limits()) {
            self.stick.set_timing(timing);
        }
        match input {
            TeleopInput::LinkUp => {
                (self.link, self.asked_at) = (Some(now), None);
                channel.want();
                if self.is_open() {
                    self.move_stick(now, channel, StickInput::LinkUp);
                } else if channel.is_ready(now) {
                    self.open_session(now, channel);
                }
            }
            TeleopInput::LinkDown => {
                self.link = None;
                self.move_stick(now, channel, StickInput::LinkDown);
            }
            TeleopInput::SessionGranted => {
                if !self.is_open() {
                    self.open_session(now, channel);
                }
                self.receive(now, channel);
            }
            TeleopInput::Answer(heard) => {
                self.receive_answer(now, channel, heard);
                self.receive(now, channel);
            }
            // A will: the broker may be speaking in the vehicle's place.
            TeleopInput::Message(Topic::Presence, _) => {}
            TeleopInput::Message(topic, payload) => {
                if topic == Topic::Status {
                    self.receive_status(now, channel, payload);
                } else if topic == Topic::Events {
                    self.receive_event(channel, payload);
                }
                self.receive(now, channel);
            }
            TeleopInput::Stick(input) => self.move_stick(now, channel, input),
        }
        self.ask(now, channel);
        std::mem::take(&mut self.actions)
    }

    /// Moves the stick, and encodes the setpoint that leaves it.
    fn move_stick(&mut self, now: Moment, channel: &mut VehicleSession, input: StickInput) {
        let before = self.stick.phase();
        let setpoint = self.stick.handle(now, input);
        if self.stick.phase() != before {
            (self.since, self.asked_at, self.neutral_number) = (now, None, None);
        }
        if setpoint.is_some() && self.neutral_number.is_none() {
            (self.asked_at, self.neutral_number) = (None, Some(self.next_number()));
        }
        let sealed = setpoint.and_then(|setpoint| self.setpoint_message(now, channel, setpoint));
        self.actions.extend(sealed);
    }
}
