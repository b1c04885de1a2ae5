//! Pulses on a line that writes down when it was switched.

use super::*;
use std::sync::mpsc::{Receiver, Sender, channel};

#[derive(Debug)]
struct Diary(Sender<(Duration, bool)>);

impl DigitalOutput for Diary {
    fn set(&mut self, on: bool) -> Result<(), BoardError> {
        // A test that has heard enough hangs up.
        let _ = self.0.send((monotonic(), on));
        Ok(())
    }
}

struct Scene {
    line: PulsedLine,
    heard: Receiver<(Duration, bool)>,
}

impl Scene {
    fn new() -> Self {
        let (diary, heard) = channel();
        Self { line: PulsedLine::new(Box::new(Diary(diary))), heard }
    }

    fn next(&self) -> (Duration, bool) {
        self.heard.recv_timeout(PATIENCE).unwrap()
    }

    /// Waits until the line is on.
    fn wait_for_pulse(&self) {
        while !self.next().1 {}
    }

    /// The changes so far.
    fn so_far(&self) -> Vec<bool> {
        self.heard.try_iter().map(|(_, on)| on).collect()
    }
}

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(60);
const PERIOD: Duration = Duration::from_millis(20);

fn train(width_ms: u64) -> Pattern {
    Pattern::Train { period: PERIOD, width: Duration::from_millis(width_ms) }
}

/// 25 pulses of 5 ms, unless the machine held them up.
fn pulses() -> Option<Vec<(Duration, bool)>> {
    let mut scene = Scene::new();
    scene.line.set(train(5)).unwrap();
    (0..51).map(|_| scene.heard.recv_timeout(Duration::from_secs(1)).ok()).collect()
}

#[test]
fn fifty_pulses_a_second_have_the_share_that_was_asked_for() {
    // Other tests take the processor from this one at times, which shows in any number of pulses; but never in all.
    let (end, mut seen) = (monotonic() + PATIENCE, Vec::new());
    while monotonic() < end {
        let Some(edges) = pulses() else { continue };
        assert!(edges.iter().enumerate().all(|(index, (_, on))| *on == (index % 2 == 0)), "{edges:?}");
        let on = edges.chunks_exact(2).map(|pulse| pulse[1].0.saturating_sub(pulse[0].0));
        let mut shares: Vec<f64> = on.map(|on| on.as_secs_f64() / PERIOD.as_secs_f64()).collect();
        shares.sort_by(f64::total_cmp);
        let took = edges[50].0.saturating_sub(edges[0].0);
        // Late edges are not handed on from period to period.
        if (shares[12] - 0.25).abs() < 0.02 && took.abs_diff(PERIOD * 25) < PERIOD * 2 {
            return;
        }
        seen.push((shares[12], took));
    }
    panic!("medians, and times of 25 periods: {seen:?}");
}

#[test]
fn a_line_that_is_switched_off_in_a_pulse_is_off_at_once_and_stays_so() {
    let mut scene = Scene::new();
    scene.line.set(train(19)).unwrap();
    scene.wait_for_pulse();
    scene.line.set(Pattern::Steady(false)).unwrap();
    assert_eq!(scene.so_far().last(), Some(&false));
    assert!(scene.heard.recv_timeout(PERIOD * 3).is_err(), "nothing more was to happen");
}

#[test]
fn a_line_that_is_switched_on_in_a_pulse_stays_on_when_that_would_have_ended() {
    let mut scene = Scene::new();
    scene.line.set(train(1)).unwrap();
    scene.wait_for_pulse();
    scene.line.set(Pattern::Steady(true)).unwrap();
    let edges: Vec<bool> =
        std::iter::from_fn(|| scene.heard.recv_timeout(PERIOD * 3).ok()).map(|(_, on)| on).collect();
    assert_eq!(edges.last(), Some(&true));
}

#[test]
fn a_single_pulse_begins_at_once_and_ends_by_itself() {
    let mut scene = Scene::new();
    let asked = monotonic();
    scene.line.set(Pattern::Once(Duration::from_millis(30))).unwrap();
    let (begun, on) = scene.heard.try_recv().unwrap();
    assert!(on && begun >= asked);
    let (ended, on) = scene.next();
    let took = ended.saturating_sub(asked);
    assert!(!on && took >= Duration::from_millis(30), "{took:?}");
}

#[test]
fn a_line_that_is_let_go_in_a_pulse_is_off_and_a_steady_one_stays() {
    let mut scene = Scene::new();
    scene.line.set(train(19)).unwrap();
    scene.wait_for_pulse();
    drop(scene.line);
    assert_eq!(scene.heard.iter().last().map(|(_, on)| on), Some(false));

    let mut scene = Scene::new();
    scene.line.set(Pattern::Steady(true)).unwrap();
    drop(scene.line);
    assert_eq!(scene.heard.iter().map(|(_, on)| on).collect::<Vec<_>>(), [true]);
}

#[test]
fn pulses_that_were_held_up_end_and_are_told_of() {
    /// Takes far too long over one pulse, as under a process that is stopped.
    #[derive(Debug)]
    struct Slow(Sender<bool>);
    impl DigitalOutput for Slow {
        fn set(&mut self, on: bool) -> Result<(), BoardError> {
            if on {
                sleep_until(monotonic().saturating_add(HELD_UP * 2));
            }
            let _ = self.0.send(on);
            Ok(())
        }
    }
    let (sender, heard) = channel();
    let mut line = PulsedLine::new(Box::new(Slow(sender)));
    line.set(train(5)).unwrap();
    let levels = [(); 3].map(|()| heard.recv_timeout(PATIENCE).unwrap());
    assert_eq!(levels, [true, false, false]);
    assert!(heard.recv_timeout(HELD_UP * 4).is_err(), "no second pulse");
    let error = line.set(Pattern::Steady(false)).unwrap_err().to_string();
    assert!(error.contains("its pulses were held up"), "{error}");
}

#[test]
fn what_the_thread_could_not_do_is_told_with_the_next_task() {
    #[derive(Debug)]
    struct Stuck(Sender<()>);
    impl DigitalOutput for Stuck {
        fn set(&mut self, on: bool) -> Result<(), BoardError> {
            let _ = self.0.send(());
            if on { Err(BoardError::new("left", "stuck", "look")) } else { Ok(()) }
        }
    }
    let (sender, tried) = channel();
    let mut line = PulsedLine::new(Box::new(Stuck(sender)));
    line.set(train(5)).unwrap();
    tried.recv().unwrap();
    tried.recv().unwrap();
    let error = line.set(Pattern::Steady(false)).unwrap_err().to_string();
    assert!(error.contains("stuck"), "{error}");
    line.set(Pattern::Steady(false)).unwrap();
}
