//! The loop and a guard that a test fakes.

use super::*;
use crate::guard::word;
use crate::supervise::{Guard, ProcessHandle};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use vehicle_protocol::State;

/// The other end of the guard's line.
struct FakeGuard {
    line: UnixStream,
    process: FakeProcess,
}

/// The guard's process: one that hangs in the kernel has not ended however often it is killed.
#[derive(Clone, Debug, Default)]
struct FakeProcess {
    log: CallLog,
    hangs: Rc<Cell<bool>>,
}

impl ProcessHandle for FakeProcess {
    fn kill(&mut self) {
        self.log.0.borrow_mut().push(Call::Killed);
    }

    fn has_ended(&mut self) -> bool {
        !self.hangs.get()
    }
}

impl FakeGuard {
    fn new() -> (Self, Watchdogs) {
        let (own, line) = UnixStream::pair().unwrap();
        let process = FakeProcess::default();
        let guard = Guard::fake(own, Box::new(process.clone()));
        (Self { line, process }, Watchdogs { guard: Some(guard), service: None })
    }

    /// Reads the bytes of the agent since the last call.
    fn heard(&self) -> Vec<u8> {
        let mut heard = vec![0; 512];
        let length = self.line.try_read(&mut heard).unwrap_or(0);
        heard.truncate(length);
        heard
    }

    fn say(&self, said: u8) {
        self.line.try_write(&[said]).unwrap();
    }

    /// Ends as a guard that was killed does, even while another test starts a program that has a copy of the line.
    async fn hang_up(mut self) {
        self.line.shutdown().await.unwrap();
    }

    /// Echoes each beat for a while, and gives their number.
    async fn echo(&self, millis: u64) -> usize {
        let mut beats = 0;
        for _ in 0..millis / 10 {
            pass(10).await;
            for said in self.heard().into_iter().filter(|said| *said == word::BEAT) {
                beats += 1;
                self.say(said);
            }
        }
        beats
    }
}

impl Scene {
    fn is_stopped(&self) -> bool {
        let last = *self.log.outputs().last().unwrap();
        !last.drivetrain.is_powered() && !last.enable && last.brake
    }

    fn drive(&self) {
        self.send(r#"{"CMD":"TURN_ON_ENGINE"}"#);
        self.send(r#"{"CMD":"ACCELERATE"}"#);
    }

    /// The reasons of the failures so far.
    fn failures(&self) -> Vec<Reason> {
        let failed = |answer: Answer| (answer.state == State::Failed).then_some(answer.reason?);
        self.log.answers().into_iter().filter_map(failed).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn beats_run_each_40_ms_while_armed_and_never_else() {
    let (guard, watchdogs) = FakeGuard::new();
    run_watched(watchdogs, async |scene| {
        pass(60_000).await;
        assert!(guard.heard().is_empty());
        scene.send(r#"{"CMD":"TURN_ON_ENGINE"}"#);
        let beats = guard.echo(2_000).await;
        assert!((48..=51).contains(&beats), "{beats}");
        scene.send(r#"{"CMD":"ACCELERATE"}"#);
        let beats = guard.echo(1_000).await;
        assert!((22..=26).contains(&beats), "{beats}");
        scene.send(r#"{"CMD":"EMERGENCY_STOP"}"#);
        pass(5).await;
        assert_eq!(guard.heard().last(), Some(&word::REST));
        pass(60_000).await;
        assert!(guard.heard().is_empty());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_guard_without_echo_for_150_ms_stops_and_disarms() {
    let (guard, watchdogs) = FakeGuard::new();
    run_watched(watchdogs, async |scene| {
        scene.drive();
        guard.echo(500).await;
        assert!(scene.log.outputs().last().unwrap().drivetrain.is_powered());
        pass(100).await;
        assert!(!scene.is_stopped(), "too early");
        pass(60).await;
        assert!(scene.is_stopped());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_not_even_sigkill_ends_costs_no_time_before_the_motors_are_off() {
    let (guard, watchdogs) = FakeGuard::new();
    guard.process.hangs.set(true);
    let log = guard.process.log.clone();
    let kills = || log.0.borrow().iter().filter(|call| **call == Call::Killed).count();
    run_recorded(log.clone(), LoopEnd::Shutdown, watchdogs, async |scene| {
        scene.drive();
        guard.echo(500).await;
        assert_eq!(kills(), 0);
        pass(160).await;
        assert!(scene.is_stopped() && kills() > 0);
        let first_kill = log.0.borrow().iter().position(|call| *call == Call::Killed).unwrap();
        let before = log.0.borrow()[..first_kill].iter().rev().find_map(|call| match call {
            Call::Applied(outputs) => Some(*outputs),
            Call::Published(_) | Call::Followed(_) | Call::Killed => None,
        });
        assert!(!before.unwrap().drivetrain.is_powered(), "killed before the motors were off");

        // It may have lines of the board: nobody takes its place, and nobody drives, until it has ended.
        pass(5_000).await;
        scene.send(r#"{"CMD":"CLEAR_EMERGENCY_STOP"}"#);
        pass(50).await;
        scene.send(r#"{"CMD":"TURN_ON_ENGINE","ID":"again"}"#);
        pass(5).await;
        assert!(scene.failures().contains(&Reason::GuardLost), "{:?}", scene.log.answers());
        let so_far = kills();
        guard.process.hangs.set(false);
        pass(1_000).await;
        let ended = kills();
        assert!(ended <= so_far + 2, "looked for it after it had ended");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_guard_is_ended_only_when_the_motors_are_off() {
    let (guard, watchdogs) = FakeGuard::new();
    let log = guard.process.log.clone();
    run_recorded(log.clone(), LoopEnd::Shutdown, watchdogs, async |scene| {
        scene.drive();
        guard.echo(3_000).await;
        pass(100).await;
        *scene.broken.borrow_mut() = true;
        pass(1_000).await;
        let answers = scene.failures();
        assert!(!log.0.borrow().contains(&Call::Killed), "the last that can cut the power: {answers:?}");
        *scene.broken.borrow_mut() = false;
        pass(200).await;
        assert!(scene.is_stopped() && log.0.borrow().contains(&Call::Killed));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_has_acted_is_believed_at_once() {
    let (guard, watchdogs) = FakeGuard::new();
    run_watched(watchdogs, async |scene| {
        scene.drive();
        guard.echo(500).await;
        guard.say(word::TRIPPED);
        pass(2).await;
        assert!(scene.is_stopped());
        assert_eq!(guard.heard().last(), Some(&word::REST));
        scene.send(r#"{"CMD":"ACCELERATE","ID":"a"}"#);
        pass(2).await;
        let refused = scene.log.answers().last().unwrap().clone();
        assert!(refused.detail.unwrap().starts_with("GUARD_LOST"));
        pass(1_000).await;
        scene.send(r#"{"CMD":"CLEAR_EMERGENCY_STOP"}"#);
        pass(50).await;
        scene.drive();
        assert!(guard.echo(500).await > 10);
        assert!(scene.log.outputs().last().unwrap().drivetrain.is_powered(), "cleared on purpose");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_its_guard_a_vehicle_stops_and_can_not_be_armed() {
    let (guard, watchdogs) = FakeGuard::new();
    run_watched(watchdogs, async |scene| {
        scene.drive();
        guard.echo(500).await;
        guard.hang_up().await;
        pass(2).await;
        assert!(scene.is_stopped());
        pass(5_000).await;
        scene.send(r#"{"CMD":"CLEAR_EMERGENCY_STOP"}"#);
        pass(50).await;
        scene.send(r#"{"CMD":"TURN_ON_ENGINE","ID":"again"}"#);
        pass(5).await;
        assert!(scene.failures().contains(&Reason::GuardLost), "{:?}", scene.log.answers());
        assert!(!scene.log.outputs().last().unwrap().enable);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_outputs_are_not_in_force_sends_no_beat() {
    let (guard, watchdogs) = FakeGuard::new();
    run_watched(watchdogs, async |scene| {
        scene.drive();
        guard.echo(500).await;
        *scene.broken.borrow_mut() = true;
        pass(20).await;
        let heard = guard.heard();
        assert!(!heard.contains(&word::BEAT) && heard.last() == Some(&word::REST), "{heard:?}");
        pass(1_000).await;
        assert!(guard.heard().is_empty());
    })
    .await;
}
