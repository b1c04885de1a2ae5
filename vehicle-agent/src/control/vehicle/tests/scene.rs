//! A vehicle and what stands around it in the agent: a board, the file of the emergency stop, the loop. Time is virtual.

use super::oracle::Oracle;
use crate::board::Board;
use crate::board::sim::{SimBoard, SimEncoders, SimOptions};
use crate::control::{
    Cause, Effects, Input, Limits, Moment, Outputs, Received, Report, SafetyChecks, Sensed, Setup, Vehicle,
    samples,
};
use std::time::Duration;
use vehicle_protocol::{
    Answer, CommandName, Event, EventKind, Reason, SessionAnswer, State, Status, Telemetry, Topic,
};

#[expect(clippy::struct_excessive_bools, reason = "each is a part of the world around the vehicle")]
/// The vehicle as the loop drives it: handle, apply, handle that, publish.
pub(crate) struct Scene {
    pub(crate) vehicle: Vehicle,
    pub(crate) now: Moment,
    /// Measures, if there is one; without, the core reckons.
    board: Option<SimBoard>,
    pub(crate) board_fails: bool,
    pub(crate) emergency_input: bool,
    /// What the emergency stop's file holds.
    pub(crate) file: bool,
    /// Writes that wait, while the file is slow.
    pub(crate) writes: Vec<bool>,
    pub(crate) file_is_slow: bool,
    pub(crate) effects: Effects,
    /// Every change of the outputs.
    pub(crate) trace: Vec<(Moment, Outputs, Cause)>,
    pub(crate) reports: Vec<(Moment, Report)>,
    /// How often the deadline was met.
    pub(crate) wakes: usize,
    oracle: Oracle,
    /// Everything that went in and came out.
    pub(crate) log: Vec<(Moment, Input, Effects)>,
}

impl Scene {
    pub(crate) fn of(setup: Setup, checks: SafetyChecks) -> Self {
        let odometry = setup.fittings.odometry;
        let board = odometry.then(|| board(&setup, None, setup.limits.full_speed));
        Self::on(setup, checks, board)
    }

    /// On the simulated board with encoders, whose motors give `full_speed` m/s at full power.
    pub(crate) fn encoded(mut setup: Setup, encoders: SimEncoders, full_speed: f64) -> Self {
        setup.fittings.odometry = true;
        let board = board(&setup, Some(encoders), full_speed);
        Self::on(setup, SafetyChecks::ALL, Some(board))
    }

    fn on(setup: Setup, checks: SafetyChecks, board: Option<SimBoard>) -> Self {
        let file = setup.emergency_stopped;
        let mut vehicle = Vehicle::new(setup, checks);
        let now = Moment::from_millis(1_000);
        let effects = vehicle.handle(now, Input::LinkUp { connection: 1, dropped: 0 });
        let mut scene = Self {
            vehicle,
            now,
            board,
            board_fails: false,
            emergency_input: false,
            file,
            writes: Vec::new(),
            file_is_slow: false,
            effects: effects.clone(),
            trace: Vec::new(),
            reports: Vec::new(),
            wakes: 0,
            oracle: Oracle::default(),
            log: vec![(now, Input::LinkUp { connection: 1, dropped: 0 }, effects.clone())],
        };
        scene.carry_out(effects);
        scene
    }

    /// Connected, skid steer, no odometry.
    pub(crate) fn new() -> Self {
        Self::of(samples::setup(), SafetyChecks::ALL)
    }

    pub(crate) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = samples::setup();
        change(&mut setup);
        Self::of(setup, SafetyChecks::ALL)
    }

    /// On the simulated board, which measures and has mass and lag.
    pub(crate) fn measured() -> Self {
        Self::with(|setup| setup.fittings.odometry = true)
    }

    /// With the engine on.
    pub(crate) fn ready() -> Self {
        Self::new().started()
    }

    pub(crate) fn started(mut self) -> Self {
        assert_eq!(self.ask("TURN_ON_ENGINE"), "SUCCEEDED");
        self
    }

    /// Rolling at the speed of `steps` ACCELERATEs.
    pub(crate) fn rolling(mut self, steps: usize) -> Self {
        for _ in 0..steps {
            assert_eq!(self.ask("ACCELERATE"), "SUCCEEDED");
        }
        self.run_for(3_000);
        self.answers();
        self
    }

    pub(crate) fn tell(&mut self, input: Input) {
        let effects = self.handle(input);
        self.carry_out(effects);
    }

    fn handle(&mut self, input: Input) -> Effects {
        let effects = self.vehicle.handle(self.now, input.clone());
        self.oracle.judge(self.now, &self.vehicle, &effects);
        self.log.push((self.now, input, effects.clone()));
        effects
    }

    fn carry_out(&mut self, effects: Effects) {
        let Effects { outputs, ref cause, .. } = effects;
        let store = effects.store;
        if self.effects.outputs != outputs || self.trace.is_empty() {
            self.trace.push((self.now, outputs, cause.clone()));
        }
        if let Some(board) = &mut self.board {
            board.apply(self.now, &outputs, cause).expect("it keeps no files");
        }
        self.note(effects);
        let result =
            if self.board_fails { Input::BoardFailed("left: stuck".to_owned()) } else { Input::Applied };
        let after = self.handle(result);
        self.note(after);
        self.writes.extend(store);
        if !self.file_is_slow {
            self.write();
        }
    }

    fn note(&mut self, effects: Effects) {
        self.reports.extend(effects.reports.iter().map(|report| (self.now, report.clone())));
        self.effects = effects;
    }

    /// The file catches up.
    pub(crate) fn write(&mut self) {
        for set in std::mem::take(&mut self.writes) {
            self.file = set;
            self.tell(Input::Stored(set));
        }
    }

    /// Lets time pass, answering at each deadline.
    pub(crate) fn run_for(&mut self, millis: u64) {
        let end = self.now.after(Duration::from_millis(millis));
        let mut spins = 0;
        while let Some(deadline) = self.deadline().filter(|deadline| *deadline <= end) {
            spins = if deadline > self.now { 0 } else { spins + 1 };
            assert!(spins < 3, "the loop spins at {:?} for {deadline:?}: {:?}", self.now, self.vehicle);
            self.now = self.now.max(deadline);
            self.wakes += 1;
            self.tick();
        }
        self.now = end;
    }

    /// Lets time pass with an operator who sends a heartbeat each second.
    pub(crate) fn run_attended(&mut self, seconds: usize) {
        for _ in 0..seconds {
            self.send("HEARTBEAT");
            self.run_for(1_000);
        }
    }

    /// As the loop has it: a board that failed is tried again.
    fn deadline(&self) -> Option<Moment> {
        let retry = self.board_fails.then(|| self.now.after(Duration::from_millis(100)));
        self.vehicle.deadline().into_iter().chain(retry).min()
    }

    /// The sensors measure nothing any more.
    pub(crate) fn lose_sensors(&mut self) {
        self.board = None;
    }

    pub(crate) fn tick(&mut self) {
        let sensed = self.board.as_mut().map(|board| board.sense(self.now)).unwrap_or_default();
        self.tell(Input::Sensed(Sensed { emergency_stop: self.emergency_input, ..sensed }));
    }

    /// Runs until it holds; says after how many milliseconds.
    pub(crate) fn run_until(&mut self, most: u64, mut holds: impl FnMut(&mut Self) -> bool) -> u64 {
        for millis in 0..=most {
            if holds(self) {
                return millis;
            }
            self.run_for(1);
        }
        panic!("not within {most} ms: {:?}", self.outputs());
    }

    /// Sends a command given as `CMD KEY=VALUE…` on the topic where it belongs.
    pub(crate) fn send(&mut self, words: &str) {
        self.send_json(&json(words));
    }

    pub(crate) fn send_json(&mut self, json: &str) {
        let drive = json.contains("\"DRIVE\"") || json.contains("\"HEARTBEAT\"");
        self.deliver(if drive { Topic::Drive } else { Topic::Commands }, false, json.as_bytes());
    }

    pub(crate) fn deliver(&mut self, topic: Topic, retained: bool, payload: &[u8]) {
        self.tell(Input::Received(Received { topic, retained, payload: payload.to_vec() }));
    }

    /// Sends a command and gives its terminal answers, as [`ends`] has them.
    pub(crate) fn ask(&mut self, words: &str) -> String {
        self.answers();
        self.send(words);
        self.ends()
    }

    /// A timed command with `life` milliseconds left.
    pub(crate) fn timed(&self, words: &str, life: u64) -> String {
        format!("{words} EPOCH={} EXP={}", "07".repeat(16), self.now.clock() + life)
    }

    /// Drives with a stick for `millis`, 20 setpoints a second, having shown it released.
    pub(crate) fn stick(&mut self, setpoint: &str, millis: u64) {
        self.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=200");
        for _ in 0..millis / 50 {
            self.send(&format!("DRIVE {setpoint} HOLD_MS=200"));
            self.run_for(50);
        }
    }

    fn take<T>(&mut self, mut wanted: impl FnMut(&Report) -> Option<T>) -> Vec<T> {
        let mut taken = Vec::new();
        self.reports.retain(|(_, report)| wanted(report).map(|item| taken.push(item)).is_none());
        taken
    }

    pub(crate) fn answers(&mut self) -> Vec<Answer> {
        self.take(|report| {
            let (Report::Answer(answer) | Report::Compact(answer)) = report else { return None };
            Some(answer.clone())
        })
    }

    pub(crate) fn sessions(&mut self) -> Vec<SessionAnswer> {
        self.take(|report| if let Report::Session(answer) = report { Some(answer.clone()) } else { None })
    }

    /// The terminal answers since the last look: `STATE REASON`, with the ID before it where there is one.
    pub(crate) fn ends(&mut self) -> String {
        let answers = self.answers();
        let ends: Vec<String> = answers.iter().filter(|answer| answer.state.is_terminal()).map(end).collect();
        ends.join(", ")
    }

    pub(crate) fn events(&mut self) -> Vec<(EventKind, Option<Reason>)> {
        self.event_reports().iter().map(|event| (event.event, event.cause)).collect()
    }

    /// The audit record: `BY COMMAND STATE REASON xCOUNT`.
    pub(crate) fn audits(&mut self) -> Vec<String> {
        let audits = self.take(|report| {
            let Report::Event(event) = report else { return None };
            (event.event == EventKind::Command).then(|| event.clone())
        });
        let told = |event: &Event| {
            let reason = event.cause.map(|cause| format!(" {cause}")).unwrap_or_default();
            let count = event.count.map(|count| format!(" x{count}")).unwrap_or_default();
            let command = event.command.map_or("-", CommandName::as_str);
            let state = event.state.map_or("-", State::as_str);
            format!("{} {command} {state}{reason}{count}", event.by.as_deref().unwrap_or("-"))
        };
        audits.iter().map(told).collect()
    }

    /// The events, but for the one that every vehicle begins with and for what became of commands.
    pub(crate) fn event_reports(&mut self) -> Vec<Event> {
        let mut events =
            self.take(|report| if let Report::Event(event) = report { Some(event.clone()) } else { None });
        events.retain(|event| !matches!(event.event, EventKind::Started | EventKind::Command));
        events
    }

    pub(crate) fn statuses(&mut self) -> Vec<Status> {
        self.take(|report| if let Report::Status(status) = report { Some((**status).clone()) } else { None })
    }

    pub(crate) fn telemetry(&mut self) -> Vec<Telemetry> {
        self.take(
            |report| if let Report::Telemetry(telemetry) = report { Some(telemetry.clone()) } else { None },
        )
    }

    /// The whole state as it would be told now.
    pub(crate) fn status(&self) -> Status {
        self.vehicle.status(self.now)
    }

    pub(crate) const fn outputs(&self) -> Outputs {
        self.effects.outputs
    }

    pub(crate) fn is_powered(&self) -> bool {
        self.outputs().drivetrain.is_powered()
    }

    pub(crate) fn stands(&self) -> bool {
        !self.is_powered() && self.vehicle.motion.is_standing()
    }
}

fn board(setup: &Setup, encoders: Option<SimEncoders>, full_speed: f64) -> SimBoard {
    let options = SimOptions { encoders, ..SimOptions::default() };
    let limits = Limits { full_speed, ..setup.limits };
    SimBoard::new(setup.kinematics, &limits, &options).expect("it keeps no files")
}

fn end(answer: &Answer) -> String {
    let id = answer.id.as_ref().map(|id| format!("{id}: "));
    let reason = answer.reason.map(|reason| format!(" {reason}"));
    format!("{}{}{}", id.unwrap_or_default(), answer.state, reason.unwrap_or_default())
}

/// `CMD KEY=VALUE…` as JSON; numbers are numbers but for an ID and for bytes.
pub(crate) fn json(words: &str) -> String {
    let mut words = words.split_whitespace();
    let mut json = format!("{{\"CMD\":\"{}\"", words.next().expect("a command"));
    for (key, value) in words.filter_map(|word| word.split_once('=')) {
        let is_text = matches!(key, "ID" | "EPOCH" | "KEY" | "SID" | "MAC" | "TARGET_KEY");
        let quote = if is_text { "\"" } else { "" };
        json.extend([",\"", key, "\":", quote, value, quote]);
    }
    json + "}"
}
