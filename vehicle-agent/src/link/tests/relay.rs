//! A wire to the broker that can be cut, or go dead.

use std::net::Ipv4Addr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Carries.
    Open,
    /// Accepts and carries nothing; what came in meanwhile is carried later.
    Frozen,
    /// Hangs up at once.
    Closed,
    /// Hangs up as soon as something has come in.
    Swallowing,
}

pub(super) struct Relay {
    pub(super) port: u16,
    mode: watch::Sender<Mode>,
    swallowed: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Relay {
    pub(super) async fn start(broker: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, modes) = watch::channel(Mode::Open);
        let (swallow, swallowed) = watch::channel(false);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, broker, modes.clone(), swallow.clone()));
            }
        });
        Self { port, mode, swallowed, task }
    }

    pub(super) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Waits until something has been swallowed.
    pub(super) async fn swallowed(&self) {
        self.swallowed.clone().wait_for(|swallowed| *swallowed).await.unwrap();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    broker: u16,
    mut mode: watch::Receiver<Mode>,
    swallow: watch::Sender<bool>,
) {
    let present = *mode.borrow_and_update();
    if present == Mode::Swallowing {
        let _ = client.read(&mut [0; 4096]).await;
        swallow.send_replace(true);
    }
    if !matches!(present, Mode::Open | Mode::Frozen) {
        return;
    }
    let Ok(mut broker) = TcpStream::connect((Ipv4Addr::LOCALHOST, broker)).await else { return };
    client.set_nodelay(true).unwrap();
    broker.set_nodelay(true).unwrap();
    let (mut from_client, mut to_client) = client.split();
    let (mut from_broker, mut to_broker) = broker.split();
    let mut closed = mode.clone();
    tokio::select! {
        () = pump(&mut from_client, &mut to_broker, mode.clone()) => {}
        () = pump(&mut from_broker, &mut to_client, mode.clone()) => {}
        _ = closed.wait_for(|mode| *mode == Mode::Closed) => {}
    }
}

async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut mode: watch::Receiver<Mode>,
) {
    let mut buffer = [0; 4096];
    loop {
        let read = from.read(&mut buffer).await.unwrap_or(0);
        if mode.wait_for(|mode| *mode != Mode::Frozen).await.is_err() {
            return;
        }
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
