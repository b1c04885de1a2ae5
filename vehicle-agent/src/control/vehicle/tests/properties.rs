//! Whatever comes, in whatever order.

use super::{Scene, json};
use crate::board::sim::SimEncoders;
use crate::control::{Input, Kinematics, Moment, SafetyChecks, Setup, Vehicle, samples};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::{Epoch, Reason, Topic};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Act {
    Plain(&'static str),
    Identified(&'static str),
    /// With so many milliseconds left, perhaps none.
    Timed(&'static str, i64),
    /// One of the commands before, once more.
    Again(usize),
    Retained(&'static str),
    Noise(Vec<u8>),
    CancelOne(usize),
    LinkLost,
    LinkUp,
    EmergencyInput(bool),
    BoardFails(bool),
    SlowFile(bool),
    StoreFailed,
    Fault(Reason),
    Suspended,
    Wait(u64),
    /// Time passes, and the loop does not run.
    Stall(u64),
}

const COMMANDS: &[&str] = &[
    "TURN_ON_ENGINE",
    "TURN_OFF_ENGINE",
    "LOCK_DOORS",
    "UNLOCK_DOORS",
    "PARK",
    "PARK_IN_SAFE_PLACE",
    "TURN_ON_PARKING_LIGHTS",
    "TURN_OFF_HAZARD_LIGHTS",
    "BRAKE",
    "SET_MAX_SPEED MPH=2",
    "SET_MAX_SPEED MPH=100",
    "SET_MIN_SPEED MPH=1",
    "EMERGENCY_STOP",
    "CLEAR_EMERGENCY_STOP",
    "TAKE_CONTROL",
    "RELEASE_CONTROL",
    "HORN DURATION_MS=300",
    "REPORT_STATUS",
    "SET_SAFE_PLACE",
    "REVOKE_KEY TARGET_KEY=a",
    "FLY",
];

/// Drawn as often as all others together, so that something moves.
const MOTION: &[&str] = &[
    "TURN_ON_ENGINE",
    "ACCELERATE",
    "ACCELERATE",
    "ROTATE_RIGHT DEGREES=90",
    "ROTATE_LEFT DEGREES=0.4",
    "ROTATE_LEFT DEGREES=360",
    "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=300",
    "DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=300",
    "DRIVE MPH=3 DEGREES_PER_S=-40 HOLD_MS=500",
    "DRIVE MPH=-1000 DEGREES_PER_S=3600 HOLD_MS=100",
    "HEARTBEAT",
    "PARK_IN_SAFE_PLACE",
    "CLEAR_EMERGENCY_STOP",
];

fn command() -> impl Strategy<Value = &'static str> {
    prop_oneof![prop::sample::select(COMMANDS), prop::sample::select(MOTION)]
}

fn act() -> impl Strategy<Value = Act> {
    let faults = [Reason::GuardLost, Reason::ClockGap, Reason::ActuatorFault];
    prop_oneof![
        10 => command().prop_map(Act::Plain),
        10 => command().prop_map(Act::Identified),
        10 => (command(), -100..2_100i64).prop_map(|(words, life)| Act::Timed(words, life)),
        4 => any::<usize>().prop_map(Act::Again),
        2 => command().prop_map(Act::Retained),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Act::Noise),
        2 => any::<usize>().prop_map(Act::CancelOne),
        1 => Just(Act::LinkLost),
        1 => Just(Act::LinkUp),
        1 => any::<bool>().prop_map(Act::EmergencyInput),
        1 => prop::bool::weighted(0.3).prop_map(Act::BoardFails),
        1 => any::<bool>().prop_map(Act::SlowFile),
        1 => Just(Act::StoreFailed),
        1 => prop::sample::select(faults.to_vec()).prop_map(Act::Fault),
        1 => Just(Act::Suspended),
        16 => (0..400u64).prop_map(Act::Wait),
        4 => (400..7_000u64).prop_map(Act::Wait),
        1 => (0..3_000u64).prop_map(Act::Stall),
    ]
}

/// A scene and what its operator has said so far.
struct Play {
    scene: Scene,
    /// Each command with an ID, and how often it was sent.
    sent: Vec<(Topic, String, usize)>,
    /// When the vehicle last took a word that may renew motion.
    word: Moment,
    links: u32,
}

impl Play {
    fn new(measures: Measures, steered: bool) -> Self {
        let setup = setup(measures, steered);
        let full_speed = setup.limits.full_speed;
        let scene = match measures {
            Measures::Nothing | Measures::Perfectly => Scene::of(setup, SafetyChecks::ALL),
            Measures::Wheels(encoders, power) => Scene::encoded(setup, encoders, power * full_speed),
        };
        Self { word: scene.now, scene, sent: Vec::new(), links: 1 }
    }

    fn run(mut self, acts: &[Act]) -> Self {
        for act in acts {
            self.act(act);
        }
        self
    }

    fn act(&mut self, act: &Act) {
        let id = format!("{}", self.sent.len());
        match act {
            Act::Plain(words) => self.deliver(&json(words), false),
            Act::Identified(words) => self.remember(json(&format!("{words} ID={id}"))),
            Act::Timed(words, life) => {
                let expires = self.scene.now.clock().saturating_add_signed(*life);
                let epoch = self.scene.status().epoch;
                self.remember(json(&format!("{words} ID={id} EPOCH={epoch} EXP={expires}")));
            }
            Act::Again(n) => {
                let count = self.sent.len().max(1);
                if let Some((_, json, times)) = self.sent.get_mut(n % count) {
                    *times += 1;
                    let json = json.clone();
                    self.deliver(&json, false);
                }
            }
            Act::Retained(words) => self.deliver(&json(words), true),
            Act::Noise(bytes) => self.scene.deliver(Topic::Commands, false, bytes),
            Act::CancelOne(n) => {
                let other = n % self.sent.len().max(1);
                self.deliver(&json(&format!("CANCEL ID={other}")), false);
            }
            Act::LinkLost => self.scene.tell(Input::LinkLost),
            Act::LinkUp => {
                self.links += 1;
                self.scene.tell(Input::LinkUp { connection: self.links, dropped: 0 });
            }
            Act::EmergencyInput(open) => self.scene.emergency_input = *open,
            Act::BoardFails(fails) => self.scene.board_fails = *fails,
            Act::SlowFile(slow) => {
                self.scene.file_is_slow = *slow;
                self.scene.write();
            }
            Act::StoreFailed => {
                if self.scene.writes.pop().is_some() {
                    self.scene.tell(Input::StoreFailed("full".to_owned()));
                }
            }
            Act::Fault(reason) => self.scene.tell(Input::Fault(*reason)),
            Act::Suspended => {
                let byte = u8::try_from(self.scene.log.len() % 251).unwrap();
                self.scene.tell(Input::Suspended(Epoch([byte; 16])));
            }
            Act::Wait(millis) => self.wait(*millis),
            Act::Stall(millis) => self.scene.now = self.scene.now.after(Duration::from_millis(*millis)),
        }
        self.judge();
    }

    fn remember(&mut self, json: String) {
        self.deliver(&json, false);
        self.sent.push((Topic::Commands, json, 1));
    }

    fn deliver(&mut self, json: &str, retained: bool) {
        let before = self.scene.status();
        let stream = json.contains("\"DRIVE\"") || json.contains("\"HEARTBEAT\"");
        let topic = if stream { Topic::Drive } else { Topic::Commands };
        self.scene.deliver(topic, retained, json.as_bytes());
        let after = self.scene.status();
        let asks = json.contains("REPORT_STATUS") || json.contains("RELEASE_CONTROL");
        let admitted = after.executed > before.executed
            || (json.contains("\"HEARTBEAT\"") && after.refused == before.refused);
        if admitted && !asks {
            assert!(!retained, "{json}");
            self.word = self.scene.now;
        }
    }

    /// Lets time pass in small steps, so that the lease is judged all the while.
    fn wait(&mut self, millis: u64) {
        let mut left = millis;
        while left > 0 {
            let step = left.min(100);
            self.scene.run_for(step);
            left -= step;
            self.judge();
        }
    }

    /// No power longer after the last word than the longest lease and the braking take. A stalled loop may be late, but
    /// nothing can be judged before it runs again.
    fn judge(&mut self) {
        if self.scene.is_powered() && self.scene.log.last().is_some_and(|(at, _, _)| *at == self.scene.now) {
            let silent = self.scene.now.since(self.word);
            assert!(silent <= Duration::from_millis(5_000 + 1_300 + 120) + self.stalled(), "{silent:?}");
        }
    }

    /// The longest time in which the loop did not run.
    fn stalled(&self) -> Duration {
        let times = self.scene.log.iter().map(|(at, _, _)| *at);
        let gaps = times.clone().zip(times.skip(1)).map(|(before, after)| after.since(before));
        gaps.filter(|gap| *gap < Duration::from_secs(3)).max().unwrap_or_default()
    }

    /// Lets everything that is under way end.
    fn end(mut self) -> Self {
        self.scene.board_fails = false;
        self.scene.file_is_slow = false;
        self.scene.write();
        self.scene.run_for(130_000);
        self
    }

    /// How many terminal answers each command with an ID had.
    fn ends(&mut self) -> BTreeMap<(String, String), usize> {
        let mut ends = BTreeMap::new();
        for answer in self.scene.answers().iter().filter(|answer| answer.state.is_terminal()) {
            if let (Some(command), Some(id)) = (answer.command, &answer.id) {
                *ends.entry((command.to_string(), id.to_string())).or_default() += 1;
            }
        }
        ends
    }
}

/// What the vehicle knows of its motion.
#[derive(Clone, Copy, Debug)]
enum Measures {
    Nothing,
    Perfectly,
    /// The turns of its wheels, well or badly, with motors that give this share of the speed that is configured.
    Wheels(SimEncoders, f64),
}

fn measures() -> impl Strategy<Value = Measures> {
    let missed = prop_oneof![2 => Just(0.0), 1 => 0.0..0.6f64, 1 => Just(1.0)];
    let dies = prop::option::weighted(0.2, (1_000..30_000u64).prop_map(Moment::from_millis));
    let bad = (0.001..0.04f64, missed.clone(), missed, 0.0..0.05f64, dies, any::<u64>());
    let encoders = bad.prop_map(|(metres_per_pulse, left, right, noise, dies, seed)| SimEncoders {
        metres_per_pulse,
        missed: (left, right),
        noise,
        dies,
        seed,
    });
    prop_oneof![
        Just(Measures::Nothing),
        Just(Measures::Perfectly),
        (encoders, 0.5..1.3f64).prop_map(|(encoders, power)| Measures::Wheels(encoders, power)),
    ]
}

fn setup(measures: Measures, steered: bool) -> Setup {
    let mut setup = samples::setup();
    setup.fittings.odometry = !matches!(measures, Measures::Nothing);
    setup.autonomy.duration = Duration::from_secs(4);
    if steered {
        setup.kinematics = Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 };
    }
    setup
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The scene's oracle judges modes, speeds and slew in each step, and the play the leases.
    #[test]
    fn power_needs_a_mode_an_enable_line_a_lease_and_keeps_the_limits(
        acts in prop::collection::vec(act(), 1..120), measures in measures(), steered: bool,
    ) {
        let play = Play::new(measures, steered).run(&acts).end();
        prop_assert!(play.scene.stands(), "{:?}", play.scene.vehicle);
    }

    #[test]
    fn each_command_with_an_id_has_exactly_one_terminal_answer(
        acts in prop::collection::vec(act(), 1..120), measures in measures(),
    ) {
        let mut play = Play::new(measures, false).run(&acts).end();
        let ends = play.ends();
        for (_, json, times) in play.sent.iter().filter(|(_, json, _)| !json.contains("FLY")) {
            let envelope = vehicle_protocol::json::decode(json.as_bytes()).unwrap();
            let (name, id) = (envelope.command.name(), envelope.shape.id().unwrap().to_string());
            let count = ends.get(&(name.to_string(), id)).copied().unwrap_or_default();
            if name.is_on_drive_topic() {
                prop_assert!(count <= *times, "{json}: {count}");
            } else {
                prop_assert!(count >= 1 && count <= *times, "{json}: {count} of {times}");
            }
        }
        prop_assert!(play.scene.vehicle.running.is_empty());
    }

    #[test]
    fn the_same_inputs_lead_to_the_same_effects(
        acts in prop::collection::vec(act(), 1..80), measures in measures(),
    ) {
        let play = Play::new(measures, false).run(&acts);
        let mut vehicle = Vehicle::new(setup(measures, false), SafetyChecks::ALL);
        for (now, input, effects) in play.scene.log {
            prop_assert_eq!(vehicle.handle(now, input), effects);
        }
    }

    #[test]
    fn what_renews_nothing_never_prolongs_motion(
        begin in prop::sample::select(vec![
            "ACCELERATE ID=0", "ROTATE_LEFT DEGREES=350 ID=0", "DRIVE MPH=2 DEGREES_PER_S=9 HOLD_MS=500 ID=0",
        ]),
        noise in prop::collection::vec((0..300u64, 0..7usize), 1..40),
    ) {
        let last_power = |noise: &[(u64, usize)]| {
            let mut scene = Scene::ready();
            scene.send("DRIVE MPH=0 DEGREES_PER_S=0 HOLD_MS=500");
            scene.send(begin);
            for (wait, kind) in noise {
                scene.run_for(*wait);
                match kind {
                    0 => scene.send("REPORT_STATUS"),
                    1 => scene.send(begin),
                    2 => scene.deliver(Topic::Drive, true, json("HEARTBEAT").as_bytes()),
                    3 => scene.send("UNLOCK_DOORS"),
                    4 => scene.deliver(Topic::SessionRequest, false, br#"{"NONCE":"000102030405060708090a0b0c0d0e0f"}"#),
                    5 => scene.deliver(Topic::Commands, false, b"{}"),
                    _ => scene.send("ACCELERATE ID=x EPOCH=07070707070707070707070707070707 EXP=3"),
                }
                if scene.stands() {
                    break;
                }
            }
            scene.run_for(20_000);
            let last = scene.trace.iter().rev().find(|(_, outputs, _)| outputs.drivetrain.is_powered());
            last.map(|(at, _, _)| at.clock()).unwrap_or_default()
        };
        let (quiet, noisy) = (last_power(&[]), last_power(&noise));
        prop_assert!(noisy <= quiet + 100, "{noisy} after {quiet}");
    }
}

#[test]
fn a_flood_does_not_make_its_memory_grow() {
    let mut scene = Scene::ready();
    let mut sizes = Vec::new();
    for round in 0..3 {
        for n in 0..400 {
            let id = round * 10_000 + n;
            for words in COMMANDS.iter().chain(MOTION) {
                let words = format!("{words} ID={id}-{}", words.len());
                let timed = scene.timed(&words, 1_900);
                scene.send(if n % 3 == 0 { &timed } else { &words });
            }
            scene.deliver(Topic::Commands, false, &[b'['; 20]);
            scene.reports.clear();
            scene.log.clear();
        }
        sizes.push(format!("{:?}", scene.vehicle).len());
        scene.run_for(3_000);
    }
    assert!(sizes[2] <= sizes[1] + sizes[1] / 10, "{sizes:?}");
}
