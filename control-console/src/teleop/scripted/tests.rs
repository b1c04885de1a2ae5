//! A drive by tables: what leaves, and how it ends.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers are small")]

use super::*;
use crate::teleop::Outcome;
use crate::transaction::Outcome as Sent;
use proptest::prelude::*;
use vehicle_protocol::{Command, CommandName, Encoding, Epoch, LimitsDescription, Mph, Nonce, json};

const fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

/// A drive, a vehicle that hears it, and what has left.
struct Scene {
    drive: ScriptedDrive,
    channel: VehicleSession,
    now: Moment,
    /// Speed and EXP of each setpoint, with the moment.
    setpoints: Vec<(Moment, f64, u64)>,
    /// The ID of the last REPORT_STATUS that is not answered yet.
    knock: Option<String>,
    requests: usize,
    brakes: usize,
    answers: bool,
    report: Option<Report>,
}

fn config() -> ScriptConfig {
    ScriptConfig {
        vehicle: "rover-1".parse().unwrap(),
        setpoint: Setpoint { speed: Mph::new(2.0), ..Setpoint::default() },
        length: at(2_000),
        // That of a vehicle which allows 300 ms or more.
        timing: RequestedTiming { period: Some(at(50)), hold: Some(at(300)) },
        silence: at(5_000),
        id_stem: "abc".to_owned(),
    }
}

impl Scene {
    fn new() -> Self {
        Self {
            channel: VehicleSession::new(config().vehicle, None, Encoding::Json, Nonce([1; 16])),
            drive: ScriptedDrive::new(config(), at(0)),
            now: at(0),
            setpoints: Vec::new(),
            knock: None,
            requests: 0,
            brakes: 0,
            answers: true,
            report: None,
        }
    }

    /// A scene that drives since some 200 ms.
    fn driving() -> Self {
        let mut scene = Self::new();
        scene.feed(ScriptInput::LinkUp);
        scene.session(7, 60_000);
        scene.run(500);
        assert_eq!(scene.drive.stage, Stage::Driving);
        scene
    }

    fn feed(&mut self, input: ScriptInput<'_>) {
        if matches!(input, ScriptInput::LinkUp) {
            self.channel.ask_anew();
        }
        for action in self.drive.handle(self.now, &mut self.channel, input) {
            match action {
                ScriptAction::Publish(sealed) => self.published(sealed.topic, &sealed.payload),
                ScriptAction::Brake => self.brakes += 1,
                ScriptAction::Log(_) => {}
                ScriptAction::Finished(report) => self.report = Some(report),
            }
        }
        self.requests += usize::from(self.channel.ask(self.now).is_some());
        if let Some(id) = self.knock.take_if(|_| self.answers) {
            self.answer("REPORT_STATUS", &id, r#""STATE":"SUCCEEDED""#);
        }
    }

    fn published(&mut self, topic: Topic, payload: &[u8]) {
        let envelope = json::decode(payload).unwrap();
        if topic == Topic::Drive {
            self.drive.count_sent();
            let Command::Drive(setpoint) = envelope.command else { panic!("{envelope:?}") };
            let expires = envelope.shape.expires().unwrap();
            self.setpoints.push((self.now, setpoint.speed.get(), expires));
        } else {
            assert_eq!((topic, envelope.command.name()), (Topic::Commands, CommandName::ReportStatus));
            self.knock = envelope.shape.id().map(ToString::to_string);
        }
    }

    fn answer(&mut self, name: &str, id: &str, more: &str) {
        let text = format!(r#"{{"CMD":"{name}","ID":"{id}",{more}}}"#);
        let heard = self.channel.open(text.as_bytes(), self.now).unwrap().unwrap();
        self.feed(ScriptInput::Answer(&heard));
    }

    fn refuse(&mut self, reason: &str) {
        self.answer("DRIVE", "abc-1", &format!(r#""STATE":"REJECTED","REASON":"{reason}""#));
    }

    fn session(&mut self, epoch: u8, clock: u64) {
        let (nonce, epoch) = (Nonce([1; 16]), Epoch([epoch; 16]));
        let text = format!(r#"{{"NONCE":"{nonce}","EPOCH":"{epoch}","CLOCK":{clock}}}"#);
        if self.channel.agree(text.as_bytes(), self.now).unwrap().is_some() {
            self.feed(ScriptInput::SessionGranted);
        }
    }

    /// Lets time pass up to `milliseconds`, or to the end.
    fn run(&mut self, milliseconds: u64) {
        while let Some(due) = self.due().filter(|due| *due <= at(milliseconds)) {
            self.now = self.now.max(due);
            self.feed(ScriptInput::Tick);
        }
        self.now = self.now.max(at(milliseconds));
    }

    fn due(&self) -> Option<Moment> {
        let asks = self.channel.deadline().filter(|_| self.drive.session.is_up());
        asks.into_iter().chain(self.drive.deadline()).min().filter(|_| self.report.is_none())
    }

    fn end(&mut self) -> Report {
        self.run(60_000);
        self.report.take().expect("an end")
    }

    /// When the last setpoint left that was not neutral.
    fn last_move(&self) -> Option<Moment> {
        self.setpoints.iter().rev().find(|(_, mph, _)| *mph != 0.0).map(|(moment, ..)| *moment)
    }
}

#[test]
fn a_drive_shows_neutral_drives_releases_and_asks_whether_that_was_taken() {
    let mut scene = Scene::driving();
    let report = scene.end();
    assert_eq!((report.exit, report.outcome, report.driven), (Exit::Done, Outcome::Succeeded, at(2_000)));
    assert_eq!(report.setpoints_sent, u64::try_from(scene.setpoints.len()).unwrap());
    let zeros =
        |setpoints: &[(Moment, f64, u64)]| setpoints.iter().take_while(|(_, mph, _)| *mph == 0.0).count();
    let mut backwards = scene.setpoints.clone();
    backwards.reverse();
    assert!(zeros(&scene.setpoints) >= 3 && zeros(&backwards) >= 6, "{:?}", scene.setpoints);
    assert!(scene.setpoints.windows(2).all(|pair| pair[0].2 < pair[1].2), "EXP rises");
}

#[test]
fn what_the_vehicle_refuses_is_not_pushed_on_with() {
    for reason in [
        "ENGINE_OFF",
        "EMERGENCY_STOPPED",
        "FAILSAFE",
        "NOT_IN_CONTROL",
        "NOT_NEUTRAL",
        "EXPIRED",
        "BAD_COUNTER",
    ] {
        let mut scene = Scene::driving();
        scene.refuse(reason);
        let stopped = scene.now;
        let report = scene.end();
        assert_eq!((report.exit, report.outcome, report.refused), (Exit::NotSucceeded, Outcome::Failed, 1));
        assert_eq!(report.reason.map(Reason::as_str), Some(reason));
        assert!(report.next_step.is_some() && scene.last_move() <= Some(stopped), "{reason}");
    }
}

#[test]
fn what_is_refused_at_neutral_moves_nothing_at_all() {
    let mut scene = Scene::new();
    scene.feed(ScriptInput::LinkUp);
    scene.session(7, 60_000);
    scene.refuse("ENGINE_OFF");
    let report = scene.end();
    assert_eq!((report.exit, report.outcome), (Exit::NotSucceeded, Outcome::Rejected));
    assert_eq!(report.next_step.as_deref(), Some("control-console send rover-1 turn-on-engine"));
    assert_eq!(scene.last_move(), None);
}

#[test]
fn another_boot_at_neutral_is_asked_for_its_clock_and_then_driven() {
    let mut scene = Scene::new();
    scene.answers = false;
    scene.feed(ScriptInput::LinkUp);
    scene.session(6, 60_000);
    scene.run(200);
    let stale = scene.knock.take().unwrap();
    scene.refuse("BAD_EPOCH");
    scene.answer("REPORT_STATUS", &stale, r#""STATE":"SUCCEEDED""#);
    scene.run(1_100);
    assert_eq!(
        (scene.requests, scene.drive.stage),
        (2, Stage::ShowingNeutral),
        "that answer was about the first boot"
    );
    scene.session(7, 500);
    scene.answers = true;
    let report = scene.end();
    assert_eq!((report.exit, report.refused), (Exit::Done, 1));
    assert!(scene.setpoints.last().is_some_and(|(.., expires)| *expires < 10_000), "the new clock");
}

#[test]
fn a_lost_link_ends_the_drive_when_it_is_back_and_when_it_is_not() {
    for back in [Some(1_500), None] {
        let mut scene = Scene::driving();
        scene.feed(ScriptInput::LinkDown("the broker is gone"));
        let (lost, left) = (scene.now, scene.setpoints.len());
        if let Some(back) = back {
            scene.run(back);
            assert_eq!(scene.setpoints.len(), left, "nothing is published into an outage");
            scene.feed(ScriptInput::LinkUp);
        }
        let report = scene.end();
        assert_eq!((report.exit, report.outcome), (Exit::BrokerNotReached, Outcome::Unknown));
        assert!(scene.last_move() <= Some(lost), "it went on");
        assert_eq!(scene.setpoints.len() > left, back.is_some(), "neutral is shown to a link that is back");
    }
}

#[test]
fn a_link_that_is_lost_before_all_zeros_have_left_is_no_success() {
    let mut scene = Scene::driving();
    while scene.drive.stage != Stage::Releasing {
        let next = scene.drive.deadline().unwrap();
        scene.run(u64::try_from(next.as_millis()).unwrap());
    }
    scene.feed(ScriptInput::LinkDown("the broker is gone"));
    scene.run(2_500);
    scene.feed(ScriptInput::LinkUp);
    let report = scene.end();
    assert_eq!(
        (report.exit, report.outcome, report.driven),
        (Exit::BrokerNotReached, Outcome::Unknown, at(2_000))
    );
}

#[test]
fn a_vehicle_that_falls_silent_is_asked_and_then_given_up() {
    let mut scene = Scene::driving();
    scene.answers = false;
    let heard = scene.now;
    let report = scene.end();
    assert_eq!((report.exit, report.outcome), (Exit::NoAnswer, Outcome::Unknown));
    assert!(scene.knock.is_some() && scene.last_move() <= Some(heard.saturating_add(at(1_000))));
    assert!(report.detail.is_some_and(|detail| detail.contains("stops by itself")));
}

#[test]
fn who_was_held_up_for_longer_than_a_hold_stops() {
    let mut scene = Scene::driving();
    let froze = scene.now;
    scene.now = scene.now.saturating_add(at(2_000));
    let report = scene.end();
    assert_eq!((report.exit, report.reason), (Exit::NotSucceeded, Some(Reason::HoldLapsed)));
    assert!(scene.last_move() <= Some(froze), "{:?}", scene.setpoints.last());
}

#[test]
fn a_signal_sends_zeros_at_once_and_then_brake() {
    let mut scene = Scene::driving();
    let asked = scene.now;
    scene.feed(ScriptInput::Leave(Exit::Interrupted));
    assert_eq!(scene.setpoints.last().map(|(moment, mph, _)| (*moment, *mph)), Some((asked, 0.0)));
    scene.run(650);
    assert_eq!((scene.brakes, scene.last_move() <= Some(asked)), (1, true));
    let braked = |outcome| crate::transaction::Report {
        vehicle: "rover-1".parse().unwrap(),
        command: CommandName::Brake,
        id: None,
        outcome,
        reason: None,
        detail: None,
        round_trip: None,
        next_step: None,
        exit: Exit::Done,
    };
    scene.feed(ScriptInput::Braked(&braked(Sent::Answered(vehicle_protocol::State::Succeeded))));
    let report = scene.end();
    assert_eq!((report.exit, report.outcome), (Exit::Interrupted, Outcome::Canceled));
    let mut scene = Scene::driving();
    scene.feed(ScriptInput::Leave(Exit::Terminated));
    scene.run(650);
    scene.feed(ScriptInput::Braked(&braked(Sent::Unknown)));
    assert_eq!(scene.end().outcome, Outcome::Unknown);
}

#[test]
fn a_second_signal_does_not_wait() {
    let mut scene = Scene::driving();
    scene.feed(ScriptInput::Leave(Exit::Interrupted));
    scene.feed(ScriptInput::Leave(Exit::Interrupted));
    assert_eq!(scene.report.map(|report| report.exit), Some(Exit::Interrupted));
}

#[test]
fn without_a_link_or_a_vehicle_nothing_is_sent() {
    let mut scene = Scene::new();
    let report = scene.end();
    assert_eq!((report.exit, report.outcome), (Exit::BrokerNotReached, Outcome::NotSent));
    let mut scene = Scene::new();
    scene.feed(ScriptInput::LinkUp);
    assert_eq!(scene.end().exit, Exit::VehicleAway);
    let mut scene = Scene::new();
    scene.feed(ScriptInput::LinkUp);
    let presence = format!(r#"{{"state":"ONLINE","epoch":"{}","link":1}}"#, Epoch([7; 16]));
    scene.channel.see(serde_json::from_str(&presence).unwrap());
    assert_eq!(scene.end().exit, Exit::NoAnswer);
}

#[test]
fn a_clock_of_which_nothing_was_heard_for_a_minute_is_asked_for_again() {
    let mut scene = Scene::new();
    scene.drive.length = at(70_000);
    scene.feed(ScriptInput::LinkUp);
    scene.session(7, 60_000);
    scene.run(58_000);
    assert_eq!(scene.requests, 1);
    scene.run(60_500);
    assert_eq!(scene.requests, 2);
}

proptest! {
    #[test]
    fn whatever_comes_it_ends_and_moves_nothing_after_the_first_thing_that_went_wrong(
        steps in prop::collection::vec((0_u64..700, 0_usize..9), 0..40),
    ) {
        let mut scene = Scene::driving();
        let mut wrong = None;
        for (pause, what) in steps {
            let next = scene.now.saturating_add(at(pause));
            scene.run(u64::try_from(next.as_millis()).unwrap());
            match what {
                0 => scene.feed(ScriptInput::LinkDown("gone")),
                1 => scene.feed(ScriptInput::LinkUp),
                2 => scene.refuse("NOT_NEUTRAL"),
                3 => scene.refuse("BAD_COUNTER"),
                4 => scene.feed(ScriptInput::Leave(Exit::Interrupted)),
                5 => scene.session(7, 1),
                6 => scene.feed(ScriptInput::Message(Topic::Telemetry, b"{}")),
                7 => scene.answers = !scene.answers,
                _ => scene.feed(ScriptInput::Tick),
            }
            if matches!(what, 0 | 2 | 3 | 4) {
                wrong = wrong.or(Some(scene.now));
            }
        }
        if let Some(wrong) = wrong {
            prop_assert!(scene.last_move() <= Some(wrong));
        }
        scene.run(60_000);
        let braking = matches!(scene.drive.stage, Stage::Braking(_));
        prop_assert!(scene.report.is_some() || braking, "{:?}", scene.drive.stage);
    }
}

#[test]
fn a_hold_that_the_vehicle_does_not_allow_is_refused_before_anything_moves() {
    let limits = LimitsDescription { max_hold_ms: 500, ..LimitsDescription::default() };
    for known_first in [true, false] {
        let mut scene = Scene::new();
        let timing = RequestedTiming { hold: Some(at(700)), period: None };
        scene.drive = ScriptedDrive::new(ScriptConfig { timing, ..config() }, at(0));
        if known_first {
            scene.channel.describe(limits);
        }
        scene.feed(ScriptInput::LinkUp);
        scene.session(7, 60_000);
        scene.channel.describe(limits);
        let report = scene.end();
        let detail = report.detail.unwrap_or_default();
        assert_eq!(
            (report.exit, detail.contains("100 to 500 ms, not 700 ms")),
            (Exit::RefusedHere, true),
            "{detail}"
        );
        assert_eq!((report.setpoints_sent == 0, scene.last_move()), (known_first, None));
    }
}
