//! Screens as a person sees them.

use super::*;
use crate::teleop::stick::StickState;
use crate::tui::example::{NOW, model, snapshot};
use crate::tui::keymap::KeyAction;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::sync::Arc;
use std::time::Duration;

fn drawn(model: &Model, snapshot: &Snapshot, now: Moment) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal.draw(|frame| draw(frame, model, snapshot, now)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    let line =
        |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    rows.map(|row| line(row).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn assert_shows(model: &Model, snapshot: &Snapshot, expected: &str) {
    let shown = text(&drawn(model, snapshot, NOW));
    assert!(shown == expected.trim_matches('\n'), "shown:\n{shown}\nexpected:{expected}");
}

#[test]
fn a_large_window_while_driving() {
    let mut model = model((100, 28));
    model.held.press(NOW, KeyAction::Ahead, true);
    (model.release_detection, model.reports_releases) =
        (crate::tui::held_input::ReleaseDetection::KeyUp, true);
    assert_shows(
        &model,
        &snapshot(StickState::Driving, "driving"),
        r"
 DRIVING | rover-1 | UP 12ms | 0.2s | driving 1.2 mph | KEY-UP | bat 87% | drv unsigned
                                       SPACE = EMERGENCY STOP
 pad DRIVING 50 % ─────────  status ──────────────────────────  track, 4.9 m wide, P safe place ────
             ●              mode     driving
                            speed    1.2 of 2.5 mph                                             ↗
                            heading  45 deg                                                     ·
                            engine   on                                                         ·
◀            +            ▶ driver   unsigned                                                  ·
                            place    3.25 4.00 m                                            ···
releases are reported       limit    2.5 of 5.0 mph                                       ···
             ▼              brake    off                                                 ·
 fleet, 1 of 2 ──────────── doors    locked                        P                  ···
> rover-1 driving           lights   head                                           ··
  rover-2 ~- ?              battery  87 %                                         ··
                             round trip 12.0 ms, most 32 ms ──                  ···
                              ▃█     ▃█     ▃█     ▃█     ▃█                  ··
                            ▁▆██   ▁▆██   ▁▆██   ▁▆██   ▁▆██                ··
                            ████  ▄████  ▄████  ▄████  ▄████              ···
                            ████▂▇█████▂▇█████▂▇█████▂▇█████▂▇           ·
                            ██████████████████████████████████         +·
 log ───────────────────────────────────────────────────────────────────────────────────────────────
   60s   rover-1 TURN_ON_ENGINE sent
   59s + rover-1 TURN_ON_ENGINE SUCCEEDED (7 ms)
   30s X rover-1 failsafe HOLD_LAPSED



 w/a/s/d hold to drive  +/- speed  tab next  ? help  q quit
",
    );
}

#[test]
fn a_common_window_in_emergency_stop() {
    assert_shows(
        &model((80, 24)),
        &snapshot(StickState::Estop, "emergency_stop"),
        r"
 ESTOP|rover-1|UP 12ms 0.2s|emergency_stop 1.2 mph|MOUSE|bat 87%|drv unsigned
                   *** EMERGENCY STOP *** press r to clear it
 pad ESTOP 50 % ───────────  status ────────────────────────────────────────────
             ▲              mode     emergency_stop
                            speed    1.2 of 2.5 mph
                            heading  45 deg
                            engine   on
◀            +            ▶ driver   unsigned
                            place    3.25 4.00 m
hold here with the mouse    limit    2.5 of 5.0 mph
             ▼              brake    off
 fleet, 1 of 2 ──────────── doors    locked
> rover-1 emergency_stop    lights   head
  rover-2 ~- ?              battery  87 %




 log ───────────────────────────────────────────────────────────────────────────
   60s   rover-1 TURN_ON_ENGINE sent
   59s + rover-1 TURN_ON_ENGINE SUCCEEDED (7 ms)
   30s X rover-1 failsafe HOLD_LAPSED

 r clear  e engine off  : command  tab next  ? help  q quit
",
    );
}

#[test]
fn a_small_window_in_ascii() {
    let mut model = model((60, 15));
    model.style.ascii = true;
    assert_shows(
        &model,
        &snapshot(StickState::Ready, "standing"),
        r"
 READY|rover-1|UP 12ms 0.2s|standing 1.2|MOUSE|87%|unsigned
                   SPACE = EMERGENCY STOP
 pad READY 50 % -----------  status ------------------------
             ^              mode     standing
                            speed    1.2 of 2.5 mph
                            heading  45 deg
                            engine   on
<            +            > driver   unsigned
                            place    3.25 4.00 m
hold here with the mouse    limit    2.5 of 5.0 mph
             v              brake    off
                            doors    locked
                            lights   head
                            battery  87 %
 w/a/s/d hold to drive  esc disarm  e engine off  ? help
",
    );
    let shown = text(&drawn(&model, &snapshot(StickState::Ready, "standing"), NOW));
    assert!(shown.is_ascii(), "{shown}");
    for size in [(100, 28), (200, 60)] {
        model.size = size;
        model.palette = Some(Palette::default());
        assert!(text(&drawn(&model, &snapshot(StickState::Ready, "standing"), NOW)).is_ascii());
    }
}

#[test]
fn the_emergency_stop_bar_stands_out_with_and_without_colour() {
    for (colour, state, mode) in [
        (true, StickState::Estop, "emergency_stop"),
        (true, StickState::Ready, "standing"),
        (false, StickState::Estop, "emergency_stop"),
        (false, StickState::Ready, "standing"),
    ] {
        let mut model = model((80, 24));
        model.style.colour = colour;
        let buffer = drawn(&model, &snapshot(state, mode), NOW);
        let is_stopped = state == StickState::Estop;
        for column in 0..80 {
            let cell = &buffer[(column, 1)];
            let expected = match (colour, is_stopped) {
                (true, true) => (Color::White, Color::Red),
                (true, false) => (Color::Red, Color::Reset),
                (false, _) => (Color::Reset, Color::Reset),
            };
            assert_eq!((cell.fg, cell.bg), expected, "{column} {colour} {state:?}");
            assert!(cell.modifier.contains(Modifier::BOLD));
            assert_eq!(cell.modifier.contains(Modifier::REVERSED), !colour && is_stopped);
        }
        let uncoloured = |cell: &ratatui::buffer::Cell| cell.fg == Color::Reset && cell.bg == Color::Reset;
        assert!(colour || buffer.content().iter().all(uncoloured));
    }
}

#[test]
fn an_old_value_is_dimmed_and_marked_and_then_removed() {
    let (model, snapshot) = (model((80, 24)), snapshot(StickState::Hold, "driving"));
    let row = |seconds: u64| {
        let buffer = drawn(&model, &snapshot, NOW.saturating_add(Duration::from_secs(seconds)));
        let lines: Vec<String> = text(&buffer).lines().map(ToOwned::to_owned).collect();
        let status = model.panels().status.unwrap();
        let line = lines[usize::from(status.y + 2)].clone();
        let at = status.x + 9;
        (line, buffer[(at, status.y + 2)].modifier.contains(Modifier::DIM), lines[0].clone())
    };
    let (line, is_dim, _) = row(0);
    assert!(line.contains("1.2 of 2.5 mph") && !line.contains('~') && !is_dim, "{line}");
    let (line, is_dim, top) = row(10);
    assert!(line.contains("~1.2 of 2.5 mph") && is_dim && top.contains("~driving ~1.2"), "{line} {top}");
    let (line, _, top) = row(60);
    assert!(!line.contains("1.2") && !top.contains("1.2") && top.contains("SILENT | 60.2s"), "{line} {top}");
}

#[test]
fn however_small_the_window_is_the_top_line_stays() {
    for (width, height) in [(1, 1), (9, 2), (20, 3), (30, 5), (60, 1), (10, 40)] {
        let shown = text(&drawn(&model((width, height)), &snapshot(StickState::Driving, "driving"), NOW));
        let all = " DRIVING|rover-1";
        let most: String = all.chars().take(usize::from(width)).collect();
        assert!(shown.starts_with(most.trim_end()), "{width}x{height}: {shown}");
    }
}

#[test]
fn a_long_name_pushes_nothing_out_of_the_top_line_the_fleet_and_the_log() {
    let name = "warehouse-north-rover-number-017";
    for size in [(100, 28), (80, 24), (60, 15)] {
        let (mut model, mut snapshot) = (model(size), snapshot(StickState::Driving, "driving"));
        let vehicle = snapshot.vehicles.remove(&"rover-1".parse().unwrap()).unwrap();
        snapshot.vehicles.insert(name.parse().unwrap(), vehicle);
        model.selected = Some(name.parse().unwrap());
        let mut entry = snapshot.event_log[1].clone();
        entry.vehicle = Some(name.parse().unwrap());
        snapshot.event_log = Arc::new([entry].into());
        let shown = text(&drawn(&model, &snapshot, NOW));
        let top = shown.lines().next().unwrap();
        for part in ["DRIVING", "017", "UP 12ms", "0.2s", "driving 1.2", "MOUSE", "87%", "unsigned"] {
            assert!(top.contains(part), "{part}: {shown}");
        }
        let row = |sign: &str| shown.lines().skip(1).find(|line| line.contains(sign)).unwrap_or_default();
        assert!(size.1 < 24 || row("> ").contains("-017 driving"), "{shown}");
        assert!(size.1 < 24 || row("59s + ").contains("-017 TURN_ON_ENGINE SUCCEEDED (7 ms)"), "{shown}");
    }
}

#[test]
fn news_leave_room_for_the_keys_that_work() {
    let mut model = model((80, 24));
    model.note = Some((NOW, "Not armed: press enter to arm".to_owned()));
    let shown = text(&drawn(&model, &snapshot(StickState::Disarmed, "standing"), NOW));
    let last = shown.lines().last().unwrap();
    assert_eq!(
        last, " Not armed: press enter to arm | enter arm  e engine off  : command  ? help",
        "{shown}"
    );
}

#[test]
fn the_footer_offers_the_step_that_is_missing_before_driving() {
    for (mode, cause, engine, first) in [
        ("off", "null", false, " e engine on  esc disarm"),
        ("standing", "null", true, " w/a/s/d hold to drive"),
        ("failsafe", r#""HOLD_LAPSED""#, true, " w/a/s/d hold to drive"),
        ("failsafe", r#""GUARD_LOST""#, false, " r clear the failsafe"),
    ] {
        let mut snapshot = snapshot(StickState::Ready, mode);
        let mut vehicle = crate::tui::example::vehicle(StickState::Ready, mode);
        let status = format!(r#"{{"mode":"{mode}","cause":{cause},"engine":{engine}}}"#);
        vehicle.picture.take(vehicle_protocol::Topic::Status, status.as_bytes(), false, NOW).unwrap();
        snapshot.vehicles.insert("rover-1".parse().unwrap(), Arc::new(vehicle));
        let shown = footer(&model((80, 24)), &snapshot, 80);
        assert!(shown.starts_with(first) && shown.matches("engine").count() < 2, "{mode} {cause}: {shown}");
    }
}

#[test]
fn the_stop_bar_says_what_counts_in_every_width() {
    let mut refused = snapshot(StickState::Ready, "off");
    let mut vehicle = crate::tui::example::vehicle(StickState::Ready, "off");
    vehicle.drive.halt = Some(crate::teleop::stick::Halt::Refused);
    let reason = Some(vehicle_protocol::Reason::EngineOff);
    vehicle.drive.refusal = Some(crate::operator::Refusal { reason, detail: None });
    refused.vehicles.insert("rover-1".parse().unwrap(), Arc::new(vehicle));
    let sent = snapshot(StickState::Estop, "driving");
    let known = snapshot(StickState::Estop, "emergency_stop");
    let ready = snapshot(StickState::Ready, "standing");
    for (snapshot, columns, bar) in [
        (&refused, 80, "SPACE = EMERGENCY STOP  stopped: the vehicle refused ENGINE_OFF; press again"),
        (&refused, 70, "SPACE = STOP  stopped: the vehicle refused ENGINE_OFF; press again"),
        (&refused, 20, "SPACE = STOP"),
        (&ready, 22, "SPACE = EMERGENCY STOP"),
        (&ready, 20, "SPACE = STOP"),
        (&sent, 80, "*** EMERGENCY STOP SENT, NOT CONFIRMED *** press r to clear it"),
        (&sent, 20, "STOP NOT CONFIRMED"),
        (&known, 30, "*** EMERGENCY STOP ***"),
        (&known, 20, "EMERGENCY STOP"),
        (&known, 5, "STOPPED"),
    ] {
        assert_eq!(stop_text(&model((columns, 9)), snapshot, usize::from(columns)).0, bar, "{columns}");
    }
}

#[test]
fn news_of_any_length_leave_the_way_to_the_help_in_sight() {
    let long = "no vehicle is known yet: the first one that is found will be stopped 非常停止を送りました";
    for (width, says) in
        [(100, "stopped"), (80, "the first one that is"), (60, "no vehicle is known"), (40, "no vehicle is")]
    {
        for news in [long, &"非常停止".repeat(30)] {
            let mut model = model((width, 24));
            model.note = Some((NOW, news.to_owned()));
            let shown = text(&drawn(&model, &snapshot(StickState::Disarmed, "standing"), NOW));
            let last = shown.lines().last().unwrap();
            assert!(last.contains("? help") && (news != long || last.contains(says)), "{width}: {last}");
        }
    }
    let mut model = model((30, 24));
    model.note = Some((NOW, "The window changed: disarmed".to_owned()));
    let shown = text(&drawn(&model, &snapshot(StickState::Disarmed, "standing"), NOW));
    assert!(shown.ends_with(" The window changed: disar.. |"), "{shown}");
}

#[test]
fn where_there_is_no_room_for_the_log_what_asks_for_attention_is_news() {
    let snapshot = snapshot(StickState::Ready, "standing");
    let shown = |size, seconds| {
        let now = Duration::from_secs(seconds);
        text(&drawn(&model(size), &snapshot, now)).lines().last().unwrap().to_owned()
    };
    assert!(shown((60, 15), 71).starts_with(" failsafe HOLD_LAPSED | w/a/s/d"), "{}", shown((60, 15), 71));
    assert!(shown((60, 15), 77).starts_with(" w/a/s/d"));
    assert!(shown((80, 24), 71).starts_with(" w/a/s/d"));
}

#[test]
fn a_vehicle_is_called_silent_exactly_when_its_values_are_old() {
    let (model, snapshot) = (model((100, 28)), snapshot(StickState::Ready, "standing"));
    for tenths in (0..400).step_by(2) {
        let now = NOW.saturating_add(Duration::from_millis(100 * tenths));
        let shown = text(&drawn(&model, &snapshot, now));
        let top = shown.lines().next().unwrap();
        let is_current = top.contains("standing") && !top.contains("~standing");
        assert_eq!(top.contains("SILENT"), !is_current, "{top}");
    }
}

#[test]
fn wide_characters_push_nothing_out_of_the_top_line() {
    let mut snapshot = snapshot(StickState::Driving, "driving");
    let mut vehicle = crate::tui::example::vehicle(StickState::Driving, "driving");
    let driver = r#"{"driver":"運転手の田中さん"}"#;
    vehicle.picture.take(vehicle_protocol::Topic::Status, driver.as_bytes(), false, NOW).unwrap();
    snapshot.vehicles.insert("rover-1".parse().unwrap(), Arc::new(vehicle));
    for width in 60..110 {
        let buffer = drawn(&model((width, 24)), &snapshot, NOW);
        let top: String = (0..width).map(|column| buffer[(column, 0)].symbol()).collect();
        assert!(top.contains("中 さ ん"), "{width}: {top}");
    }
}

#[test]
fn a_track_shows_the_safe_place_until_its_values_are_too_old() {
    let (model, snapshot) = (model((100, 28)), snapshot(StickState::Ready, "standing"));
    let track = model.panels().track.unwrap();
    let signs = |seconds: u64| {
        let buffer = drawn(&model, &snapshot, NOW.saturating_add(Duration::from_secs(seconds)));
        let rows = (track.y + 1..track.bottom()).flat_map(|y| (track.x..track.right()).map(move |x| (x, y)));
        rows.map(|place| buffer[place].symbol().to_owned())
            .filter(|sign| "P↗".contains(sign.as_str()))
            .collect::<String>()
    };
    assert_eq!((signs(0), signs(10), signs(60)), ("↗P".to_owned(), "↗P".to_owned(), String::new()));
}

#[test]
fn dialogs_leave_the_lines_that_are_always_there() {
    for (width, height) in [(100, 28), (80, 24), (60, 15), (40, 8), (20, 4)] {
        let mut model = model((width, height));
        model.palette = Some(Palette { error: Some("no".to_owned()), ..Palette::default() });
        let palette = text(&drawn(&model, &snapshot(StickState::Ready, "standing"), NOW));
        (model.palette, model.help) = (None, true);
        let help = text(&drawn(&model, &snapshot(StickState::Ready, "standing"), NOW));
        for shown in [palette, help] {
            let lines: Vec<&str> = shown.lines().collect();
            assert!(lines[0].starts_with(" READY") && lines[1].contains("SPACE"), "{shown}");
        }
    }
}

#[test]
fn a_vehicle_can_not_steer_the_terminal() {
    let mut snapshot = snapshot(StickState::Ready, "standing");
    let mut vehicle = crate::tui::example::vehicle(StickState::Ready, "standing");
    let evil = br#"{"driver":"\u001b[2Jx\u0007"}"#;
    vehicle.picture.take(vehicle_protocol::Topic::Status, evil, false, NOW).unwrap();
    snapshot.vehicles.insert("rover-1".parse().unwrap(), Arc::new(vehicle));
    let shown = text(&drawn(&model((100, 28)), &snapshot, NOW));
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
}
