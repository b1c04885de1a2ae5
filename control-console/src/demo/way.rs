//! The way from the console to the broker of the demo: as slow and as bad as wanted, and it can be cut.
//!
//! It carries TCP, so what is lost is sent again, and all behind it waits for it: a loss is a stall. A way that is cut takes
//! everything and delivers nothing; when it is mended, connections from before are gone.

use crate::clock::{Clock, Moment};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long TCP waits at least before it sends again what was lost.
const RETRANSMISSION: Duration = Duration::from_millis(200);
/// Pieces under way in one direction.
const UNDER_WAY: usize = 1024;

/// How bad the way is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub(super) latency: Duration,
    pub(super) jitter: Duration,
    /// In percent of the pieces.
    pub(super) loss: u8,
    pub(super) seed: u64,
}

/// A running way; it ends when it is dropped.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) address: SocketAddr,
    running: JoinHandle<()>,
}

impl Way {
    /// Opens a way to `broker` that is cut whenever `cut` says so.
    pub(super) async fn open(
        broker: SocketAddr,
        shape: Shape,
        cut: watch::Receiver<bool>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let running = tokio::spawn(async move {
            let (mut travellers, mut number) = (JoinSet::new(), shape.seed);
            while let Ok((console, _)) = listener.accept().await {
                number = number.wrapping_add(1);
                travellers.spawn(carry(console, broker, Shape { seed: number, ..shape }, cut.clone()));
                while travellers.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, running })
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.running.abort();
    }
}

async fn carry(mut console: TcpStream, broker: SocketAddr, shape: Shape, cut: watch::Receiver<bool>) {
    let Ok(mut broker) = TcpStream::connect(broker).await else { return };
    // Neither end may gather small pieces: the delay is to be the one that was asked for.
    let _ = (console.set_nodelay(true), broker.set_nodelay(true));
    let ((from_console, to_console), (from_broker, to_broker)) = (console.split(), broker.split());
    let there = pump(from_console, to_broker, shape, cut.clone());
    let back =
        pump(from_broker, to_console, Shape { seed: shape.seed.wrapping_mul(31), ..shape }, cut.clone());
    tokio::select! {
        () = there => {}
        () = back => {}
        () = mended(cut) => {}
    }
}

/// Ends when the way was cut and is mended.
async fn mended(mut cut: watch::Receiver<bool>) {
    let was_cut = cut.wait_for(|cut| *cut).await.is_ok();
    if !was_cut || cut.wait_for(|cut| !*cut).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    shape: Shape,
    cut: watch::Receiver<bool>,
) {
    let clock = Clock::start();
    let (sender, mut pieces) = mpsc::channel::<(Moment, Vec<u8>)>(UNDER_WAY);
    let taking = async move {
        let (mut random, mut last, mut bytes) =
            (fastrand::Rng::with_seed(shape.seed), Moment::ZERO, vec![0; 4096]);
        while let Ok(read) = from.read(&mut bytes).await {
            let piece = bytes.get(..read).unwrap_or_default().to_vec();
            let is_lost = random.u8(0..100) < shape.loss;
            let delay = shape
                .latency
                .saturating_add(shape.jitter.mul_f64(random.f64()))
                .saturating_add(if is_lost { RETRANSMISSION } else { Duration::ZERO });
            // In order, as TCP delivers.
            last = clock.now().saturating_add(delay).max(last);
            if read == 0 || sender.send((last, piece)).await.is_err() {
                return;
            }
        }
    };
    let giving = async move {
        while let Some((due, piece)) = pieces.recv().await {
            clock.reach(Some(due)).await;
            if *cut.borrow() {
                std::future::pending::<()>().await;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(taking, giving);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A way to an echo.
    async fn echo(shape: Shape) -> (watch::Sender<bool>, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let there = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        let (switch, cut) = watch::channel(false);
        let way = Way::open(there, shape, cut).await.unwrap();
        let stream = TcpStream::connect(way.address).await.unwrap();
        std::mem::forget(way);
        (switch, stream)
    }

    async fn round_trip(stream: &mut TcpStream) -> Duration {
        let clock = Clock::start();
        stream.write_all(b"there").await.unwrap();
        let mut back = [0; 5];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"there");
        clock.now()
    }

    #[tokio::test]
    async fn it_takes_as_long_as_it_should_each_way() {
        let latency = Duration::from_millis(40);
        let (_switch, mut stream) = echo(Shape { latency, ..Shape::default() }).await;
        let took = round_trip(&mut stream).await;
        assert!(took >= latency * 2 && took < latency * 6, "{took:?}");
    }

    #[tokio::test]
    async fn a_way_that_is_cut_delivers_nothing_and_its_connections_end_when_it_is_mended() {
        let (switch, mut stream) = echo(Shape::default()).await;
        round_trip(&mut stream).await;
        switch.send_replace(true);
        stream.write_all(b"there").await.unwrap();
        let mut back = [0; 5];
        let silence = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut back)).await;
        assert!(silence.is_err(), "{silence:?}");
        switch.send_replace(false);
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut back)).await.unwrap();
        assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
    }
}
