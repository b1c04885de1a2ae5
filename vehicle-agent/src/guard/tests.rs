//! The guard's loop against an agent that is a test, over a real socket.

use super::*;
use crate::board::sim::Levels;
use crate::control::{Drivetrain, Duty, Outputs};
use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Instant;
use tempfile::TempDir;
use vehicle_protocol::Doors;

const AT_REST: Drivetrain = Drivetrain::SkidSteer { left: Duty::ZERO, right: Duty::ZERO };

struct Scene {
    folder: TempDir,
    agent: UnixStream,
    guard: JoinHandle<Result<(), BoardError>>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Some(folder.path().join(name));
        let outputs = GuardedOutputs::Sim(SimFiles {
            drivetrain: AT_REST,
            trace: file("trace"),
            levels: file("levels"),
        });
        let (agent, other) = UnixStream::pair().unwrap();
        let guard = thread::spawn(move || {
            let clock = Clock::start();
            let mut cutoff = outputs.open(clock)?;
            watch(other.as_fd(), clock, cutoff.as_mut())
        });
        let mut scene = Self { folder, agent, guard };
        scene.expect(&[word::READY]);
        scene.drive();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn drive(&self) {
        let drivetrain = Drivetrain::SkidSteer { left: Duty::new(0.5), right: Duty::new(0.4) };
        let driving = Outputs {
            drivetrain,
            enable: true,
            brake: false,
            headlights: true,
            parking_lights: false,
            hazard_lights: false,
            horn: true,
            doors: Doors::Locked,
        };
        Levels::open(&self.path("levels")).unwrap().write(&driving).unwrap();
    }

    fn levels(&self) -> Outputs {
        Levels::open(&self.path("levels")).unwrap().read().unwrap().unwrap()
    }

    fn is_driving(&self) -> bool {
        let levels = self.levels();
        levels.drivetrain.is_powered() && levels.enable && !levels.brake
    }

    fn is_safe(&self) -> bool {
        let levels = self.levels();
        !levels.drivetrain.is_powered() && !levels.enable && levels.brake
    }

    fn trace(&self) -> Vec<String> {
        fs::read_to_string(self.path("trace")).unwrap().lines().map(str::to_owned).collect()
    }

    fn say(&mut self, words: &[u8]) {
        self.agent.write_all(words).unwrap();
    }

    fn expect(&mut self, words: &[u8]) {
        let mut said = vec![0; words.len()];
        self.agent.read_exact(&mut said).unwrap();
        assert_eq!(said, words);
    }

    fn end(self) -> TempDir {
        drop(self.agent);
        self.guard.join().unwrap().unwrap();
        self.folder
    }
}

#[test]
fn silence_of_an_armed_agent_clears_the_levels_and_is_one_line_in_the_trace() {
    let mut scene = Scene::new();
    assert!(scene.is_driving());
    scene.say(&[word::BEAT]);
    scene.expect(&[word::BEAT, word::TRIPPED]);
    assert!(scene.is_safe() && scene.levels().headlights && !scene.levels().horn);
    let trace = scene.trace();
    assert!(trace.len() == 1 && trace[0].contains(r#""enable":false,"brake":true"#), "{trace:?}");
    assert!(trace[0].ends_with(r#""cause":"GUARD"}"#), "{trace:?}");
    let folder = scene.end();
    assert_eq!(fs::read_to_string(folder.path().join("trace")).unwrap().lines().count(), 1);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is about how long a silence may be")]
fn the_silence_that_it_bears_is_150_ms() {
    let mut scene = Scene::new();
    let start = Instant::now();
    scene.say(&[word::BEAT]);
    scene.expect(&[word::BEAT, word::TRIPPED]);
    assert!(start.elapsed() >= SILENCE, "{:?}", start.elapsed());
}

#[test]
fn an_agent_at_rest_is_left_alone_however_long_it_is_silent() {
    let mut scene = Scene::new();
    scene.say(&[word::BEAT, word::REST]);
    scene.expect(&[word::BEAT]);
    scene.agent.set_read_timeout(Some(SILENCE * 2)).unwrap();
    assert!(scene.agent.read(&mut [0]).is_err(), "nothing was to be said");
    assert!(scene.is_driving() && scene.trace().is_empty());
}

#[test]
fn the_end_of_the_agent_makes_the_outputs_safe_even_at_rest() {
    let scene = Scene::new();
    assert!(scene.is_driving());
    let path = scene.path("levels");
    let _folder = scene.end();
    let levels = Levels::open(&path).unwrap().read().unwrap().unwrap();
    assert!(!levels.drivetrain.is_powered() && !levels.enable && levels.brake);
}

#[test]
fn an_agent_that_left_safe_outputs_leaves_nothing_to_do() {
    let scene = Scene::new();
    let safe = scene.levels().made_safe();
    Levels::open(&scene.path("levels")).unwrap().write(&safe).unwrap();
    let folder = scene.end();
    assert_eq!(fs::read_to_string(folder.path().join("trace")).unwrap(), "");
}

#[test]
fn a_complaint_that_nobody_reads_holds_up_no_guard() {
    let (mut sink, mut reader) = UnixStream::pair().unwrap();
    let problem = BoardError::new("enable", "stuck".repeat(100), "look");
    for _ in 0..10_000 {
        complain_to(&mut sink, &problem);
    }
    let mut said = [0; 21];
    reader.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"guard: enable: stucks");
}

/// Keeps what an enable line is brought to.
#[derive(Default)]
struct EnableRecorder(Vec<bool>);

impl Cutoff for EnableRecorder {
    fn enable(&mut self, on: bool) -> Result<(), BoardError> {
        if self.0.last() != Some(&on) {
            self.0.push(on);
        }
        Ok(())
    }

    fn make_safe(&mut self, _: &Cause, _: Agent) -> Result<(), BoardError> {
        self.enable(false)
    }
}

#[test]
fn an_agent_that_disarms_and_arms_in_one_breath_has_its_line_switched_on_anew() {
    let (mut agent, other) = UnixStream::pair().unwrap();
    let guard = thread::spawn(move || {
        let mut line = EnableRecorder::default();
        watch(other.as_fd(), Clock::start(), &mut line).map(|()| line.0)
    });
    let mut said = [0];
    for words in [&[word::BEAT][..], &[word::REST, word::BEAT]] {
        agent.write_all(words).unwrap();
        said = [0];
        while said != [word::BEAT] {
            agent.read_exact(&mut said).unwrap();
        }
    }
    drop(agent);
    assert_eq!(said, [word::BEAT]);
    assert_eq!(guard.join().unwrap().unwrap(), [true, false, true, false]);
}
