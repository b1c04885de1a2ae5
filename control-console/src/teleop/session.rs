//! A hand's way to one vehicle: session, neutral, stick, stamps and questions. Pure; time is an argument.
//!
//! Whoever has a hand to offer, a terminal, a page, a script, pushes the stick through this and publishes what comes of it.

mod hear;
mod speak;
#[cfg(test)]
mod tests;

use super::command_ids::CommandIds;
use super::stick::{Halt, Input as Push, Phase, State, Stick};
use super::timing::{RequestedTiming, SetpointTiming};
use crate::clock::Moment;
use crate::transaction::{Sealed, VehicleSession, VerifiedAnswer};
use std::time::Duration;
use vehicle_protocol::{Reason, Topic, VehicleId};

/// Where a session leads, with every random name that it takes.
#[derive(Clone, Debug)]
pub struct Config {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// The timing that was asked for; the vehicle's limits decide.
    pub timing: RequestedTiming,
    /// What every ID begins with.
    pub name: String,
    /// For how long neutral is shown before the vehicle is asked whether it took it.
    pub show: Duration,
    /// How often the round trip is measured; the hand is then given as much as the way allows.
    pub pulse: Option<Duration>,
}

/// What happens to a session.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The link is there and subscribed.
    Up,
    /// The link is lost.
    Down,
    /// The vehicle has granted a session, or told its clock.
    Agreed,
    /// An answer of the vehicle, whoever it is for.
    Answer(&'a VerifiedAnswer),
    /// Another live message of the vehicle, or its presence.
    Message(Topic, &'a [u8]),
    /// The hand, or the passing of time.
    Push(Push),
}

/// What a session wants done, and what it tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A publish, at QoS 0 on the drive topic and at QoS 1 elsewhere, never retained; dropped if the link can't take it.
    Publish(Sealed),
    /// The vehicle has opened a session.
    Opened,
    /// The vehicle has answered the question with this number.
    Confirmed(u64),
    /// The vehicle has refused a setpoint.
    Refused(Option<Reason>, Option<String>),
    /// So long took the way there and back.
    RoundTrip(Duration),
}

/// One hand's way to one vehicle.
#[derive(Debug)]
pub struct TeleopSession {
    charter: Config,
    stick: Stick,
    /// When the stick began what it sends.
    since: Moment,
    link: Option<Moment>,
    names: CommandIds,
    /// Whether the vehicle has ever granted a session.
    open: bool,
    heard: Moment,
    /// When a question last left in this phase.
    knocked: Option<Moment>,
    /// The last question of all, which the answer is measured by.
    question: Option<(u64, Moment)>,
    /// Since when an answer is wanted whatever the stick does.
    inquiry: Option<Moment>,
    /// The first neutral setpoint of this phase; an answer to what came after it says that it was taken.
    shown: Option<u64>,
    /// Whether the vehicle's own status shows an emergency stop.
    emergency: bool,
    actions: Vec<Action>,
}

impl TeleopSession {
    /// A session without a link, its stick disarmed.
    #[must_use]
    pub fn new(charter: Config, now: Moment) -> Self {
        Self {
            stick: Stick::new(SetpointTiming::default(), now),
            names: CommandIds::new(charter.name.clone()),
            charter,
            since: now,
            link: None,
            open: false,
            heard: now,
            knocked: None,
            question: None,
            inquiry: None,
            shown: None,
            emergency: false,
            actions: Vec::new(),
        }
    }

    /// The vehicle.
    #[must_use]
    pub const fn vehicle(&self) -> &VehicleId {
        &self.charter.vehicle
    }

    /// What a screen shows of the stick.
    #[must_use]
    pub fn state(&self) -> State {
        self.stick.state()
    }

    /// What the stick sends.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.stick.phase()
    }

    /// What ended the last drive; gone when the hand has been at neutral.
    #[must_use]
    pub const fn halt(&self) -> Option<Halt> {
        self.stick.halt()
    }

    /// The timing of the setpoints that leave now.
    #[must_use]
    pub const fn timing(&self) -> SetpointTiming {
        self.stick.timing()
    }

    /// Whether the stick sends nothing more by itself.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.stick.is_silent()
    }

    /// Whether a session was ever opened.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether there is a link.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.link.is_some()
    }

    /// The number of the next name.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.names.next_number()
    }

    /// Asks from `now` on until the vehicle has answered.
    pub const fn inquire(&mut self, now: Moment) {
        (self.inquiry, self.knocked) = (Some(now), None);
    }

    /// When it next wants a [`Push::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        [self.stick.deadline(), self.knock_due()].into_iter().flatten().min()
    }

    /// Takes one input and says what is to be done.
    pub fn handle(&mut self, now: Moment, channel: &mut VehicleSession, input: Input<'_>) -> Vec<Action> {
        if let Ok(timing) = self.charter.timing.within(channel.limits()) {
            self.stick.set_timing(timing);
        }
        match input {
            Input::Up => {
                (self.link, self.knocked) = (Some(now), None);
                channel.want();
                if self.is_open() {
                    self.push(now, channel, Push::Up);
                } else if channel.is_ready(now) {
                    self.begin(now, channel);
                }
            }
            Input::Down => {
                self.link = None;
                self.push(now, channel, Push::Down);
            }
            Input::Agreed => {
                if !self.is_open() {
                    self.begin(now, channel);
                }
                self.hear(now, channel);
            }
            Input::Answer(heard) => {
                self.hear_answer(now, channel, heard);
                self.hear(now, channel);
            }
            // There the broker may be speaking in the vehicle's place.
            Input::Message(Topic::Presence, _) => {}
            Input::Message(topic, payload) => {
                if topic == Topic::Status {
                    self.hear_status(now, channel, payload);
                } else if topic == Topic::Events {
                    self.hear_event(channel, payload);
                }
                self.hear(now, channel);
            }
            Input::Push(push) => self.push(now, channel, push),
        }
        self.ask(now, channel);
        std::mem::take(&mut self.actions)
    }

    /// Pushes the stick, and passes on what it says.
    fn push(&mut self, now: Moment, channel: &mut VehicleSession, push: Push) {
        let before = self.stick.phase();
        let setpoint = self.stick.handle(now, push);
        if self.stick.phase() != before {
            (self.since, self.knocked, self.shown) = (now, None, None);
        }
        if setpoint.is_some() && self.shown.is_none() {
            (self.knocked, self.shown) = (None, Some(self.next_number()));
        }
        let sealed = setpoint.and_then(|setpoint| self.seal(now, channel, setpoint));
        self.actions.extend(sealed);
    }
}
