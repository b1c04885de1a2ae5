//! On a wired board with a fake back end, with a person who is, too.

use super::*;
use crate::board::{
    Drive, EnableLine, FakeGpioBackend, GpioBackendKind, GpioBoard, Motor, Pin, Wire, Wiring,
};
use crate::control::{Kinematics, Moment, Sensed};
use plan::Parts;
use std::cell::Cell;
use std::path::Path;
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc as blocking;
use tokio::sync::mpsc;

const ENABLE: u8 = 22;
const FORWARD: [u8; 2] = [13, 5];
const BACKWARD: [u8; 2] = [19, 6];

fn wiring() -> Wiring {
    let wire = |gpio| Wire::Pin(Pin::gpio(gpio));
    // No pulses, which have a clock of their own: a quarter of the power is the whole line.
    let motor = |side: usize| Motor::PwmHalves {
        pwm: wire([12, 16][side]),
        forward: Pin::gpio(FORWARD[side]),
        backward: Pin::gpio(BACKWARD[side]),
    };
    Wiring {
        pwm_period: Duration::from_millis(10),
        drive: Drive::SkidSteer { left: motor(0), right: motor(1) },
        enable: Some(Pin::gpio(ENABLE)),
        brake: Some(Pin::gpio(23)),
        headlights: Some(Pin::gpio(24)),
        parking_lights: None,
        hazard_lights: None,
        horn: None,
        doors: None,
        emergency_stop: Some(Pin::gpio(4)),
        encoders: Vec::new(),
    }
}

/// A wired board with an emergency-stop input that a test opens.
struct Bench {
    board: GpioBoard,
    open: Rc<Cell<bool>>,
}

impl Board for Bench {
    fn apply(&mut self, now: Moment, outputs: &Outputs, cause: &Cause) -> Result<(), BoardError> {
        self.board.apply(now, outputs, cause)
    }

    fn sense(&mut self, _: Moment) -> Sensed {
        Sensed { emergency_stop: self.open.get(), ..Sensed::default() }
    }
}

/// A person beside the vehicle.
struct Person {
    backend: FakeGpioBackend,
    open: Rc<Cell<bool>>,
    types: mpsc::UnboundedSender<String>,
    sees: blocking::Receiver<String>,
    signal: mpsc::UnboundedSender<&'static str>,
    /// All that was switched.
    switched: Vec<(u8, bool)>,
}

impl Person {
    /// Waits for words, and gives what was switched until then.
    async fn sees(&mut self, words: &str) {
        for _ in 0..1_000 {
            self.switched.extend(self.backend.gpios());
            if self.sees.try_iter().any(|said| said.contains(words)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never saw {words:?}");
    }

    async fn answers(&mut self, question: &str, answer: &str) {
        self.sees(question).await;
        self.types.send(answer.to_owned()).unwrap();
    }

    async fn goes_to(&mut self, step: &str) {
        self.answers("Type the vehicle's name", "rover-1").await;
        self.answers("Open the emergency-stop switch", "s").await;
        self.answers("headlights:", "s").await;
        self.answers("brake:", "s").await;
        self.sees(step).await;
        self.switched.clear();
    }

    fn is_on(&self, line: u8) -> bool {
        let last = self.switched.iter().rev().find(|(gpio, _)| *gpio == line);
        last.is_some_and(|(_, on)| *on)
    }
}

async fn tried(script: impl AsyncFnOnce(&mut Person)) -> Result<Vec<(&'static str, Verdict)>, Aborted> {
    let backend = FakeGpioBackend::of(GpioBackendKind::Rppal);
    let board = GpioBoard::on(&backend, Path::new("/no/pwm"), wiring(), EnableLine::Own).unwrap();
    let (open, (mut talk, types, sees)) = (Rc::new(Cell::new(false)), Talk::played());
    let mut board = Bench { board, open: Rc::clone(&open) };
    let (signal, mut signals) = mpsc::unbounded_channel();
    let mut end = pin!(async move {
        match signals.recv().await {
            Some(name) => name,
            None => std::future::pending().await,
        }
    });
    let fittings = board.board.wiring().fittings();
    let kinematics = Kinematics::SkidSteer { track: 0.5 };
    let parts = Parts { kinematics, fittings, brake: true, power: 1.0 };
    let mut watchdogs = Watchdogs::default();
    let mut bench_test = BenchTest {
        board: &mut board,
        watchdogs: &mut watchdogs,
        clock: Clock::start(),
        talk: &mut talk,
        end: end.as_mut(),
        rest: parts.rest(),
        stop_is_wired: true,
        open: false,
    };
    let mut person = Person { backend: backend.clone(), open, types, sees, signal, switched: Vec::new() };
    let steps = parts.steps();
    let (tried, ()) = tokio::join!(bench_test.run("rover-1", &steps), async {
        script(&mut person).await;
        drop(person);
    });
    let on = backend.gpios();
    assert!(!on.contains(&(ENABLE, true)), "{on:?}");
    tried
}

#[tokio::test(start_paused = true)]
async fn no_half_of_a_bridge_is_on_with_the_other_and_power_comes_last_and_goes_first() {
    let verdicts = tried(async |person| {
        person.goes_to("left motor").await;
        person.types.send("y".to_owned()).unwrap();
        person.answers("Was that right?", "y").await;
        person.answers("right motor:", "y").await;
        person.answers("Was that right?", "n").await;
        let mut on = Vec::new();
        let mut order = Vec::new();
        for (line, is_on) in person.switched.iter().filter(|(line, _)| ![12, 16, 23, 24].contains(line)) {
            on.retain(|other| other != line);
            if *is_on {
                on.push(*line);
                order.push(*line);
            }
            assert!(!FORWARD.iter().zip(BACKWARD).any(|(a, b)| on.contains(a) && on.contains(&b)), "{on:?}");
            assert!(on.iter().filter(|line| **line != ENABLE).count() <= 1, "one motor at a time: {on:?}");
        }
        assert_eq!(order, [ENABLE, FORWARD[0], BACKWARD[0], ENABLE, FORWARD[1], BACKWARD[1]]);
        assert!(!person.is_on(ENABLE) && person.is_on(23), "{:?}", person.switched);
    })
    .await
    .unwrap();
    let expected = [
        ("emergency-stop input", Verdict::Skipped),
        ("headlights", Verdict::Skipped),
        ("brake", Verdict::Skipped),
        ("left motor", Verdict::Right),
        ("right motor", Verdict::Wrong),
    ];
    assert_eq!(verdicts, expected);
}

#[tokio::test(start_paused = true)]
async fn the_emergency_stop_input_is_tried_first_shown_and_ends_a_pulse() {
    let ended = tried(async |person| {
        person.answers("Type the vehicle's name", "rover-1").await;
        person.sees("Open the emergency-stop switch").await;
        person.open.set(true);
        person.sees("is OPEN").await;
        person.sees("Close it again").await;
        person.open.set(false);
        person.sees("is closed").await;
        person.answers("headlights:", "s").await;
        person.answers("brake:", "s").await;
        person.sees("left motor:").await;
        person.open.set(true);
        person.sees("is OPEN").await;
        person.answers("left motor:", "y").await;
        person.sees("so no motor runs").await;
        person.open.set(false);
        person.sees("is closed").await;
        person.switched.clear();
        person.answers("left motor:", "y").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        person.switched.extend(person.backend.gpios());
        assert!(person.is_on(ENABLE) && person.is_on(FORWARD[0]), "{:?}", person.switched);
        person.open.set(true);
        tokio::time::sleep(TICK * 2).await;
        person.switched.extend(person.backend.gpios());
        assert!(!person.is_on(ENABLE) && !person.is_on(FORWARD[0]), "{:?}", person.switched);
    })
    .await;
    assert!(matches!(ended, Err(Aborted::EmergencyStop)), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_signal_or_the_end_of_the_terminal_switches_everything_off() {
    for (by_signal, line) in [(true, FORWARD[0]), (false, ENABLE)] {
        let ended = tried(async |person| {
            person.goes_to("left motor").await;
            if !by_signal {
                return;
            }
            person.types.send("y".to_owned()).unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            person.switched.extend(person.backend.gpios());
            assert!(person.is_on(line), "{:?}", person.switched);
            person.signal.send("SIGTERM").unwrap();
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            person.switched.extend(person.backend.gpios());
            assert!(!person.is_on(line) && !person.is_on(ENABLE), "{:?}", person.switched);
        })
        .await
        .unwrap_err();
        assert!(matches!(
            (by_signal, &ended),
            (true, Aborted::Signal("SIGTERM")) | (false, Aborted::TerminalGone)
        ));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_typed_before_the_question_starts_nothing() {
    let ended = tried(async |person| {
        person.answers("Type the vehicle's name", "rover-1").await;
        person.sees("Open the emergency-stop switch").await;
        for typed in ["s", "y", "y", "y"] {
            person.types.send(typed.to_owned()).unwrap();
        }
        person.sees("headlights:").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        person.switched.extend(person.backend.gpios());
        assert!(!person.is_on(24), "{:?}", person.switched);
        person.types.send("q".to_owned()).unwrap();
    })
    .await;
    assert!(matches!(ended, Err(Aborted::Quit)), "{ended:?}");
}
