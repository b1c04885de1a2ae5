//! A whole vehicle on a backend that is played.

use super::*;
use crate::board::{Drive, FakeGpioBackend, Motor, Pin};
use crate::control::{Drivetrain, Duty};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const ENABLE: u8 = 22;
const BRAKE: u8 = 23;

fn wiring() -> Wiring {
    let pin = |gpio| Wire::Pin(Pin::gpio(gpio));
    let left = Motor::PwmDirection { pwm: pin(12), direction: Pin::gpio(16) };
    let right = Motor::Halves { forward: pin(13), backward: pin(19) };
    Wiring {
        pwm_period: Duration::from_millis(10),
        drive: Drive::SkidSteer { left, right },
        enable: Some(Pin::gpio(ENABLE)),
        brake: Some(Pin::gpio(BRAKE)),
        headlights: Some(Pin::gpio(24)),
        parking_lights: None,
        hazard_lights: None,
        horn: None,
        doors: None,
        emergency_stop: None,
        encoders: Vec::new(),
    }
}

struct Scene {
    backend: FakeGpioBackend,
    board: GpioBoard,
}

impl Scene {
    fn new(kind: GpioBackendKind, enable: EnableLine) -> Self {
        let backend = FakeGpioBackend::of(kind);
        let board = GpioBoard::on(&backend, Path::new("/no/pwm"), wiring(), enable).unwrap();
        Self { backend, board }
    }

    /// Full power both ways, so that no pulses hide the order.
    fn apply(&mut self, left: f64, right: f64) -> Result<Vec<(u8, bool)>, BoardError> {
        let drivetrain = Drivetrain::SkidSteer { left: Duty::new(left), right: Duty::new(right) };
        self.give(&Outputs { enable: true, ..Outputs::off(drivetrain) })
    }

    fn give(&mut self, outputs: &Outputs) -> Result<Vec<(u8, bool)>, BoardError> {
        self.board.apply(Moment::default(), outputs, &Cause::Boot).map(|()| self.backend.gpios())
    }
}

#[test]
fn a_start_takes_every_line_as_off_but_the_brake() {
    let scene = Scene::new(GpioBackendKind::Rppal, EnableLine::Own);
    let mut taken = scene.backend.gpios();
    taken.sort_unstable();
    let off = [12, 13, 16, 19, ENABLE, 24].map(|gpio| (gpio, false));
    let mut expected = [off.as_slice(), &[(BRAKE, true)]].concat();
    expected.sort_unstable();
    assert_eq!(taken, expected);
}

#[test]
fn power_comes_last_and_goes_first_and_what_does_not_change_is_left_alone() {
    let mut scene = Scene::new(GpioBackendKind::Rppal, EnableLine::Own);
    scene.backend.switched();
    assert_eq!(scene.apply(1.0, 1.0).unwrap(), [(BRAKE, false), (12, true), (13, true), (ENABLE, true)]);
    assert_eq!(scene.apply(1.0, 1.0).unwrap(), []);
    let reversed = scene.apply(-1.0, -1.0).unwrap();
    assert_eq!(reversed, [(12, false), (13, false)], "between the ways there is nothing");
    assert_eq!(scene.apply(-1.0, -1.0).unwrap(), [(16, true), (12, true), (19, true)]);
    let stop = Outputs { headlights: true, ..Outputs::off(Drivetrain::at_rest(KINEMATICS)).made_safe() };
    let stopped = scene.give(&stop).unwrap();
    assert_eq!(stopped, [(ENABLE, false), (BRAKE, true), (12, false), (19, false), (16, false), (24, true)]);
}

const KINEMATICS: crate::control::Kinematics = crate::control::Kinematics::SkidSteer { track: 0.5 };

/// A controller on no pins: it records each call, and the changes of pins before it.
#[derive(Debug)]
struct RecordedMotors {
    backend: FakeGpioBackend,
    calls: Arc<Mutex<Vec<Call>>>,
    broken: Arc<AtomicBool>,
}

type Call = (Vec<(u8, bool)>, &'static str, f64, f64);

impl RecordedMotors {
    fn record(&self, call: &'static str, left: Duty, right: Duty) -> Result<(), BoardError> {
        let call = (self.backend.gpios(), call, left.share(), right.share());
        self.calls.lock().unwrap().push(call);
        let broken = self.broken.load(Ordering::Relaxed);
        if broken { Err(BoardError::new("motors", "no answer", "look at the bus")) } else { Ok(()) }
    }
}

impl MotorController for RecordedMotors {
    fn drive(&mut self, left: Duty, right: Duty) -> Result<(), BoardError> {
        self.record("drive", left, right)
    }

    fn cut(&mut self) -> Result<(), BoardError> {
        self.record("cut", Duty::ZERO, Duty::ZERO)
    }
}

#[test]
fn a_controller_of_motors_is_cut_before_all_but_enable_and_brake_and_driven_before_enable() {
    let backend = FakeGpioBackend::of(GpioBackendKind::Rppal);
    let calls = Arc::new(Mutex::new(Vec::new()));
    let broken = Arc::new(AtomicBool::new(false));
    let motors =
        RecordedMotors { backend: backend.clone(), calls: Arc::clone(&calls), broken: Arc::clone(&broken) };
    let mut lines = GpioBoard::acquire(&backend, Path::new("/no/pwm"), &wiring(), EnableLine::Own).unwrap();
    lines.retain(|wired| !matches!(wired.line(), Line::Motor(..)));
    let board = GpioBoard::assemble(wiring(), Box::new(motors), lines);
    let mut scene = Scene { backend, board };
    scene.backend.switched();

    assert_eq!(scene.apply(0.5, -0.25).unwrap(), [(ENABLE, true)]);
    assert_eq!(calls.lock().unwrap().drain(..).as_slice(), [(vec![(BRAKE, false)], "drive", 0.5, -0.25)]);
    scene.apply(-0.5, -0.25).unwrap();
    scene.apply(-0.5, -0.25).unwrap();
    let reversed = [(Vec::new(), "drive", 0.0, -0.25), (Vec::new(), "drive", -0.5, -0.25)];
    assert_eq!(
        calls.lock().unwrap().drain(..).as_slice(),
        reversed,
        "between the directions there is nothing"
    );

    broken.store(true, Ordering::Relaxed);
    let stop = Outputs { headlights: true, ..Outputs::off(Drivetrain::at_rest(KINEMATICS)).made_safe() };
    let error = scene.give(&stop).unwrap_err().to_string();
    assert!(error.contains("no answer"), "{error}");
    assert_eq!(scene.backend.gpios(), [(24, true)], "the others go on");
    let error = scene.give(&stop).unwrap_err().to_string();
    assert!(error.contains("no answer"), "{error}");
    let cut = [(vec![(ENABLE, false), (BRAKE, true)], "cut", 0.0, 0.0), (Vec::new(), "cut", 0.0, 0.0)];
    assert_eq!(calls.lock().unwrap().drain(..).as_slice(), cut, "until it obeys");
}

#[test]
fn a_line_that_fails_keeps_no_other_from_its_level_and_is_tried_again() {
    let mut scene = Scene::new(GpioBackendKind::Rppal, EnableLine::Own);
    scene.apply(1.0, 1.0).unwrap();
    scene.backend.fail(12);
    let stop = Outputs::off(Drivetrain::at_rest(KINEMATICS)).made_safe();
    for _ in 0..2 {
        let error = scene.give(&stop).unwrap_err().to_string();
        assert!(error.contains(": stuck; "), "{error}");
    }
    assert_eq!(scene.backend.gpios(), [(ENABLE, false), (BRAKE, true), (13, false)]);
}

#[test]
fn a_guarded_enable_line_is_only_ever_switched_off_by_the_board() {
    let mut scene = Scene::new(GpioBackendKind::Rppal, EnableLine::Guarded);
    scene.backend.switched();
    assert!(!scene.apply(1.0, 1.0).unwrap().contains(&(ENABLE, true)));
    let stop = Outputs::off(Drivetrain::at_rest(KINEMATICS)).made_safe();
    assert_eq!(scene.give(&stop).unwrap()[0], (ENABLE, false));
}

#[test]
fn where_lines_can_not_be_shared_the_enable_line_is_left_to_the_guard() {
    let mut scene = Scene::new(GpioBackendKind::Gpiochip, EnableLine::Guarded);
    assert!(!scene.backend.taken().contains(&"vehicle-agent enable".to_owned()));
    scene.apply(1.0, 1.0).unwrap();
    let scene = Scene::new(GpioBackendKind::Gpiochip, EnableLine::Own);
    assert!(scene.backend.taken().contains(&"vehicle-agent enable".to_owned()));
}

#[test]
fn a_board_that_is_let_go_leaves_safe_levels() {
    let mut scene = Scene::new(GpioBackendKind::Gpiochip, EnableLine::Own);
    scene.apply(0.5, -1.0).unwrap();
    drop(scene.board);
    let left: Vec<_> = scene.backend.gpios();
    let last = |gpio| left.iter().rev().find(|(other, _)| *other == gpio).copied();
    assert_eq!(last(ENABLE), Some((ENABLE, false)));
    assert_eq!(
        (last(BRAKE), last(12), last(19)),
        (Some((BRAKE, true)), Some((12, false)), Some((19, false)))
    );
}

#[test]
fn outputs_of_another_drivetrain_are_refused_and_change_nothing() {
    let mut scene = Scene::new(GpioBackendKind::Rppal, EnableLine::Own);
    scene.backend.switched();
    let steered = Drivetrain::SteeringServo { drive: Duty::new(1.0), steer: Duty::ZERO };
    let error = scene.give(&Outputs { enable: true, ..Outputs::off(steered) }).unwrap_err();
    assert!(error.to_string().contains("drivetrain.kind"), "{error}");
    assert_eq!(scene.backend.gpios(), []);
}
