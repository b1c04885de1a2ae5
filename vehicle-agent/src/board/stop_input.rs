//! The emergency-stop input: a switch that opens, or a wire that breaks.

use super::gpio_backend::Consumer;
use super::gpiochip::Chips;
use super::{BoardError, Pin};
use gpiocdev::Request;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::warn;

/// The level is looked at so often besides, in case that an edge gets lost or the chip tells none.
const LOOK: Duration = Duration::from_millis(50);

/// The input, by the kernel's character device on every board: it alone tells edges.
#[derive(Debug)]
pub(super) struct StopInput {
    line: AsyncFd<Request>,
    look: Interval,
    /// The state that was reported last.
    told: bool,
    /// It was open since then, however shortly.
    opened: bool,
    unreadable: bool,
}

impl StopInput {
    /// Takes the input. Needs a tokio runtime.
    pub(super) fn open(pin: &Pin) -> Result<Self, BoardError> {
        let request = Chips::open()?.stop_input(Consumer::AgentInput("emergency_stop"), pin)?;
        let failed = |error: std::io::Error| {
            BoardError::new("wiring.emergency_stop", error.to_string(), "start the agent again")
        };
        #[expect(
            deprecated,
            reason = "a request owns its descriptor as long as it lives, and unsafe code is forbidden"
        )]
        let line = AsyncFd::with_interest(request, Interest::READABLE).map_err(failed)?;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { line, look, told: false, opened: false, unreadable: false })
    }

    /// Tells that it is open, or was since the last call.
    pub(super) fn is_open(&mut self) -> bool {
        self.drain();
        let open = self.level() || std::mem::take(&mut self.opened);
        self.told = open;
        open
    }

    /// Ready when `is_open` would tell something new.
    pub(super) fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(Ok(mut readiness)) = self.line.poll_read_ready(cx) {
            readiness.clear_ready();
            drop(readiness);
            self.drain();
            if self.opened || self.level() != self.told {
                return Poll::Ready(());
            }
        }
        loop {
            ready!(self.look.poll_tick(cx));
            if self.level() != self.told {
                return Poll::Ready(());
            }
        }
    }

    fn drain(&mut self) {
        let line = self.line.get_ref();
        while line.has_edge_event().unwrap_or(false) {
            match line.read_edge_event() {
                // One that closes it has opened it before; the kernel may tell only that when both come at once.
                Ok(_) => self.opened = true,
                Err(_) => return,
            }
        }
    }

    /// The level now; an input that can't be read counts as open.
    fn level(&mut self) -> bool {
        match self.line.get_ref().lone_value() {
            Ok(value) => {
                self.unreadable = false;
                value.into()
            }
            Err(error) => {
                if !std::mem::replace(&mut self.unreadable, true) {
                    warn!(%error, "the emergency-stop input can't be read, which counts as open");
                }
                true
            }
        }
    }
}
