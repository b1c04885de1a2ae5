//! Keys, mouse and focus by tables, and what must never come of them.

use super::*;
use crate::tui::example::{NOW, model, snapshot};
use proptest::prelude::*;

const fn later(milliseconds: u64) -> Moment {
    NOW.saturating_add(Duration::from_millis(milliseconds))
}

fn press(c: char) -> Event {
    Event::Key(Key::Char(c), Stroke::Press)
}

fn orders(deeds: &[Deed]) -> Vec<&UiCommand> {
    deeds
        .iter()
        .filter_map(|deed| if let Deed::UiCommand(order) = deed { Some(order) } else { None })
        .collect()
}

fn leans(deeds: &[Deed]) -> bool {
    let leans = |lean: &StickPosition| lean.ahead != 0.0 || lean.right != 0.0;
    orders(deeds).iter().any(|order| matches!(order, UiCommand::Hand(_, Some(lean)) if leans(lean)))
}

fn has(deeds: &[Deed], wanted: impl Fn(&UiCommand) -> bool) -> bool {
    orders(deeds).into_iter().any(wanted)
}

#[test]
fn space_stops_in_every_state_and_every_dialog() {
    for before in [&[][..], &[press(':')], &[press('?')], &[press('w')], &[Event::Focus(false)]] {
        for tells in [true, false] {
            let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
            model.tells_releases = tells;
            for event in before {
                let _ = model.update(NOW, &snapshot, *event);
            }
            let deeds = model.update(NOW, &snapshot, press(' '));
            assert!(has(&deeds, |order| matches!(order, UiCommand::EmergencyStop(_))), "{before:?}");
            assert!(!leans(&deeds) && !leans(&model.update(later(10), &snapshot, Event::Tick)), "{before:?}");
        }
    }
}

#[test]
fn a_stop_that_comes_before_any_vehicle_is_known_stops_the_first_that_is() {
    let (mut model, known) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    model.selected = None;
    let nobody = Snapshot::default();
    let deeds = model.update(NOW, &nobody, press(' '));
    assert!(orders(&deeds).is_empty() && model.wants_stop);
    assert!(orders(&model.update(later(60_000), &nobody, Event::Tick)).is_empty());
    let deeds = model.update(later(60_001), &known, Event::Tick);
    assert!(has(&deeds, |order| matches!(order, UiCommand::EmergencyStop(_))), "{deeds:?}");
    let deeds = model.update(later(60_002), &known, Event::Tick);
    assert!(!has(&deeds, |order| matches!(order, UiCommand::EmergencyStop(_))), "once");
}

#[test]
fn a_held_key_leans_again_and_again_until_it_is_released() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    model.tells_releases = true;
    assert!(leans(&model.update(NOW, &snapshot, press('w'))));
    for time in (50..1_000).step_by(50) {
        assert!(leans(&model.update(later(time), &snapshot, Event::Tick)), "{time}");
        assert!(model.deadline(later(time)) <= later(time + 50));
    }
    let deeds = model.update(later(1_000), &snapshot, Event::Key(Key::Char('w'), Stroke::Release));
    assert!(has(&deeds, |order| matches!(order, UiCommand::Hand(_, None))), "{deeds:?}");
    assert!(!leans(&model.update(later(1_050), &snapshot, Event::Tick)));
}

#[test]
fn news_of_vehicles_do_not_put_off_the_next_word_of_a_held_key() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Driving, "driving"));
    model.tells_releases = true;
    assert!(leans(&model.update(NOW, &snapshot, press('w'))));
    for later_look in [1, 30, 49, 50, 80] {
        assert_eq!(model.deadline(later(later_look)), later(50), "{later_look}");
    }
}

#[test]
fn whatever_ends_attention_or_means_nothing_lets_go_and_the_held_key_moves_nothing_more() {
    let cases = [
        (Event::Focus(false), true),
        (Event::Resize(70, 20), true),
        (press('y'), false),
        (Event::Key(Key::Other, Stroke::Press), false),
        (press('?'), false),
        (press(':'), false),
        (press('b'), false),
        (Event::Key(Key::Escape, Stroke::Press), true),
        (Event::Key(Key::Ctrl('z'), Stroke::Press), true),
        (Event::Key(Key::Tab, Stroke::Press), true),
        (press('q'), true),
    ];
    for (event, disarms) in cases {
        let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Driving, "driving"));
        model.tells_releases = true;
        assert!(leans(&model.update(NOW, &snapshot, press('w'))));
        let deeds = model.update(later(50), &snapshot, event);
        let disarmed = has(&deeds, |order| matches!(order, UiCommand::Disarm(_)));
        assert!(!leans(&deeds) && disarmed == disarms, "{event:?} {deeds:?}");
        let held = Event::Key(Key::Char('w'), Stroke::Repeat);
        assert!(!leans(&model.update(later(100), &snapshot, held)), "{event:?}");
    }
}

#[test]
fn the_mouse_holds_the_pad_with_a_real_release_and_the_bar_stops() {
    let (mut model, snapshot) = (model((100, 28)), snapshot(StickState::Ready, "standing"));
    let pad = model.panels().pad.unwrap();
    let (x, y) = (pad.x + pad.width / 2, pad.y + 1);
    assert!(leans(&model.update(NOW, &snapshot, Event::Mouse(Click::Down, x, y))));
    assert!(
        leans(&model.update(later(5_000), &snapshot, Event::Mouse(Click::Drag, 99, 27))),
        "it may leave the pad"
    );
    assert!(!leans(&model.update(later(5_050), &snapshot, Event::Mouse(Click::Up, 99, 27))));
    assert_eq!(model.tier, Tier::Mouse);
    let deeds = model.update(NOW, &snapshot, Event::Mouse(Click::Down, 50, 1));
    assert!(has(&deeds, |order| matches!(order, UiCommand::EmergencyStop(_))));
    assert!(!leans(&model.update(NOW, &snapshot, Event::Mouse(Click::Down, 99, 10))), "beside the pad");
}

#[test]
fn a_terminal_that_no_longer_answers_is_taken_for_a_hand_that_is_gone() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    let _ = model.update(NOW, &snapshot, Event::TellsReleases);
    let _ = model.update(NOW, &snapshot, press('w'));
    let mut probes = 0;
    let stopped = (50..5_000).step_by(50).find(|time| {
        let deeds = model.update(later(*time), &snapshot, Event::Tick);
        probes += deeds.iter().filter(|deed| **deed == Deed::Probe).count();
        has(&deeds, |order| matches!(order, UiCommand::Disarm(_)))
    });
    assert_eq!((stopped, probes), (Some(1_550), 3));
    assert!(!leans(&model.update(later(1_600), &snapshot, Event::Tick)));
}

#[test]
fn an_engine_is_turned_on_when_it_is_off_and_a_command_is_typed_with_tab_between_its_words() {
    let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Ready, "standing"));
    let deeds = model.update(NOW, &snapshot, press('e'));
    assert!(has(&deeds, |order| matches!(order, UiCommand::Send(_, Command::TurnOffEngine))));
    let keys = [
        Key::Char(':'),
        Key::Char('m'),
        Key::Char('a'),
        Key::Char('x'),
        Key::Tab,
        Key::Char('3'),
        Key::Enter,
    ];
    let deeds: Vec<Deed> =
        keys.iter().flat_map(|key| model.update(NOW, &snapshot, Event::Key(*key, Stroke::Press))).collect();
    let three = vehicle_protocol::Mph::new(3.0);
    assert!(has(
        &deeds,
        |order| matches!(order, UiCommand::Send(_, Command::SetMaxSpeed(mph)) if *mph == three)
    ));
    assert_eq!(model.palette, None);
}

fn any_event() -> impl Strategy<Value = Event> {
    let keys = "wasdxyebl:?q \u{3}".chars().map(Key::Char).chain([
        Key::Up,
        Key::Other,
        Key::Enter,
        Key::Escape,
        Key::Tab,
    ]);
    let stroke = prop::sample::select(vec![Stroke::Press, Stroke::Repeat, Stroke::Release]);
    prop_oneof![
        8 => (prop::sample::select(keys.collect::<Vec<_>>()), stroke).prop_map(|(key, stroke)| Event::Key(key, stroke)),
        2 => (prop::sample::select(vec![Click::Down, Click::Drag, Click::Up]), 0_u16..30, 2_u16..12)
            .prop_map(|(click, x, y)| Event::Mouse(click, x, y)),
        1 => any::<bool>().prop_map(Event::Focus),
        1 => Just(Event::Resize(80, 23)),
        6 => Just(Event::Tick),
    ]
}

proptest! {
    #[test]
    fn after_any_stop_nothing_leans_until_a_fresh_press(
        tells in any::<bool>(),
        steps in prop::collection::vec((0_u64..300, any_event()), 1..80),
    ) {
        let (mut model, snapshot) = (model((80, 24)), snapshot(StickState::Driving, "driving"));
        model.tells_releases = tells;
        let (mut now, mut pressed) = (NOW, false);
        for (pause, event) in steps {
            now = now.saturating_add(Duration::from_millis(pause));
            let deeds = model.update(now, &snapshot, event);
            let stops = |order: &UiCommand| matches!(order, UiCommand::EmergencyStop(_) | UiCommand::LetGo(_) | UiCommand::Disarm(_));
            if has(&deeds, stops) {
                pressed = false;
                prop_assert!(!leans(&deeds), "{event:?}: {deeds:?}");
            }
            let key = |key| model.keymap.action(key).is_some_and(|action| action.lean().is_some());
            pressed |= match event {
                Event::Key(name, Stroke::Press) => key(name),
                // Where releases are not told, a terminal's repeats are presses.
                Event::Key(name, Stroke::Repeat) => key(name) && !tells,
                Event::Mouse(Click::Down, ..) => true,
                Event::Key(..) | Event::Mouse(..) | Event::Focus(_) | Event::TellsReleases | Event::Alive | Event::Resize(..) | Event::Tick => false,
            };
            prop_assert!(pressed || !leans(&deeds), "{event:?}: {deeds:?}");
        }
    }
}
