//! Keys, mouse and focus by tables, and what must never come of them.

use super::*;
use crate::teleop::stick::StickState;
use crate::tui::example::{NOW, model, snapshot};
use proptest::prelude::*;
use vehicle_protocol::Command;

const fn later(milliseconds: u64) -> Moment {
    NOW.saturating_add(Duration::from_millis(milliseconds))
}

fn press(c: char) -> UiEvent {
    UiEvent::Key(Key::Char(c), KeyStroke::Press)
}

fn orders(effects: &[Effect]) -> Vec<&UiCommand> {
    effects
        .iter()
        .filter_map(|effect| if let Effect::UiCommand(order) = effect { Some(order) } else { None })
        .collect()
}

fn leans(effects: &[Effect]) -> bool {
    let leans = |lean: &StickPosition| lean.ahead != 0.0 || lean.right != 0.0;
    orders(effects).iter().any(|order| matches!(order, UiCommand::Hand(_, Some(lean)) if leans(lean)))
}

fn has(effects: &[Effect], wanted: impl Fn(&UiCommand) -> bool) -> bool {
    orders(effects).into_iter().any(wanted)
}

#[test]
fn space_stops_in_every_state_and_every_dialog() {
    for before in [&[][..], &[press(':')], &[press('?')], &[press('w')], &[UiEvent::Focus(false)]] {
        for tells in [true, false] {
            let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
            model.reports_releases = tells;
            for event in before {
                let _ = model.update(NOW, &snapshot, *event);
            }
            let effects = model.update(NOW, &snapshot, press(' '));
            assert!(has(&effects, |order| matches!(order, UiCommand::EmergencyStop(_))), "{before:?}");
            assert!(
                !leans(&effects) && !leans(&model.update(later(10), &snapshot, UiEvent::Tick)),
                "{before:?}"
            );
        }
    }
}

#[test]
fn a_stop_that_comes_before_any_vehicle_is_known_stops_the_first_that_is() {
    let (mut model, known) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    model.selected = None;
    let nobody = Snapshot::default();
    let effects = model.update(NOW, &nobody, press(' '));
    assert!(orders(&effects).is_empty() && model.wants_stop);
    assert!(orders(&model.update(later(60_000), &nobody, UiEvent::Tick)).is_empty());
    let effects = model.update(later(60_001), &known, UiEvent::Tick);
    assert!(has(&effects, |order| matches!(order, UiCommand::EmergencyStop(_))), "{effects:?}");
    let effects = model.update(later(60_002), &known, UiEvent::Tick);
    assert!(!has(&effects, |order| matches!(order, UiCommand::EmergencyStop(_))), "once");
}

#[test]
fn a_held_key_leans_again_and_again_until_it_is_released() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    model.reports_releases = true;
    assert!(leans(&model.update(NOW, &snapshot, press('w'))));
    for time in (50..1_000).step_by(50) {
        assert!(leans(&model.update(later(time), &snapshot, UiEvent::Tick)), "{time}");
        assert!(model.deadline(later(time)) <= later(time + 50));
    }
    let effects = model.update(later(1_000), &snapshot, UiEvent::Key(Key::Char('w'), KeyStroke::Release));
    assert!(has(&effects, |order| matches!(order, UiCommand::Hand(_, None))), "{effects:?}");
    assert!(!leans(&model.update(later(1_050), &snapshot, UiEvent::Tick)));
}

#[test]
fn news_of_vehicles_do_not_put_off_the_next_word_of_a_held_key() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Driving, "driving"));
    model.reports_releases = true;
    assert!(leans(&model.update(NOW, &snapshot, press('w'))));
    for later_look in [1, 30, 49, 50, 80] {
        assert_eq!(model.deadline(later(later_look)), later(50), "{later_look}");
    }
}

#[test]
fn whatever_ends_attention_or_means_nothing_lets_go_and_the_held_key_moves_nothing_more() {
    let cases = [
        (UiEvent::Focus(false), true),
        (UiEvent::Resize(70, 20), true),
        (press('y'), false),
        (UiEvent::Key(Key::Other, KeyStroke::Press), false),
        (press('?'), false),
        (press(':'), false),
        (press('b'), false),
        (UiEvent::Key(Key::Escape, KeyStroke::Press), true),
        (UiEvent::Key(Key::Ctrl('z'), KeyStroke::Press), true),
        (UiEvent::Key(Key::Tab, KeyStroke::Press), true),
        (press('q'), true),
    ];
    for (event, disarms) in cases {
        let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Driving, "driving"));
        model.reports_releases = true;
        assert!(leans(&model.update(NOW, &snapshot, press('w'))));
        let effects = model.update(later(50), &snapshot, event);
        let disarmed = has(&effects, |order| matches!(order, UiCommand::Disarm(_)));
        assert!(!leans(&effects) && disarmed == disarms, "{event:?} {effects:?}");
        let held = UiEvent::Key(Key::Char('w'), KeyStroke::Repeat);
        assert!(!leans(&model.update(later(100), &snapshot, held)), "{event:?}");
    }
}

#[test]
fn the_mouse_holds_the_pad_with_a_real_release_and_the_bar_stops() {
    let (mut model, snapshot) = (model((100, 28)), snapshot(StickState::Ready, "standing"));
    let pad = model.panels().pad.unwrap();
    let (x, y) = (pad.x + pad.width / 2, pad.y + 1);
    assert!(leans(&model.update(NOW, &snapshot, UiEvent::Mouse(MouseAction::Down, x, y))));
    assert!(
        leans(&model.update(later(5_000), &snapshot, UiEvent::Mouse(MouseAction::Drag, 99, 27))),
        "it may leave the pad"
    );
    assert!(!leans(&model.update(later(5_050), &snapshot, UiEvent::Mouse(MouseAction::Up, 99, 27))));
    assert_eq!(model.release_detection, ReleaseDetection::Mouse);
    let effects = model.update(NOW, &snapshot, UiEvent::Mouse(MouseAction::Down, 50, 1));
    assert!(has(&effects, |order| matches!(order, UiCommand::EmergencyStop(_))));
    assert!(
        !leans(&model.update(NOW, &snapshot, UiEvent::Mouse(MouseAction::Down, 99, 10))),
        "beside the pad"
    );
}

#[test]
fn a_terminal_that_no_longer_answers_is_taken_for_a_hand_that_is_gone() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    let _ = model.update(NOW, &snapshot, UiEvent::ReportsReleases);
    let _ = model.update(NOW, &snapshot, press('w'));
    let mut probes = 0;
    let stopped = (50..5_000).step_by(50).find(|time| {
        let effects = model.update(later(*time), &snapshot, UiEvent::Tick);
        probes += effects.iter().filter(|effect| **effect == Effect::Probe).count();
        has(&effects, |order| matches!(order, UiCommand::Disarm(_)))
    });
    assert_eq!((stopped, probes), (Some(1_550), 3));
    assert!(!leans(&model.update(later(1_600), &snapshot, UiEvent::Tick)));
}

#[test]
fn an_engine_is_turned_on_when_it_is_off_and_a_command_is_typed_with_tab_between_its_words() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    let effects = model.update(NOW, &snapshot, press('e'));
    assert!(has(&effects, |order| matches!(order, UiCommand::Send(_, Command::TurnOffEngine))));
    let keys = [
        Key::Char(':'),
        Key::Char('m'),
        Key::Char('a'),
        Key::Char('x'),
        Key::Tab,
        Key::Char('3'),
        Key::Enter,
    ];
    let effects: Vec<Effect> = keys
        .iter()
        .flat_map(|key| model.update(NOW, &snapshot, UiEvent::Key(*key, KeyStroke::Press)))
        .collect();
    let three = vehicle_protocol::Mph::new(3.0);
    assert!(has(
        &effects,
        |order| matches!(order, UiCommand::Send(_, Command::SetMaxSpeed(mph)) if *mph == three)
    ));
    assert_eq!(model.palette, None);
}

fn any_event() -> impl Strategy<Value = UiEvent> {
    let keys = "wasdxyebl:?q \u{3}".chars().map(Key::Char).chain([
        Key::Up,
        Key::Other,
        Key::Enter,
        Key::Escape,
        Key::Tab,
    ]);
    let stroke = prop::sample::select(vec![KeyStroke::Press, KeyStroke::Repeat, KeyStroke::Release]);
    prop_oneof![
        8 => (prop::sample::select(keys.collect::<Vec<_>>()), stroke).prop_map(|(key, stroke)| UiEvent::Key(key, stroke)),
        2 => (prop::sample::select(vec![MouseAction::Down, MouseAction::Drag, MouseAction::Up]), 0_u16..30, 2_u16..12)
            .prop_map(|(click, x, y)| UiEvent::Mouse(click, x, y)),
        1 => any::<bool>().prop_map(UiEvent::Focus),
        1 => Just(UiEvent::Resize(80, 23)),
        6 => Just(UiEvent::Tick),
    ]
}

proptest! {
    #[test]
    fn after_any_stop_nothing_leans_until_a_fresh_press(
        tells in any::<bool>(),
        steps in prop::collection::vec((0_u64..300, any_event()), 1..80),
    ) {
        let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Driving, "driving"));
        model.reports_releases = tells;
        let (mut now, mut pressed) = (NOW, false);
        for (pause, event) in steps {
            now = now.saturating_add(Duration::from_millis(pause));
            let effects = model.update(now, &snapshot, event);
            let stops = |order: &UiCommand| matches!(order, UiCommand::EmergencyStop(_) | UiCommand::LetGo(_) | UiCommand::Disarm(_));
            if has(&effects, stops) {
                pressed = false;
                prop_assert!(!leans(&effects), "{event:?}: {effects:?}");
            }
            let key = |key| model.keymap.action(key).is_some_and(|action| action.lean().is_some());
            pressed |= match event {
                UiEvent::Key(name, KeyStroke::Press) => key(name),
                // Where releases are not told, a terminal's repeats are presses.
                UiEvent::Key(name, KeyStroke::Repeat) => key(name) && !tells,
                UiEvent::Mouse(MouseAction::Down, ..) => true,
                UiEvent::Key(..) | UiEvent::Mouse(..) | UiEvent::Focus(_) | UiEvent::ReportsReleases | UiEvent::Alive | UiEvent::Resize(..) | UiEvent::Tick => false,
            };
            prop_assert!(pressed || !leans(&effects), "{event:?}: {effects:?}");
        }
    }
}
