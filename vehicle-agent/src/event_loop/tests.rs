//! The loop under paused time, with a board that records and a link that plays.

mod guarded;

use super::*;
use crate::board::BoardError;
use crate::control::{Cause, Received, SafetyChecks, Sensed, samples};
use crate::latch::Latch;
use crate::sensors::SensorsConfig;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::sync::mpsc;
use vehicle_protocol::{Answer, Topic};

/// An event in the order of its happening.
#[derive(Clone, Debug, PartialEq)]
enum Call {
    Applied(Outputs),
    Published(Report),
    Followed(Option<OperatorName>),
    /// The guard's process was sent SIGKILL.
    Killed,
}

#[derive(Clone, Debug, Default)]
struct CallLog(Rc<RefCell<Vec<Call>>>);

impl CallLog {
    fn answers(&self) -> Vec<Answer> {
        let calls = self.0.borrow();
        let answer = |call: &Call| {
            if let Call::Published(Report::Answer(answer)) = call { Some(answer.clone()) } else { None }
        };
        calls.iter().filter_map(answer).collect()
    }

    fn outputs(&self) -> Vec<Outputs> {
        let calls = self.0.borrow();
        calls
            .iter()
            .filter_map(|call| if let Call::Applied(outputs) = call { Some(*outputs) } else { None })
            .collect()
    }
}

struct RecorderBoard {
    log: CallLog,
    broken: Rc<RefCell<bool>>,
    stop: Rc<StopSwitch>,
}

/// An emergency-stop input that a test opens.
#[derive(Default)]
struct StopSwitch {
    open: Cell<bool>,
    told: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl StopSwitch {
    fn set(&self, open: bool) {
        self.open.set(open);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Board for RecorderBoard {
    fn apply(&mut self, _: Moment, outputs: &Outputs, _: &Cause) -> Result<(), BoardError> {
        if *self.broken.borrow() {
            return Err(BoardError::new("left", "stuck", "look"));
        }
        self.log.0.borrow_mut().push(Call::Applied(*outputs));
        Ok(())
    }

    fn sense(&mut self, _: Moment) -> Sensed {
        self.stop.told.set(self.stop.open.get());
        Sensed { emergency_stop: self.stop.open.get(), ..Sensed::default() }
    }

    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.stop.told != self.stop.open {
            return Poll::Ready(());
        }
        *self.stop.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

struct FakePort {
    events: mpsc::UnboundedReceiver<LinkEvent>,
    log: CallLog,
}

impl Port for FakePort {
    async fn next(&mut self) -> Option<LinkEvent> {
        self.events.recv().await
    }

    fn publish(&self, report: &Report) {
        self.log.0.borrow_mut().push(Call::Published(report.clone()));
    }

    fn set_armed(&self, _: bool) {}

    fn follow(&self, operator: Option<&OperatorName>) {
        self.log.0.borrow_mut().push(Call::Followed(operator.cloned()));
    }

    fn dropped(&self) -> u64 {
        0
    }
}

struct Scene {
    events: mpsc::UnboundedSender<LinkEvent>,
    log: CallLog,
    broken: Rc<RefCell<bool>>,
    stop: Rc<StopSwitch>,
    latch: Latch,
}

impl Scene {
    fn send(&self, text: &str) {
        let (topic, retained, payload) = (Topic::Commands, false, text.as_bytes().to_vec());
        self.events.send(LinkEvent::Received(Received { topic, retained, payload })).unwrap();
    }
}

/// Runs the loop beside a run_scene of what happens around it; ends it when the run_scene is over.
async fn run_scene(script: impl AsyncFnOnce(&Scene)) -> CallLog {
    run_watched(Watchdogs::default(), script).await
}

async fn run_watched(watchdogs: Watchdogs, script: impl AsyncFnOnce(&Scene)) -> CallLog {
    run_to(LoopEnd::Shutdown, watchdogs, script).await
}

async fn run_to(end: LoopEnd, watchdogs: Watchdogs, script: impl AsyncFnOnce(&Scene)) -> CallLog {
    run_recorded(CallLog::default(), end, watchdogs, script).await
}

async fn run_recorded(
    log: CallLog,
    end: LoopEnd,
    watchdogs: Watchdogs,
    script: impl AsyncFnOnce(&Scene),
) -> CallLog {
    let folder = tempfile::tempdir().unwrap();
    let (sender, events) = mpsc::unbounded_channel();
    let latch = Latch::new(folder.path());
    let stop = Rc::default();
    let (broken, latched) = (Rc::default(), latch.clone());
    let scene = Scene { events: sender, log: log.clone(), broken, stop: Rc::clone(&stop), latch: latched };
    let mut board = RecorderBoard { log: log.clone(), broken: Rc::clone(&scene.broken), stop };
    let vehicle = Vehicle::new(samples::setup(), SafetyChecks::ALL);
    let port = FakePort { events, log: log.clone() };
    let sensors = SensorReader::spawn(&SensorsConfig::default());
    let files = Files { writer: FileWriter::spawn(latch, folder.path().join("keys")), sensors };
    let mut driver = EventLoop::new(vehicle, &mut board, port, files, watchdogs, Clock::start());
    let over = std::pin::pin!(script(&scene));
    assert_eq!(driver.run(over).await, end);
    log
}

async fn pass(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn outputs_are_in_force_before_the_answer_says_so() {
    let log = run_scene(async |scene| {
        scene.send(r#"{"CMD":"TURN_ON_HEADLIGHTS"}"#);
        pass(10).await;
    })
    .await;
    let calls = log.0.borrow();
    let lit =
        calls.iter().position(|call| matches!(call, Call::Applied(outputs) if outputs.headlights)).unwrap();
    let told = calls.iter().position(|call| matches!(call, Call::Published(Report::Answer(_)))).unwrap();
    assert!(lit < told, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn motion_ends_with_its_lease_although_nothing_more_happens() {
    let log = run_scene(async |scene| {
        scene.send(r#"{"CMD":"TURN_ON_ENGINE"}"#);
        scene.send(r#"{"CMD":"ACCELERATE"}"#);
        pass(4_900).await;
        assert!(scene.log.outputs().last().unwrap().drivetrain.is_powered());
        pass(1_000).await;
        assert!(!scene.log.outputs().last().unwrap().drivetrain.is_powered());
    })
    .await;
    assert!(log.outputs().iter().any(|outputs| outputs.drivetrain.is_powered()));
}

#[tokio::test(start_paused = true)]
async fn a_board_that_fails_is_told_to_be_safe_until_it_obeys() {
    let log = run_scene(async |scene| {
        scene.send(r#"{"CMD":"TURN_ON_ENGINE"}"#);
        scene.send(r#"{"CMD":"ACCELERATE"}"#);
        pass(500).await;
        *scene.broken.borrow_mut() = true;
        scene.send(r#"{"CMD":"TURN_ON_HEADLIGHTS"}"#);
        pass(500).await;
        *scene.broken.borrow_mut() = false;
        pass(200).await;
        let last = *scene.log.outputs().last().unwrap();
        assert!(!last.drivetrain.is_powered() && !last.enable && last.brake, "{last:?}");
    })
    .await;
    let answers = log.answers();
    let failed = answers.iter().filter(|answer| answer.state == vehicle_protocol::State::Failed).count();
    assert_eq!(failed, 1, "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn an_emergency_stop_input_that_opens_stops_in_one_step_whatever_is_due_next() {
    run_scene(async |scene| {
        scene.send(r#"{"CMD":"TURN_ON_ENGINE"}"#);
        scene.send(r#"{"CMD":"ACCELERATE"}"#);
        // Between two ticks.
        pass(507).await;
        let before = scene.log.outputs().len();
        scene.stop.set(true);
        // Only as long as it takes to be woken: no time passes.
        tokio::task::yield_now().await;
        let outputs = scene.log.outputs();
        let stopped = outputs[before];
        assert!(!stopped.drivetrain.is_powered() && !stopped.enable && stopped.brake, "{stopped:?}");
        pass(10).await;
        assert!(scene.latch.is_set());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_vehicle_at_rest_notices_the_input_too_and_one_that_is_cleared_while_it_is_open_stays_stopped() {
    run_scene(async |scene| {
        pass(10_000).await;
        scene.stop.set(true);
        pass(10).await;
        assert!(scene.latch.is_set());
        scene.send(r#"{"CMD":"CLEAR_EMERGENCY_STOP"}"#);
        pass(100).await;
        assert!(scene.latch.is_set());
        scene.stop.set(false);
        scene.send(r#"{"CMD":"CLEAR_EMERGENCY_STOP"}"#);
        pass(100).await;
        assert!(!scene.latch.is_set());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn leaving_makes_the_outputs_safe() {
    let log = run_scene(async |scene| {
        scene.send(r#"{"CMD":"TURN_ON_ENGINE"}"#);
        scene.send(r#"{"CMD":"ACCELERATE"}"#);
        pass(500).await;
    })
    .await;
    let last = *log.outputs().last().unwrap();
    assert!(!last.drivetrain.is_powered() && !last.enable && last.brake, "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clearing_that_meets_a_failing_board_is_taken_back_in_the_file_too() {
    let log = run_scene(async |scene| {
        scene.send(r#"{"CMD":"EMERGENCY_STOP"}"#);
        pass(100).await;
        assert!(scene.latch.is_set());
        scene.send(r#"{"CMD":"CLEAR_EMERGENCY_STOP"}"#);
        scene.send(r#"{"CMD":"TURN_ON_HEADLIGHTS"}"#);
        *scene.broken.borrow_mut() = true;
        pass(100).await;
        assert!(scene.latch.is_set());
    })
    .await;
    let last = log.answers().pop().unwrap();
    assert_eq!(last.state, vehicle_protocol::State::Failed, "{:?}", log.answers());
}

#[tokio::test(start_paused = true)]
async fn what_waits_when_the_machine_wakes_is_not_obeyed_and_the_vehicle_stops() {
    let log = run_to(LoopEnd::Suspended, Watchdogs::default(), async |scene| {
        scene.send(r#"{"CMD":"TURN_ON_ENGINE"}"#);
        scene.send(r#"{"CMD":"ACCELERATE"}"#);
        pass(500).await;
        crate::clock::PRETENDED_SUSPEND.set(Duration::from_secs(60));
        scene.send(r#"{"CMD":"TURN_ON_HEADLIGHTS"}"#);
        std::future::pending::<()>().await;
    })
    .await;
    crate::clock::PRETENDED_SUSPEND.set(Duration::ZERO);
    let outputs = log.outputs();
    let last = outputs.last().unwrap();
    assert!(!last.drivetrain.is_powered() && !last.enable && last.brake, "{last:?}");
    assert!(outputs.iter().all(|outputs| !outputs.headlights));
}
