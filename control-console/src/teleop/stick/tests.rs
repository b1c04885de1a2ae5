//! The stick by a table and against a model.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers are bounded by the strategies")]

use super::*;
use crate::teleop::timing::RequestedTiming;
use proptest::prelude::*;
use std::time::Duration;

const fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

fn rhythm() -> SetpointTiming {
    RequestedTiming { period: Some(at(50)), hold: Some(at(300)) }.within(None).unwrap()
}

fn setpoint(mph: f64) -> Setpoint {
    Setpoint { speed: Mph::new(mph), ..Setpoint::default() }
}

fn pressed() -> StickInput {
    StickInput::Setpoint(Some(setpoint(2.0)))
}

fn armed() -> Stick {
    let mut stick = Stick::new(rhythm(), at(0));
    assert_eq!((stick.handle(at(0), StickInput::Arm), stick.state()), (None, StickState::Hold));
    stick
}

/// Plays inputs, says again what the hand asks for whenever the stick wants a tick, and writes down what leaves and when.
fn play(inputs: &[(u64, StickInput)], end: u64) -> (Stick, Vec<(u64, f64)>) {
    let (mut stick, mut left, mut hand) = (armed(), Vec::new(), StickInput::Tick);
    let mut note = |now: Moment, setpoint: Option<Setpoint>| {
        left.extend(setpoint.map(|setpoint| (u64::try_from(now.as_millis()).unwrap(), setpoint.speed.get())));
    };
    for (time, input) in inputs.iter().copied().chain([(end, StickInput::Tick)]) {
        while let Some(due) = stick.deadline().filter(|due| *due < at(time)) {
            note(due, stick.handle(due, hand));
        }
        if let StickInput::Setpoint(held) = input {
            hand = held.map_or(StickInput::Tick, |_| input);
        }
        note(at(time), stick.handle(at(time), input));
    }
    (stick, left)
}

/// Up, pressed, and driving from 100 ms on.
fn driving(more: &[(u64, StickInput)], end: u64) -> (Stick, Vec<(u64, f64)>) {
    let begin = [(0, StickInput::LinkUp), (0, pressed()), (100, StickInput::NeutralAccepted)];
    play(&[&begin, more].concat(), end)
}

fn moves(left: &[(u64, f64)]) -> Vec<u64> {
    left.iter().filter(|(_, mph)| *mph != 0.0).map(|(time, _)| *time).collect()
}

#[test]
fn neutral_is_shown_until_it_is_taken_and_zeros_follow_the_release_for_a_moment() {
    let (stick, left) = driving(&[(220, StickInput::Setpoint(None))], 5_000);
    let zeros = |from: u64, to: u64| (from..=to).step_by(50).map(|time| (time, 0.0));
    let expected: Vec<_> =
        zeros(0, 50).chain([(100, 2.0), (150, 2.0), (200, 2.0)]).chain(zeros(220, 520)).collect();
    assert_eq!(left, expected);
    assert!(stick.is_silent() && stick.phase() == StickPhase::Released && stick.deadline().is_none());
}

#[test]
fn without_being_taken_neutral_is_all_that_leaves() {
    let (stick, left) =
        play(&[(0, StickInput::LinkUp), (0, pressed()), (900, StickInput::VehicleReported)], 1_500);
    assert!(left.len() > 25 && moves(&left).is_empty(), "{left:?}");
    assert_eq!(stick.phase(), StickPhase::Ready);
}

#[test]
fn neutral_that_was_never_shown_can_not_have_been_taken() {
    let (stick, left) =
        play(&[(0, StickInput::LinkUp), (0, StickInput::NeutralAccepted), (0, pressed())], 20);
    assert_eq!((stick.phase(), moves(&left)), (StickPhase::Ready, Vec::new()));
}

#[test]
fn the_newest_wish_wins_and_no_old_one_follows() {
    let (_, left) = driving(
        &[(110, StickInput::Setpoint(Some(setpoint(3.0)))), (120, StickInput::Setpoint(Some(setpoint(4.0))))],
        160,
    );
    assert_eq!(left.iter().map(|(_, mph)| *mph).collect::<Vec<_>>(), [0.0, 0.0, 2.0, 4.0]);
}

#[test]
fn a_changed_lean_leaves_at_once_but_not_within_20_ms_of_the_last_setpoint() {
    let lean = |mph| StickInput::Setpoint(Some(setpoint(mph)));
    let changes = [(135, lean(3.0)), (140, lean(1.0)), (147, lean(4.0)), (148, lean(4.0))];
    let (_, left) = driving(&changes, 260);
    let expected = [(100, 2.0), (135, 3.0), (155, 4.0), (205, 4.0), (255, 4.0)];
    assert_eq!(left.get(2..), Some(&expected[..]), "{left:?}");
}

#[test]
fn the_first_motion_leaves_as_soon_as_the_vehicle_has_accepted_neutral() {
    let (_, left) = play(&[(0, StickInput::LinkUp), (0, pressed()), (3, StickInput::NeutralAccepted)], 100);
    assert_eq!(left, [(0, 0.0), (20, 2.0), (70, 2.0)]);
    let (_, left) = play(&[(0, StickInput::LinkUp), (0, pressed()), (33, StickInput::NeutralAccepted)], 80);
    assert_eq!(left, [(0, 0.0), (33, 2.0)]);
}

#[test]
fn after_a_halt_a_held_stick_moves_nothing_and_one_that_was_released_shows_neutral_first() {
    for (cause, halt, comes_back) in [
        (StickInput::Refused, Halt::Refused, StickInput::Tick),
        (StickInput::LinkDown, Halt::LinkLost, StickInput::LinkUp),
    ] {
        let held = [
            (200, cause),
            (210, pressed()),
            (600, comes_back),
            (700, pressed()),
            (800, StickInput::NeutralAccepted),
        ];
        let (stick, left) = driving(&held, 900);
        assert_eq!((moves(&left).last(), stick.halt()), (Some(&150), Some(halt)), "{cause:?}");
        let anew =
            [(900, StickInput::Setpoint(None)), (1_000, pressed()), (1_100, StickInput::NeutralAccepted)];
        let (stick, left) = driving(&[&held[..], &anew].concat(), 1_150);
        assert_eq!(
            (moves(&left).get(2..), stick.halt()),
            (Some(&[1_100, 1_150][..]), None),
            "{cause:?} {left:?}"
        );
        assert!(left.contains(&(1_000, 0.0)), "{left:?}");
    }
}

#[test]
fn a_silent_vehicle_is_sent_zeros_for_a_moment_and_again_when_it_is_heard() {
    let (stick, left) = driving(&[(3_000, StickInput::VehicleReported)], 5_000);
    assert_eq!((moves(&left).last(), stick.halt()), (Some(&1_050), Some(Halt::VehicleSilent)));
    let zeros: Vec<u64> = left.iter().map(|(time, _)| *time).filter(|time| *time > 1_050).collect();
    let expected: Vec<u64> = (1_100..=1_400).step_by(50).chain((3_000..=3_300).step_by(50)).collect();
    assert_eq!(zeros, expected);
}

#[test]
fn the_badge_follows_what_happens() {
    let mut stick = Stick::new(rhythm(), at(0));
    for (time, input, state) in [
        (0, StickInput::LinkUp, StickState::Disarmed),
        (0, pressed(), StickState::Disarmed),
        (0, StickInput::Arm, StickState::Ready),
        (10, pressed(), StickState::Ready),
        (20, StickInput::NeutralAccepted, StickState::Ready),
        (30, StickInput::Setpoint(None), StickState::Ready),
        (30, pressed(), StickState::Ready),
        (40, StickInput::NeutralAccepted, StickState::Driving),
        (50, StickInput::Stop, StickState::Ready),
        (60, StickInput::Setpoint(None), StickState::Ready),
        (60, pressed(), StickState::Ready),
        (105, pressed(), StickState::Ready),
        (110, StickInput::NeutralAccepted, StickState::Driving),
        (120, StickInput::LinkDown, StickState::Hold),
        (130, StickInput::LinkUp, StickState::Hold),
        (140, StickInput::Setpoint(None), StickState::Ready),
        (150, StickInput::EmergencyStop, StickState::Estop),
        (160, StickInput::Arm, StickState::Estop),
        (170, StickInput::EmergencyStopCleared, StickState::Disarmed),
        (180, StickInput::Arm, StickState::Ready),
        (190, StickInput::Disarm, StickState::Disarmed),
    ] {
        stick.handle(at(time), input);
        assert_eq!(stick.state(), state, "after {input:?} at {time}");
    }
}

#[test]
fn whatever_stops_sends_zero_at_once() {
    for stop in [
        StickInput::Stop,
        StickInput::Disarm,
        StickInput::EmergencyStop,
        StickInput::Setpoint(None),
        StickInput::Refused,
    ] {
        let (stick, left) = driving(&[(167, stop)], 1_000);
        assert_eq!((moves(&left).last(), left.contains(&(167, 0.0))), (Some(&150), true), "{stop:?}");
        assert!(stick.is_silent(), "{stop:?}");
    }
    let (_, left) = play(&[(0, StickInput::LinkUp), (500, StickInput::EmergencyStop)], 1_000);
    assert_eq!(left.first(), Some(&(500, 0.0)), "from neutral too");
}

#[test]
fn a_slow_way_takes_speed_out_of_the_hand() {
    let slow = |round_trip| {
        Mph::new(driving(&[(110, StickInput::RoundTrip(at(round_trip)))], 160).1.last().unwrap().1)
    };
    assert_eq!([150, 151, 300, 301].map(slow), [2.0, 1.0, 1.0, 0.5].map(Mph::new));
}

#[test]
fn a_hand_that_says_nothing_more_has_let_go_and_must_come_from_neutral() {
    let mut stick = armed();
    let inputs = [
        (0, StickInput::LinkUp),
        (0, pressed()),
        (10, StickInput::NeutralAccepted),
        (50, StickInput::Tick),
        (250, StickInput::Tick),
    ];
    let left: Vec<_> = inputs.map(|(time, input)| stick.handle(at(time), input)).into();
    assert!(left.iter().flatten().any(|setpoint| !setpoint.is_neutral()), "{left:?}");
    for (time, input) in
        [(300, StickInput::Tick), (310, pressed()), (360, StickInput::NeutralAccepted), (410, pressed())]
    {
        assert!(stick.handle(at(time), input).is_none_or(Setpoint::is_neutral), "at {time}");
    }
    assert_eq!(stick.halt(), Some(Halt::InputInterrupted));
}

#[test]
fn whoever_was_held_up_for_longer_than_a_hold_does_not_go_on() {
    let mut stick = armed();
    for (time, input) in [
        (0, StickInput::LinkUp),
        (0, pressed()),
        (10, StickInput::NeutralAccepted),
        (50, pressed()),
        (349, pressed()),
    ] {
        stick.handle(at(time), input);
    }
    assert_eq!(stick.phase(), StickPhase::Driving, "a hold is not over");
    let setpoint = stick.handle(at(650), pressed()).unwrap();
    assert!(setpoint.is_neutral() && stick.halt() == Some(Halt::InputInterrupted), "{stick:?}");
}

/// What must have happened for more than neutral to leave, written down without phases.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "conditions side by side, so that it shares no thought with the phases"
)]
struct Model {
    /// Whether the link is there, and whether it or the vehicle was silent too long and has not come back since.
    up: bool,
    mute: bool,
    armed: bool,
    emergency: bool,
    round_trip: Duration,
    hand: Option<Setpoint>,
    said: Moment,
    /// Whether the hand must let go first.
    barred: bool,
    shown: bool,
    taken: bool,
    left: Option<Moment>,
    spoke: Moment,
    heard: Moment,
}

impl Model {
    fn cut(&mut self) {
        self.barred |= self.hand.is_some();
        (self.hand, self.taken, self.shown) = (None, false, false);
    }

    fn before(&mut self, now: Moment) {
        let lapsed = self.taken && now.saturating_sub(self.spoke) > rhythm().hold();
        let lapsed = lapsed || now.saturating_sub(self.said) >= rhythm().hold();
        let silent = now.saturating_sub(self.heard) >= rhythm().silence();
        if self.hand.is_some() && (lapsed || silent) {
            self.cut();
            self.mute = silent && !lapsed;
        }
    }

    fn input(&mut self, now: Moment, input: StickInput) {
        match input {
            StickInput::LinkUp => (self.up, self.mute) = (true, false),
            StickInput::LinkDown => {
                (self.up, self.mute) = (false, true);
                self.cut();
            }
            StickInput::VehicleReported => (self.heard, self.mute) = (now, self.mute && !self.up),
            StickInput::NeutralAccepted => {
                if self.shown && self.hand.is_some() && !self.taken {
                    (self.taken, self.spoke, self.heard) = (true, now, now);
                }
            }
            StickInput::Refused | StickInput::Stop => self.cut(),
            StickInput::Arm => self.armed = !self.emergency,
            StickInput::Disarm => {
                self.armed = false;
                self.cut();
            }
            StickInput::EmergencyStop => {
                (self.armed, self.emergency) = (false, true);
                self.cut();
            }
            StickInput::EmergencyStopCleared => self.emergency = false,
            StickInput::RoundTrip(round_trip) => self.round_trip = round_trip,
            StickInput::Setpoint(None) => (self.hand, self.barred) = (None, false),
            StickInput::Setpoint(Some(_)) if self.mute || self.barred || !self.armed => self.barred = true,
            StickInput::Setpoint(Some(setpoint)) => {
                self.said = now;
                if self.hand.is_none() {
                    // A new press is given the time that an old one has lost.
                    (self.spoke, self.heard) = (now, now);
                    self.shown = self.taken || self.left == Some(now);
                }
                self.hand = Some(setpoint);
            }
            StickInput::Tick => {}
        }
    }

    fn allows(&self, setpoint: Setpoint) -> bool {
        let share = match self.round_trip.as_millis() {
            0..=150 => 1,
            151..=300 => 2,
            _ => 4,
        };
        let asked =
            self.hand.is_some_and(|hand| hand.speed.thousandths() / share == setpoint.speed.thousandths());
        setpoint.is_neutral() || (self.up && self.armed && !self.emergency && self.taken && asked)
    }
}

fn any_input() -> impl Strategy<Value = StickInput> {
    prop_oneof![
        2 => Just(StickInput::LinkUp),
        1 => Just(StickInput::LinkDown),
        3 => Just(StickInput::VehicleReported),
        4 => Just(StickInput::NeutralAccepted),
        1 => prop::sample::select(vec![
            StickInput::Refused, StickInput::Stop, StickInput::Disarm, StickInput::EmergencyStop, StickInput::RoundTrip(at(200)),
            StickInput::RoundTrip(at(400)), StickInput::RoundTrip(at(20)),
        ]),
        3 => prop::sample::select(vec![StickInput::Arm, StickInput::EmergencyStopCleared]),
        2 => Just(StickInput::Setpoint(None)),
        6 => (1_u8..4).prop_map(|mph| StickInput::Setpoint(Some(setpoint(f64::from(mph))))),
        8 => Just(StickInput::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn after_any_stop_release_blur_loss_refusal_or_tick_without_input_only_zeros_leave_until_neutral_and_a_press(
        steps in prop::collection::vec((prop_oneof![8 => 0_u64..60, 1 => 60_u64..1_500], any_input()), 1..120),
    ) {
        let (mut stick, mut model, mut now) = (armed(), Model { mute: true, armed: true, ..Model::default() }, at(0));
        let mut moved = 0_u32;
        for (pause, input) in steps {
            now += at(pause);
            model.before(now);
            let setpoint = stick.handle(now, input);
            model.input(now, input);
            if let Some(setpoint) = setpoint {
                prop_assert!(model.allows(setpoint), "{setpoint:?} at {now:?} after {input:?}: {stick:?}");
                prop_assert_eq!(setpoint.hold_ms, 300);
                (model.spoke, model.left, model.shown) = (now, Some(now), model.shown || model.hand.is_some());
                if !setpoint.is_neutral() {
                    moved += 1;
                    prop_assert!(u128::from(moved) <= now.as_millis() / 20 + 1, "a flood: {moved} by {now:?}");
                }
            }
            prop_assert!(stick.deadline().is_none_or(|due| due > now || setpoint.is_none()), "it would spin");
        }
    }

    #[test]
    fn from_any_state_a_hand_that_lets_go_and_presses_again_drives(
        steps in prop::collection::vec((0_u64..400, any_input()), 0..60),
    ) {
        let (mut stick, mut now) = (Stick::new(rhythm(), at(0)), at(0));
        for (pause, input) in steps {
            now += at(pause);
            stick.handle(now, input);
        }
        let anew = [StickInput::Setpoint(None), StickInput::LinkUp, StickInput::VehicleReported, StickInput::Setpoint(None), StickInput::EmergencyStopCleared, StickInput::Arm];
        for input in anew.into_iter().chain([StickInput::RoundTrip(at(9)), pressed(), StickInput::Tick]) {
            stick.handle(now, input);
        }
        let last = [(50, StickInput::Tick), (60, StickInput::NeutralAccepted), (110, StickInput::Tick)]
            .map(|(later, input)| stick.handle(now + at(later), input));
        let drives = last.into_iter().flatten().any(|setpoint| setpoint.speed == Mph::new(2.0));
        prop_assert!(drives, "{stick:?}");
    }
}
