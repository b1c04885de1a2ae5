//! The guard beside an agent that has its lines, on a fake back end.

use super::*;
use crate::board::{FakeGpioBackend, GpioBackendKind, Line, MotorLine, Side};
use std::fs;
use tempfile::TempDir;

const ENABLE: u8 = 22;
const BRAKE: u8 = 23;
const MOTOR: u8 = 12;
const AGENT: Consumer = Consumer::Agent(Line::Motor(Side::Left, MotorLine::Pwm));

struct Scene {
    backend: FakeGpioBackend,
    pwm: TempDir,
    cutoff: GpioCutoff,
}

impl Scene {
    fn new(kind: GpioBackendKind, enable: Option<Pin>) -> Self {
        let backend = FakeGpioBackend::of(kind);
        let pwm = tempfile::tempdir().unwrap();
        let channel = pwm.path().join("pwmchip0/pwm1");
        fs::create_dir_all(&channel).unwrap();
        for (file, text) in [("period", "50000"), ("duty_cycle", "40000"), ("enable", "1")] {
            fs::write(channel.join(file), text).unwrap();
        }
        let lines = GpioLines {
            backend: kind,
            enable,
            brake: Some(Pin::gpio(BRAKE)),
            motors: vec![Pin::gpio(MOTOR)],
            channels: vec![Channel { chip: "pwmchip0".to_owned(), channel: 1, inverted: false, gpio: None }],
        };
        let cutoff = GpioCutoff::on(Box::new(backend.clone()), pwm.path().to_owned(), &lines);
        Self { backend, pwm, cutoff }
    }

    fn duty_cycle(&self) -> String {
        fs::read_to_string(self.pwm.path().join("pwmchip0/pwm1/duty_cycle")).unwrap()
    }

    fn make_safe(&mut self, agent: Agent) -> Result<Vec<(u8, bool)>, BoardError> {
        self.cutoff.make_safe(&Cause::Guard, agent).map(|()| self.backend.gpios())
    }
}

fn enabled(kind: GpioBackendKind) -> Scene {
    Scene::new(kind, Some(Pin::gpio(ENABLE)))
}

#[test]
fn from_the_start_power_is_off_and_a_brake_stays_as_it_is() {
    let mut scene = enabled(GpioBackendKind::Rppal);
    scene.cutoff.acquire().unwrap();
    assert_eq!(scene.backend.gpios(), [(ENABLE, false), (MOTOR, false)]);
    assert_eq!(scene.duty_cycle(), "0");
}

#[test]
fn the_enable_line_is_switched_only_when_that_changes() {
    let mut scene = enabled(GpioBackendKind::Gpiochip);
    scene.cutoff.acquire().unwrap();
    scene.backend.switched();
    for on in [true, true, false, false] {
        scene.cutoff.enable(on).unwrap();
    }
    assert_eq!(scene.backend.gpios(), [(ENABLE, true), (ENABLE, false)]);
}

#[test]
fn where_lines_are_shared_all_are_brought_to_safety_whatever_the_agent_has() {
    let mut scene = enabled(GpioBackendKind::Rppal);
    let _agent = scene.backend.output(AGENT, &Pin::gpio(MOTOR), Some(true)).unwrap();
    scene.cutoff.acquire().unwrap();
    scene.backend.switched();
    fs::write(scene.pwm.path().join("pwmchip0/pwm1/duty_cycle"), "40000").unwrap();
    assert_eq!(scene.make_safe(Agent::Silent).unwrap(), [(ENABLE, false), (BRAKE, true), (MOTOR, false)]);
    assert_eq!(scene.duty_cycle(), "0");
}

#[test]
fn where_they_are_not_a_silent_agent_keeps_its_own_and_loses_enable_and_hardware_pulses() {
    let mut scene = enabled(GpioBackendKind::Gpiochip);
    let agent = scene.backend.output(AGENT, &Pin::gpio(MOTOR), Some(true)).unwrap();
    scene.cutoff.acquire().unwrap();
    scene.cutoff.enable(true).unwrap();
    scene.backend.switched();
    fs::write(scene.pwm.path().join("pwmchip0/pwm1/duty_cycle"), "40000").unwrap();
    assert_eq!(scene.make_safe(Agent::Silent).unwrap(), [(ENABLE, false)]);
    assert_eq!(scene.duty_cycle(), "0");
    // The kernel takes its lines some time after its last word.
    std::thread::scope(|threads| {
        threads.spawn(move || {
            sleep_until(monotonic().saturating_add(Duration::from_millis(20)));
            drop(agent);
        });
        assert_eq!(scene.make_safe(Agent::Gone).unwrap(), [(ENABLE, false), (BRAKE, true), (MOTOR, false)]);
    });
}

#[test]
fn a_line_that_can_not_be_had_is_told_and_keeps_no_other_from_safety() {
    let mut scene = enabled(GpioBackendKind::Gpiochip);
    let _agent = scene.backend.output(AGENT, &Pin::gpio(MOTOR), Some(true)).unwrap();
    scene.backend.switched();
    let error = scene.make_safe(Agent::Gone).unwrap_err();
    assert_eq!(error.to_string(), "guard, motor (GPIO 12): \"vehicle-agent left.pwm\" has it; stop it");
    assert_eq!(scene.backend.gpios(), [(ENABLE, false), (BRAKE, true)]);
}

#[test]
fn without_an_enable_line_a_silent_agent_that_keeps_its_lines_is_told() {
    let mut scene = Scene::new(GpioBackendKind::Gpiochip, None);
    let _agent = scene.backend.output(AGENT, &Pin::gpio(MOTOR), Some(true)).unwrap();
    assert!(scene.make_safe(Agent::Silent).is_err());
}
