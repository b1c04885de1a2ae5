//! A hand and a vehicle that answers it, by tables.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers are small")]

use super::*;
use vehicle_protocol::{Command, Encoding, Epoch, LimitsDescription, Mph, Nonce, Setpoint, json};

const fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

/// A session with a hand on it, and a vehicle that answers each question after a while.
struct Scene {
    session: TeleopSession,
    channel: VehicleSession,
    now: Moment,
    hand: StickInput,
    way: Duration,
    coming: Vec<(Moment, String)>,
    left: Vec<(Moment, Mph)>,
    /// HOLD_MS of each setpoint.
    holds: Vec<u64>,
    round_trips: Vec<Duration>,
}

impl Scene {
    /// Armed, with a session, at neutral.
    fn ready() -> Self {
        let config = TeleopConfig {
            vehicle: "rover-1".parse().unwrap(),
            timing: RequestedTiming::default(),
            id_stem: "abc".to_owned(),
            neutral_for: Duration::ZERO,
            round_trip_every: Some(at(500)),
        };
        let mut channel = VehicleSession::new(config.vehicle.clone(), None, Encoding::Json, Nonce([1; 16]));
        channel.describe(LimitsDescription { max_hold_ms: 500, ..LimitsDescription::default() });
        let mut scene = Self {
            channel,
            session: TeleopSession::new(config, at(0)),
            now: at(0),
            hand: StickInput::Tick,
            way: at(10),
            coming: Vec::new(),
            left: Vec::new(),
            holds: Vec::new(),
            round_trips: Vec::new(),
        };
        scene.feed(TeleopInput::LinkUp);
        let (nonce, epoch) = (Nonce([1; 16]), Epoch([7; 16]));
        let text = format!(r#"{{"NONCE":"{nonce}","EPOCH":"{epoch}","CLOCK":60000}}"#);
        assert!(scene.channel.ask(at(0)).is_some(), "a session is wanted");
        assert!(scene.channel.agree(text.as_bytes(), at(0)).unwrap().is_some());
        scene.feed(TeleopInput::SessionGranted);
        scene.feed(TeleopInput::Stick(StickInput::Arm));
        scene.run(1_000);
        assert_eq!((scene.session.state(), scene.left.len()), (StickState::Ready, 0));
        scene
    }

    fn hand(&mut self, mph: Option<f64>) {
        let setpoint = mph.map(|mph| Setpoint { speed: Mph::new(mph), ..Setpoint::default() });
        self.hand = setpoint.map_or(StickInput::Tick, |setpoint| StickInput::Setpoint(Some(setpoint)));
        self.feed(TeleopInput::Stick(StickInput::Setpoint(setpoint)));
    }

    fn feed(&mut self, input: TeleopInput<'_>) {
        for action in self.session.handle(self.now, &mut self.channel, input) {
            match action {
                TeleopAction::Publish(sealed) if sealed.topic == Topic::Drive => {
                    let command = json::decode(&sealed.payload).unwrap().command;
                    let Command::Drive(setpoint) = command else { panic!("{sealed:?}") };
                    self.left.push((self.now, setpoint.speed));
                    self.holds.push(setpoint.hold_ms);
                }
                TeleopAction::Publish(sealed) => {
                    let id = json::decode(&sealed.payload).unwrap().shape.id().unwrap().to_string();
                    let answer = format!(r#"{{"CMD":"REPORT_STATUS","ID":"{id}","STATE":"SUCCEEDED"}}"#);
                    self.coming.push((self.now + self.way, answer));
                }
                TeleopAction::RoundTrip(round_trip) => self.round_trips.push(round_trip),
                TeleopAction::SessionOpened | TeleopAction::Confirmed(_) | TeleopAction::Refused(..) => {}
            }
        }
    }

    fn run(&mut self, milliseconds: u64) {
        loop {
            let answer = self.coming.first().map(|(due, _)| *due);
            let next = [self.session.deadline(), answer].into_iter().flatten().min();
            let Some(due) = next.filter(|due| *due <= at(milliseconds)) else { break };
            self.now = self.now.max(due);
            if answer.is_some_and(|answer| answer <= self.now) {
                let (_, text) = self.coming.remove(0);
                let heard = self.channel.open(text.as_bytes(), self.now).unwrap().unwrap();
                self.feed(TeleopInput::Answer(&heard));
            } else {
                self.feed(TeleopInput::Stick(self.hand));
            }
        }
        self.now = at(milliseconds);
    }

    fn status(&mut self, mode: &str) {
        self.feed(TeleopInput::Message(Topic::Status, format!(r#"{{"mode":"{mode}"}}"#).as_bytes()));
    }

    fn moves(&self) -> Vec<(Moment, Mph)> {
        self.left.iter().copied().filter(|(_, speed)| !speed.is_zero()).collect()
    }
}

#[test]
fn a_press_shows_neutral_asks_at_once_and_drives_one_way_there_and_back_later() {
    let mut scene = Scene::ready();
    scene.hand(Some(2.0));
    scene.run(1_200);
    assert_eq!(scene.left.first(), Some(&(at(1_000), Mph::ZERO)));
    assert_eq!(scene.moves().first(), Some(&(at(1_020), Mph::new(2.0))));
    scene.hand(None);
    scene.run(3_000);
    assert_eq!(scene.left.last(), Some(&(at(1_500), Mph::ZERO)), "zeros for a moment, then silence");
    assert!(scene.moves().last() <= Some(&(at(1_200), Mph::new(2.0))));
}

#[test]
fn an_answer_to_an_older_question_does_not_say_that_neutral_was_taken() {
    let mut scene = Scene::ready();
    scene.way = at(400);
    scene.run(2_010);
    assert!(!scene.coming.is_empty(), "a question is under way");
    scene.hand(Some(2.0));
    scene.run(2_405);
    assert_eq!(scene.moves(), Vec::new());
    scene.run(2_500);
    assert_eq!(
        scene.moves().first().map(|(_, speed)| *speed),
        Some(Mph::new(0.5)),
        "and a slow way is capped"
    );
}

#[test]
fn the_round_trip_is_measured_all_the_time() {
    let mut scene = Scene::ready();
    scene.run(5_000);
    assert!(scene.round_trips.len() >= 8, "{:?}", scene.round_trips);
    assert!(scene.round_trips.iter().all(|round_trip| *round_trip == at(10)));
}

#[test]
fn an_emergency_stop_by_somebody_else_is_one_here_until_the_vehicle_shows_its_end() {
    let mut scene = Scene::ready();
    scene.hand(Some(2.0));
    scene.run(1_200);
    scene.status("emergency_stop");
    let last = scene.moves().last().copied();
    scene.run(1_300);
    scene.hand(None);
    scene.hand(Some(2.0));
    scene.run(2_000);
    assert_eq!((scene.session.state(), scene.moves().last().copied()), (StickState::Estop, last));
    scene.status("off");
    assert_eq!(scene.session.state(), StickState::Disarmed);
    scene.feed(TeleopInput::Stick(StickInput::EmergencyStop));
    scene.status("off");
    assert_eq!(
        scene.session.state(),
        StickState::Estop,
        "what was shown before the stop arrived ends nothing"
    );
}

#[test]
fn without_a_link_nothing_is_asked_and_its_return_moves_nothing() {
    let mut scene = Scene::ready();
    scene.hand(Some(2.0));
    scene.run(1_200);
    let moves = scene.moves();
    scene.feed(TeleopInput::LinkDown);
    scene.coming.clear();
    let questions = scene.round_trips.len();
    scene.run(5_000);
    assert_eq!((scene.session.state(), scene.round_trips.len()), (StickState::Hold, questions));
    scene.feed(TeleopInput::LinkUp);
    scene.run(6_000);
    assert_eq!((scene.session.state(), scene.moves()), (StickState::Hold, moves));
    scene.hand(None);
    assert_eq!(scene.session.state(), StickState::Ready);
}

#[test]
fn setpoints_keep_to_the_hold_that_the_vehicle_publishes() {
    for (max_hold_ms, hold_ms, period) in [(0, 100, 25), (100, 100, 25), (160, 160, 40), (500, 300, 50)] {
        let mut scene = Scene::ready();
        scene.channel.describe(LimitsDescription { max_hold_ms, ..LimitsDescription::default() });
        scene.hand(Some(2.0));
        scene.run(1_500);
        assert!(scene.holds.iter().all(|hold| *hold == hold_ms), "{max_hold_ms}: {:?}", scene.holds);
        let moves = scene.moves();
        let gaps: Vec<_> = moves.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).collect();
        assert!(!gaps.is_empty() && gaps.iter().all(|gap| *gap == at(period)), "{max_hold_ms}: {gaps:?}");
    }
}
