//! The encoder of a wheel on a real board.
//!
//! Its edges come by the kernel's character device on every board, a Raspberry Pi included: the kernel notes the time of each
//! edge, keeps edges in their order until the control loop reads them, and numbers them, so that lost ones are noticed. The
//! interrupts of `rppal` come from the same device, by way of a thread for each line.

use super::gpio_backend::Consumer;
use super::gpiochip::Chips;
use super::odometer::{Channel, Decoder, Odometer};
use super::{BoardError, Encoder, Side};
use crate::control::{Moment, Wheel};
use gpiocdev::Request;
use gpiocdev::line::{EdgeDetection, EdgeEvent, EdgeKind, Value};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::warn;

/// As many edges as the kernel keeps for one encoder: at 10 kHz those of 100 ms, the longest period of the control loop.
const KEPT: u32 = 1_024;
/// Edges read with one call, and calls in one step: a line that oscillates must not hold up the loop.
const AT_ONCE: usize = 64;
const READS: usize = 32;
/// Edges of a vehicle at rest wake the loop at most so often; one that moves looks by itself.
const PAUSE: Duration = Duration::from_millis(50);

/// The encoder of one wheel.
#[derive(Debug)]
pub(super) struct EncoderInput {
    side: Side,
    lines: AsyncFd<Request>,
    /// The number of the line A on its chip.
    a: u32,
    decoder: Decoder,
    odometer: Odometer,
    /// The number of the last edge; 0 before the first.
    last: u32,
    /// `CLOCK_MONOTONIC` at [`Moment::default`], in nanoseconds.
    started_ns: u64,
    buffer: Vec<u64>,
    pause: Interval,
    /// Trouble was logged already.
    told: bool,
}

impl EncoderInput {
    /// Takes the lines. Needs a tokio runtime.
    pub(super) fn open(side: Side, encoder: &Encoder, started_ns: u64) -> Result<Self, BoardError> {
        let [a, b] = side.encoder();
        let edges = if encoder.b.is_some() { EdgeDetection::BothEdges } else { EdgeDetection::RisingEdge };
        let mut lines = vec![(Consumer::AgentInput(a), &encoder.a)];
        lines.extend(encoder.b.iter().map(|pin| (Consumer::AgentInput(b), pin)));
        let (request, offsets) = Chips::open()?.encoder(&lines, edges, KEPT)?;
        let failed =
            |problem: String| BoardError::new(format!("wiring.{a}"), problem, "start the agent again");
        let level = |offset: &u32| request.value(*offset).map(|value| value == Value::Active);
        let levels: Vec<bool> =
            offsets.iter().map(level).collect::<Result<_, _>>().map_err(|error| failed(error.to_string()))?;
        let decoder = match levels.as_slice() {
            [a, b] => Decoder::Quadrature { a: *a, b: *b },
            _ => Decoder::Single { backwards: false },
        };
        let words = request.edge_event_u64_size().saturating_mul(AT_ONCE);
        #[expect(
            deprecated,
            reason = "a request owns its descriptor as long as it lives, and unsafe code is forbidden"
        )]
        let lines = AsyncFd::with_interest(request, Interest::READABLE)
            .map_err(|error: std::io::Error| failed(error.to_string()))?;
        let mut pause = interval(PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            side,
            lines,
            a: offsets.first().copied().unwrap_or_default(),
            decoder,
            odometer: Odometer::new(encoder.metres_per_edge()),
            last: 0,
            started_ns,
            buffer: vec![0; words],
            pause,
            told: false,
        })
    }

    pub(super) const fn side(&self) -> Side {
        self.side
    }

    /// Tells what the motor of this wheel is told to do.
    pub(super) const fn told(&mut self, share: f64) {
        self.decoder.told(share);
    }

    /// Counts what came, and measures.
    pub(super) fn measure(&mut self, now: Moment) -> Wheel {
        if let Err(error) = self.count(now) {
            // A wheel without edges counts as standing, and one that is told to turn is then found stuck.
            self.complain(&format!("can't be read: {error}"));
        }
        self.pause.reset();
        self.odometer.measure(now)
    }

    fn count(&mut self, now: Moment) -> gpiocdev::Result<()> {
        for _ in 0..READS {
            let request = self.lines.get_ref();
            if !request.has_edge_event()? {
                break;
            }
            let read = request.read_edge_events_into_slice(&mut self.buffer)?;
            let size = request.edge_event_u64_size();
            let raw = self.buffer.get(..read).unwrap_or_default();
            let edges: Vec<EdgeEvent> = raw
                .chunks_exact(size)
                .map(|raw| request.edge_event_from_slice(raw))
                .collect::<Result<_, _>>()?;
            for edge in edges {
                self.take(now, &edge);
            }
        }
        Ok(())
    }

    fn take(&mut self, now: Moment, edge: &EdgeEvent) {
        let lost = edge.seqno.wrapping_sub(self.last).wrapping_sub(1);
        self.last = edge.seqno;
        if lost > 0 {
            self.odometer.lose(lost);
            self.complain(&format!("came too fast for the control loop: {lost} edges are lost"));
        }
        let channel = if edge.offset == self.a { Channel::A } else { Channel::B };
        let steps = self.decoder.step(channel, edge.kind == EdgeKind::Rising);
        let at = Moment::new(Duration::from_nanos(edge.timestamp_ns.saturating_sub(self.started_ns)));
        self.odometer.take(at.min(now), steps);
    }

    fn complain(&mut self, problem: &str) {
        if !std::mem::replace(&mut self.told, true) {
            let [a, _] = self.side.encoder();
            warn!("wiring.{a}: {problem}; this is told once");
        }
    }

    /// Ready when a wheel turns that nobody has looked at for a while.
    pub(super) fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.pause.poll_tick(cx));
        while let Poll::Ready(Ok(mut readiness)) = self.lines.poll_read_ready(cx) {
            if self.lines.get_ref().has_edge_event().unwrap_or(false) {
                return Poll::Ready(());
            }
            readiness.clear_ready();
        }
        Poll::Pending
    }
}
