//! A drive by script: session, neutral, one setpoint for a time, release, report. Pure; time is an argument.

mod conclude;
#[cfg(test)]
mod tests;

use super::Report;
use super::session::{TeleopAction, TeleopConfig, TeleopInput, TeleopSession};
use super::stick::{Halt, StickInput, StickPhase};
use super::timing::RequestedTiming;
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use crate::transaction::{Sealed, VehicleSession, VerifiedAnswer};
use std::time::Duration;
use vehicle_protocol::{Reason, Setpoint, Topic, VehicleId};

/// Neutral is shown for this long before the vehicle is asked whether it accepted it: three setpoints at 20 Hz, since no
/// person could press again if one were lost.
const NEUTRAL_FOR: Duration = Duration::from_millis(150);
/// Zeros leave for this long before the BRAKE that follows a signal.
const ZEROS: Duration = Duration::from_millis(100);

/// The drive that is wanted, with every random name that it needs.
#[derive(Clone, Debug)]
pub struct ScriptConfig {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Speed and turn rate; the hold comes from the timing.
    pub setpoint: Setpoint,
    /// The time to drive.
    pub length: Duration,
    /// The timing that was asked for; the vehicle's limits decide.
    pub timing: RequestedTiming,
    /// The longest silence.
    pub silence: Duration,
    /// The beginning of every ID.
    pub id_stem: String,
}

/// An input of a drive.
#[derive(Clone, Copy, Debug)]
pub enum ScriptInput<'a> {
    /// The link is there and subscribed.
    LinkUp,
    /// The link is lost, for a reason that may pass.
    LinkDown(&'a str),
    /// The link can't be had.
    Barred(&'a Fault),
    /// The vehicle has granted a session, or told its clock.
    SessionGranted,
    /// An answer of the vehicle, whoever it is for.
    Answer(&'a VerifiedAnswer),
    /// Another live message of the vehicle, or its presence.
    Message(Topic, &'a [u8]),
    /// Time has passed.
    Tick,
    /// A signal: leave with this code.
    Leave(Exit),
    /// The BRAKE has come to its end.
    Braked(&'a crate::transaction::Report),
}

/// An action that a drive asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptAction {
    /// A publish, at QoS 0 on the drive topic and at QoS 1 elsewhere, never retained.
    Publish(Sealed),
    /// A BRAKE, to be repeated until it is answered.
    Brake,
    /// A line for the log.
    Log(&'static str),
    /// The end; nothing follows.
    Finished(Report),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    /// The session is asked for.
    Opening,
    /// The stick shows neutral.
    ShowingNeutral,
    Driving,
    /// Zeros leave.
    Releasing,
    /// The vehicle is asked whether it accepted the zeros.
    Confirming,
    /// The stick was halted, not by the hand.
    Halted(Halt),
    /// Zeros leave before BRAKE.
    Leaving(Exit),
    /// BRAKE is on its way.
    Braking(Exit),
    Finished,
}

/// One drive.
#[derive(Debug)]
pub struct ScriptedDrive {
    session: TeleopSession,
    setpoint: Setpoint,
    length: Duration,
    timing: RequestedTiming,
    silence: Duration,
    stage: Stage,
    /// The time at which the stage began.
    since: Moment,
    /// The first question whose answer counts in this stage.
    counts_from: u64,
    last_failure: Option<String>,
    refusal: Option<(Option<Reason>, Option<String>)>,
    refused: u64,
    sent: u64,
    driven: Duration,
    actions: Vec<ScriptAction>,
}

impl ScriptedDrive {
    /// A drive that begins at `now`, before there is a link.
    #[must_use]
    pub fn new(config: ScriptConfig, now: Moment) -> Self {
        let ScriptConfig { vehicle, setpoint, length, timing, silence, id_stem } = config;
        let config =
            TeleopConfig { vehicle, timing, id_stem, neutral_for: NEUTRAL_FOR, round_trip_every: None };
        Self {
            session: TeleopSession::new(config, now),
            setpoint,
            length,
            timing,
            silence,
            stage: Stage::Connecting,
            since: now,
            counts_from: 0,
            last_failure: None,
            refusal: None,
            refused: 0,
            sent: 0,
            driven: Duration::ZERO,
            actions: Vec::new(),
        }
    }

    /// The vehicle.
    #[must_use]
    pub const fn vehicle(&self) -> &VehicleId {
        self.session.vehicle()
    }

    /// Counts a setpoint that the link has accepted.
    pub const fn count_sent(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// The time of the next [`ScriptInput::Tick`].
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        if self.stage == Stage::Finished {
            return None;
        }
        [self.stage_end(), self.session.deadline()].into_iter().flatten().min()
    }

    /// Applies one input; returns the actions that follow.
    pub fn handle(
        &mut self,
        now: Moment,
        channel: &mut VehicleSession,
        input: ScriptInput<'_>,
    ) -> Vec<ScriptAction> {
        if self.stage != Stage::Finished {
            self.apply(now, channel, input);
            self.advance(now, channel);
        }
        std::mem::take(&mut self.actions)
    }

    fn apply(&mut self, now: Moment, channel: &mut VehicleSession, input: ScriptInput<'_>) {
        match input {
            ScriptInput::LinkUp => {
                if self.stage == Stage::Connecting {
                    self.enter(now, Stage::Opening);
                }
                self.pass_on(now, channel, TeleopInput::LinkUp);
            }
            ScriptInput::LinkDown(why) => {
                self.last_failure = Some(why.to_owned());
                self.pass_on(now, channel, TeleopInput::LinkDown);
                if self.stage == Stage::Releasing {
                    self.enter(now, Stage::Halted(Halt::LinkLost));
                }
            }
            ScriptInput::Barred(fault) => self.barred(fault),
            ScriptInput::SessionGranted => self.pass_on(now, channel, TeleopInput::SessionGranted),
            ScriptInput::Answer(heard) => self.pass_on(now, channel, TeleopInput::Answer(heard)),
            ScriptInput::Message(topic, payload) => {
                self.pass_on(now, channel, TeleopInput::Message(topic, payload));
            }
            ScriptInput::Tick => {
                let holds = matches!(self.stage, Stage::ShowingNeutral | Stage::Driving);
                self.move_stick(
                    now,
                    channel,
                    if holds { StickInput::Setpoint(Some(self.setpoint)) } else { StickInput::Tick },
                );
            }
            ScriptInput::Leave(exit) => self.leave(now, channel, exit),
            ScriptInput::Braked(report) => self.braked(report),
        }
    }

    fn enter(&mut self, now: Moment, stage: Stage) {
        if self.stage == Stage::Driving {
            self.driven = now.saturating_sub(self.since);
        }
        (self.stage, self.since) = (stage, now);
        self.counts_from = self.session.next_number();
        let note = match stage {
            Stage::Opening => "asking for a session",
            Stage::ShowingNeutral => "showing neutral",
            Stage::Driving => "driving",
            Stage::Releasing => "releasing",
            Stage::Halted(_) => "halted",
            Stage::Leaving(_) => "leaving: zeros first, then BRAKE",
            Stage::Connecting | Stage::Confirming | Stage::Braking(_) | Stage::Finished => return,
        };
        self.actions.push(ScriptAction::Log(note));
    }

    fn move_stick(&mut self, now: Moment, channel: &mut VehicleSession, input: StickInput) {
        self.pass_on(now, channel, TeleopInput::Stick(input));
    }

    /// Passes one input to the session, and applies its news.
    fn pass_on(&mut self, now: Moment, channel: &mut VehicleSession, input: TeleopInput<'_>) {
        for action in self.session.handle(now, channel, input) {
            match action {
                TeleopAction::Publish(sealed) => self.actions.push(ScriptAction::Publish(sealed)),
                TeleopAction::SessionOpened if self.stage == Stage::Opening => {
                    self.enter(now, Stage::ShowingNeutral);
                    if !self.is_refused(channel) {
                        self.move_stick(now, channel, StickInput::Arm);
                        self.move_stick(now, channel, StickInput::Setpoint(Some(self.setpoint)));
                    }
                }
                TeleopAction::Confirmed(number)
                    if self.stage == Stage::Confirming && number >= self.counts_from =>
                {
                    self.succeeded();
                }
                TeleopAction::Refused(reason, detail) => {
                    self.refused = self.refused.saturating_add(1);
                    self.refusal = Some((reason, detail));
                }
                TeleopAction::SessionOpened | TeleopAction::Confirmed(_) | TeleopAction::RoundTrip(_) => {}
            }
        }
        // The description may come later than the session; nothing but neutral has left until then.
        if self.stage == Stage::ShowingNeutral && self.is_refused(channel) {
            return;
        }
        let going = matches!(self.stage, Stage::ShowingNeutral | Stage::Driving);
        if let Some(halt) = self.session.halt().filter(|_| going) {
            self.enter(now, Stage::Halted(halt));
        } else if self.stage == Stage::ShowingNeutral && self.session.phase() == StickPhase::Driving {
            self.enter(now, Stage::Driving);
        }
    }

    /// The time at which the stage ends by itself, if it does.
    fn stage_end(&self) -> Option<Moment> {
        let lasts = match self.stage {
            Stage::Driving => self.length,
            Stage::Leaving(_) => ZEROS,
            Stage::Connecting
            | Stage::Opening
            | Stage::ShowingNeutral
            | Stage::Confirming
            | Stage::Halted(_) => self.silence,
            Stage::Releasing | Stage::Braking(_) | Stage::Finished => return None,
        };
        Some(self.since.saturating_add(lasts))
    }

    fn advance(&mut self, now: Moment, channel: &mut VehicleSession) {
        let is_over = self.stage_end().is_some_and(|until| now >= until);
        match self.stage {
            Stage::Driving if is_over => {
                self.enter(now, Stage::Releasing);
                self.move_stick(now, channel, StickInput::Setpoint(None));
            }
            Stage::Releasing if self.session.is_silent() => {
                self.enter(now, Stage::Confirming);
                self.session.inquire(now);
                self.move_stick(now, channel, StickInput::Tick);
            }
            // A halted stick comes out of HOLD with zeros, as it goes in with them where it can.
            Stage::Halted(halt)
                if is_over || (self.session.phase() == StickPhase::Released && self.session.is_silent()) =>
            {
                self.halted(halt, channel);
            }
            Stage::Leaving(exit) if is_over => {
                self.enter(now, Stage::Braking(exit));
                self.actions.push(ScriptAction::Brake);
            }
            Stage::Connecting | Stage::Opening | Stage::ShowingNeutral | Stage::Confirming if is_over => {
                self.give_up(channel);
            }
            Stage::Connecting
            | Stage::Opening
            | Stage::ShowingNeutral
            | Stage::Driving
            | Stage::Releasing
            | Stage::Confirming
            | Stage::Halted(_)
            | Stage::Leaving(_)
            | Stage::Braking(_)
            | Stage::Finished => {}
        }
    }

    fn leave(&mut self, now: Moment, channel: &mut VehicleSession, exit: Exit) {
        let stick_spoke = !matches!(self.stage, Stage::Connecting | Stage::Opening);
        let already = matches!(self.stage, Stage::Leaving(_) | Stage::Braking(_));
        if self.session.is_up() && stick_spoke && !already {
            self.enter(now, Stage::Leaving(exit));
            self.move_stick(now, channel, StickInput::Setpoint(None));
        } else {
            self.left(exit);
        }
    }
}
