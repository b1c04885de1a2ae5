//! An operator's program: it sends what a person at a keyboard or a stick would, and does not know what the network does.

use std::time::Duration;

use fastrand::Rng;
use vehicle_protocol::{
    Answer, Command, CommandId, Degrees, DegreesPerSecond, Envelope, Epoch, Mph, Reason, SessionAnswer,
    Setpoint, Shape,
};

use super::network::nanoseconds;

/// How often it does something: 20 Hz, as screens send setpoints.
pub(super) const PACE: Duration = Duration::from_millis(50);
/// Heartbeats go out with every fourth turn.
const BEAT: u64 = 4;

/// How its commands are told apart and kept fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Identified,
    Timed,
}

/// What it is at.
#[derive(Clone, Copy, Debug)]
enum Activity {
    Looking,
    Commands,
    Stick { speed: f64, turn: f64, hold_ms: u64, pressed_after: u64 },
}

/// What the program wants to send.
#[derive(Debug)]
pub(super) enum Wish {
    Command(Envelope),
    Session,
}

/// One operator's program.
#[derive(Debug)]
pub(super) struct Operator {
    number: usize,
    style: Style,
    /// Epoch, CLOCK in milliseconds, and when that came.
    session: Option<(Epoch, u64, u64)>,
    wants_session: bool,
    stubborn: bool,
    activity: Activity,
    next: u64,
    turn: u64,
}

impl Operator {
    pub(super) fn new(number: usize, rng: &mut Rng) -> Self {
        let style = match rng.u8(0..10) {
            0 => Style::Plain,
            1 | 2 => Style::Identified,
            _ => Style::Timed,
        };
        Self {
            number,
            style,
            session: None,
            wants_session: true,
            stubborn: rng.bool(),
            activity: Activity::Commands,
            next: 0,
            turn: 0,
        }
    }

    /// Begins anew, as a program that has been started again.
    pub(super) fn restart(&mut self) {
        (self.session, self.wants_session, self.turn) = (None, true, 0);
        self.activity = Activity::Commands;
    }

    pub(super) fn hear_session(&mut self, now: u64, answer: &SessionAnswer) {
        self.session = Some((answer.epoch, answer.clock, now));
        self.wants_session = false;
    }

    /// A stubborn one goes on with the epoch that it knows.
    pub(super) fn hear_answer(&mut self, answer: &Answer) {
        let stale = matches!(answer.reason, Some(Reason::BadEpoch | Reason::Expired | Reason::TtlTooLong));
        self.wants_session |= stale && !self.stubborn;
    }

    /// What it sends in this turn.
    pub(super) fn act(&mut self, now: u64, rng: &mut Rng) -> Vec<Wish> {
        self.turn = self.turn.saturating_add(1);
        let mut wishes = Vec::new();
        if self.wants_session && self.turn % BEAT == 1 {
            wishes.push(Wish::Session);
        }
        if rng.u8(0..40) == 0 {
            self.choose(rng);
        }
        let commands = match self.activity {
            Activity::Looking => (rng.u8(0..10) == 0).then_some(Command::ReportStatus).into_iter().collect(),
            Activity::Commands => self.command(rng),
            Activity::Stick { speed, turn, hold_ms, pressed_after } => {
                let pressed = self.turn > pressed_after;
                let (speed, turn) = if pressed { (speed, turn) } else { (0.0, 0.0) };
                let (speed, turn_rate) = (Mph::new(speed), DegreesPerSecond::new(turn));
                vec![Command::Drive(Setpoint { speed, turn_rate, hold_ms })]
            }
        };
        wishes.extend(
            commands.into_iter().filter_map(|command| self.wrap(now, rng, command)).map(Wish::Command),
        );
        wishes
    }

    fn choose(&mut self, rng: &mut Rng) {
        self.activity = match rng.u8(0..10) {
            0 => Activity::Looking,
            1..=4 => Activity::Commands,
            _ => Activity::Stick {
                speed: f64::from(rng.i8(-3..=4)),
                turn: f64::from(rng.i8(-30..=30)),
                hold_ms: rng.u64(100..=500),
                pressed_after: self.turn.saturating_add(rng.u64(0..5)),
            },
        };
    }

    fn command(&self, rng: &mut Rng) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.turn.is_multiple_of(BEAT) {
            commands.push(Command::Heartbeat);
        }
        if self.turn == 2 {
            commands.push(Command::TurnOnEngine);
        } else if rng.u8(0..6) == 0 {
            commands.push(any(rng));
        }
        commands
    }

    fn wrap(&mut self, now: u64, rng: &mut Rng, command: Command) -> Option<Envelope> {
        if self.style == Style::Plain && rng.u8(0..4) > 0 {
            return Some(Envelope { command, shape: Shape::Plain });
        }
        self.next = self.next.saturating_add(1);
        let id: CommandId = format!("{}-{}", self.number, self.next).parse().ok()?;
        if let Command::Cancel(_) = command {
            let last: CommandId = format!("{}-{}", self.number, self.next.saturating_sub(1)).parse().ok()?;
            return Some(Envelope { command: Command::Cancel(last.clone()), shape: Shape::Identified(last) });
        }
        let shape = match self.session {
            Some((epoch, clock, heard)) if self.style == Style::Timed => {
                let life = command.name().longest_life().min(Duration::from_millis(rng.u64(500..=1_500)));
                let since = now.saturating_sub(heard).saturating_add(nanoseconds(life)) / 1_000_000;
                Shape::Timed { id, epoch, expires: clock.saturating_add(since) }
            }
            // A console waits for its session rather than send what might come late.
            None if self.style == Style::Timed => return None,
            _ => Shape::Identified(id),
        };
        Some(Envelope { command, shape })
    }
}

fn any(rng: &mut Rng) -> Command {
    let degrees = Degrees::new(f64::from(rng.u8(1..=90)));
    match rng.u8(0..26) {
        0..=2 => Command::TurnOnEngine,
        3..=7 => Command::Accelerate,
        8..=9 => Command::RotateRight(degrees),
        10 => Command::RotateLeft(degrees),
        11..=12 => Command::Brake,
        13 => Command::Park,
        14 => Command::TurnOffEngine,
        15 => Command::EmergencyStop,
        16..=17 => Command::ClearEmergencyStop,
        18 => Command::TurnOnHeadlights,
        19 => Command::TurnOffHeadlights,
        20 => Command::SetMaxSpeed(Mph::new(f64::from(rng.u8(1..=5)))),
        21 => Command::ParkInSafePlace,
        // Its ID is put in when it is sent.
        22 => "x".parse().map_or(Command::Heartbeat, Command::Cancel),
        23 => Command::ReleaseControl,
        24 => Command::LockDoors,
        _ => Command::ReportStatus,
    }
}
