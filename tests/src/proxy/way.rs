//! One way of a connection: packets are read, meet the fault of the moment, and are written when their time has come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use rumqttc::mqttbytes::PacketType;
use rustix::net::{Shutdown, shutdown};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep;

use super::Fault;
use super::frames::{Frame, Frames};
use crate::clock::monotonic;

/// How often a trickle runs.
const DRIP: Duration = Duration::from_millis(10);

/// A packet and when it is due, in nanoseconds of the monotonic clock; then its number, so that equals keep their order.
type Due = (u64, u64, Vec<u8>);

/// One way.
pub(super) struct Lane<'a> {
    fault: watch::Receiver<Fault>,
    rng: Rng,
    dropped: &'a AtomicU64,
    /// When the last packet is due, so that none overtakes it.
    last: u64,
    number: u64,
    of_kind: u32,
}

/// Waits while nothing is carried.
pub(super) async fn not_blackholed(fault: &mut watch::Receiver<Fault>) {
    // The sender lives as long as any connection.
    let _ = fault.wait_for(|fault| *fault != Fault::Blackhole).await;
}

impl<'a> Lane<'a> {
    pub(super) fn new(fault: watch::Receiver<Fault>, rng: Rng, dropped: &'a AtomicU64) -> Self {
        Self { fault, rng, dropped, last: 0, number: 0, of_kind: 0 }
    }

    /// Carries until `from` has ended and all is written.
    pub(super) async fn carry(self, from: &TcpStream, to: &TcpStream) -> io::Result<()> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let fault = self.fault.clone();
        tokio::try_join!(self.read(from, sender), write(to, receiver, fault))?;
        Ok(())
    }

    async fn read(mut self, from: &TcpStream, due: mpsc::UnboundedSender<Due>) -> io::Result<()> {
        let mut frames = Frames::default();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            not_blackholed(&mut self.fault).await;
            from.readable().await?;
            // What became readable in a partition waits for its end.
            if *self.fault.borrow() == Fault::Blackhole {
                continue;
            }
            let count = match from.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            frames.push(buffer.get(..count).unwrap_or_default());
            while let Some(frame) = frames.next() {
                self.meet(frame, &due);
            }
        }
        if let Some(rest) = frames.rest() {
            self.meet(rest, &due);
        }
        Ok(())
    }

    /// Decides whether and when a packet is written.
    fn meet(&mut self, frame: Frame, due: &mpsc::UnboundedSender<Due>) {
        let fault = *self.fault.borrow();
        let now = monotonic();
        let at = match fault {
            Fault::Drops { kind, every } if frame.kind == Some(kind) => {
                self.of_kind = self.of_kind.saturating_add(1);
                if self.of_kind.is_multiple_of(every) {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                now.max(self.last)
            }
            Fault::Delay { reorders: true, .. } if frame.kind != Some(PacketType::Publish) => now,
            Fault::Delay { least, most, reorders } => {
                let at = now.saturating_add(self.between(least, most));
                if reorders { at } else { at.max(self.last) }
            }
            Fault::None | Fault::Blackhole | Fault::Drops { .. } | Fault::Bytes | Fault::Trickle(_) => {
                now.max(self.last)
            }
        };
        if !matches!(fault, Fault::Delay { reorders: true, .. }) {
            self.last = at;
        }
        self.number = self.number.saturating_add(1);
        // Nobody is left to write to if it fails.
        let _ = due.send((at, self.number, frame.bytes));
    }

    fn between(&mut self, least: Duration, most: Duration) -> u64 {
        let nanoseconds = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.rng.u64(nanoseconds(least)..=nanoseconds(most.max(least)))
    }
}

/// Writes what is due, in the order of its times, and then says that no more comes.
async fn write(
    to: &TcpStream,
    mut packets: mpsc::UnboundedReceiver<Due>,
    mut fault: watch::Receiver<Fault>,
) -> io::Result<()> {
    let mut waiting: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
    let mut is_open = true;
    loop {
        let next =
            waiting.peek().map(|Reverse((at, ..))| Duration::from_nanos(at.saturating_sub(monotonic())));
        if next.is_some_and(|wait| wait.is_zero()) {
            not_blackholed(&mut fault).await;
            if let Some(Reverse((_, _, bytes))) = waiting.pop() {
                write_packet(to, &bytes, &mut fault).await?;
            }
            continue;
        }
        tokio::select! {
            packet = packets.recv(), if is_open => match packet {
                Some(packet) => waiting.push(Reverse(packet)),
                None => is_open = false,
            },
            () = sleep(next.unwrap_or_default()), if next.is_some() => {}
            else => break,
        }
    }
    // The end of a connection is lost in a partition as all else is.
    not_blackholed(&mut fault).await;
    // It fails only if the peer has gone first.
    shutdown(to, Shutdown::Write).or(Ok(()))
}

async fn write_packet(to: &TcpStream, bytes: &[u8], fault: &mut watch::Receiver<Fault>) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (size, pause) = match *fault.borrow() {
            Fault::Bytes => (1, Duration::ZERO),
            Fault::Trickle(rate) => (usize::try_from(rate / 100).unwrap_or(1).max(1), DRIP),
            Fault::None | Fault::Blackhole | Fault::Delay { .. } | Fault::Drops { .. } => {
                (rest.len(), Duration::ZERO)
            }
        };
        to.writable().await?;
        match to.try_write(rest.get(..size).unwrap_or(rest)) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
    Ok(())
}
