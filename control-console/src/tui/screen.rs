//! The thread that draws: a slow terminal holds up this thread and nothing else.

use super::model::Model;
use super::terminal::PROBE;
use crate::clock::Clock;
use crate::operator::Snapshot;
use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

/// Nothing is drawn more often than this.
const REDRAW: Duration = Duration::from_millis(100);
/// How long a drawing under way is waited for; a terminal that is slower loses it.
const PATIENCE: Duration = Duration::from_millis(300);

/// A way to show the state of a screen.
pub(super) trait Renderer: Send {
    /// Shows this.
    fn show(&mut self, model: &Model, snapshot: &Snapshot, clock: Clock) -> io::Result<()>;

    /// Forgets what was drawn, since somebody else has written to the terminal.
    fn invalidate(&mut self);
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "wishes side by side: any of them goes with any other")]
struct Slot {
    /// One slot: a picture that was not drawn in time is not drawn.
    picture: Option<(Model, Arc<Snapshot>)>,
    probe: bool,
    pauses: bool,
    ends: bool,
    is_busy: bool,
    invalidates: bool,
}

/// The drawing thread.
pub(super) struct Screen {
    shared: Arc<(Mutex<Slot>, Condvar)>,
    ended: oneshot::Receiver<io::Error>,
}

impl Screen {
    pub(super) fn start(mut renderer: impl Renderer + 'static, clock: Clock) -> io::Result<Self> {
        let shared = Arc::new((Mutex::new(Slot::default()), Condvar::new()));
        let (ends, ended) = oneshot::channel();
        let screen = Self { shared: Arc::clone(&shared), ended };
        // Not joined: it may be waiting for a terminal that takes nothing.
        thread::Builder::new().name("screen".to_owned()).spawn(move || {
            while let Some((picture, probe, invalidates)) = wait(&shared) {
                if invalidates {
                    renderer.invalidate();
                }
                let drawn =
                    picture.map_or(Ok(()), |(model, snapshot)| renderer.show(&model, &snapshot, clock));
                if probe {
                    // A terminal that is gone is noticed where it is read.
                    let _ = io::stdout().write_all(PROBE.as_bytes()).and_then(|()| io::stdout().flush());
                }
                rest(&shared);
                if let Err(error) = drawn {
                    // Whoever is leaving need not know.
                    let _ = ends.send(error);
                    return;
                }
            }
        })?;
        Ok(screen)
    }

    /// Waits until nothing can be drawn any more, and says why. A screen that shows nothing new must not look alive.
    pub(super) async fn ended(&mut self) -> io::Error {
        (&mut self.ended).await.unwrap_or_else(|_| io::Error::other("the thread that draws panicked"))
    }

    /// Draws this next, instead of anything that still waits.
    pub(super) fn show(&self, model: &Model, snapshot: &Arc<Snapshot>) {
        self.slot().picture = Some((model.clone(), Arc::clone(snapshot)));
        self.shared.1.notify_all();
    }

    /// Probes the terminal.
    pub(super) fn probe(&self) {
        self.slot().probe = true;
        self.shared.1.notify_all();
    }

    /// Draws nothing until [`Self::resume`]; waits for what is being drawn, but not for long.
    pub(super) fn pause(&self) {
        let mut slot = self.slot();
        slot.pauses = true;
        self.shared.1.notify_all();
        let _ = self.shared.1.wait_timeout_while(slot, PATIENCE, |slot| slot.is_busy);
    }

    /// Draws again, and everything.
    pub(super) fn resume(&self) {
        let mut slot = self.slot();
        (slot.pauses, slot.invalidates) = (false, true);
        drop(slot);
        self.shared.1.notify_all();
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.pause();
        self.slot().ends = true;
        self.shared.1.notify_all();
    }
}

type DrawJob = (Option<(Model, Arc<Snapshot>)>, bool, bool);

fn wait((slot, bell): &(Mutex<Slot>, Condvar)) -> Option<DrawJob> {
    let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    let idle = |slot: &mut Slot| !slot.ends && (slot.pauses || (slot.picture.is_none() && !slot.probe));
    let mut slot = bell.wait_while(slot, idle).unwrap_or_else(PoisonError::into_inner);
    if slot.ends {
        return None;
    }
    slot.is_busy = true;
    Some((slot.picture.take(), std::mem::take(&mut slot.probe), std::mem::take(&mut slot.invalidates)))
}

/// Says that nothing is being drawn, and lets the pause between two pictures pass; a question to the terminal ends it.
fn rest((slot, bell): &(Mutex<Slot>, Condvar)) {
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    slot.is_busy = false;
    bell.notify_all();
    let _ = bell.wait_timeout_while(slot, REDRAW, |slot| !slot.ends && !slot.probe);
}
