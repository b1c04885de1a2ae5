//! A bad network between an MQTT client and a broker: real sockets, and faults that a test switches while they carry.
//!
//! Packets are told apart, not understood. What chance decides follows from a seed.

mod connection;
mod frames;
mod way;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
pub use rumqttc::mqttbytes::PacketType;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::port::free_port;

/// What happens to all that goes one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Nothing is carried, and nobody is told: no FIN, no RST. What is held back comes when that ends, as after a
    /// partition that TCP survives. Connections made meanwhile are accepted and stay silent.
    Blackhole,
    /// Everything comes later, by a time between the two.
    Delay {
        /// At least so much later.
        least: Duration,
        /// At most so much later.
        most: Duration,
        /// Whether PUBLISH packets overtake each other and others overtake them.
        reorders: bool,
    },
    /// Every nth packet of a kind is lost.
    Drops {
        /// The kind.
        kind: PacketType,
        /// Every one, every second, …
        every: u32,
    },
    /// Each byte is a segment of its own.
    Bytes,
    /// So many bytes a second.
    Trickle(u32),
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the broker.
    Up,
    /// From the broker to the client.
    Down,
}

/// A proxy on a port of its own; gone when dropped, and with it all connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    target: u16,
    seed: u64,
    up: watch::Sender<Fault>,
    down: watch::Sender<Fault>,
    /// Counts the resets: a connection that sees it change resets both its sides.
    resets: watch::Sender<u64>,
    connections: AtomicU64,
    dropped: AtomicU64,
}

impl Proxy {
    /// Listens on a free port and carries all to the broker on the port `target`.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn start(target: u16, seed: u64) -> Result<Self> {
        let port = free_port()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let shared = Arc::new(Shared {
            target,
            seed,
            up: watch::Sender::new(Fault::None),
            down: watch::Sender::new(Fault::None),
            resets: watch::Sender::new(0),
            connections: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { port, shared, accepting })
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address as our programs take it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Lets a fault act on both ways.
    pub fn set(&self, fault: Fault) {
        self.set_way(Way::Up, fault);
        self.set_way(Way::Down, fault);
    }

    /// Lets a fault act on one way.
    pub fn set_way(&self, way: Way, fault: Fault) {
        self.shared.way(way).send_replace(fault);
    }

    /// Ends all faults; what was held back goes on.
    pub fn heal(&self) {
        self.set(Fault::None);
    }

    /// Resets all connections, on both sides.
    pub fn reset(&self) {
        self.shared.resets.send_modify(|resets| *resets = resets.wrapping_add(1));
    }

    /// How many connections there have been.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many packets were dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn way(&self, way: Way) -> &watch::Sender<Fault> {
        match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        }
    }
}

/// Accepts until it is aborted, and then takes all connections with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted: Option<TcpStream> = tokio::select! {
            accepted = listener.accept() => accepted.ok().map(|(client, _)| client),
            Some(_) = connections.join_next() => None,
        };
        if let Some(client) = accepted {
            let number = shared.connections.fetch_add(1, Ordering::Relaxed);
            connections.spawn(connection::carry(client, number, Arc::clone(&shared)));
        }
    }
}

#[cfg(test)]
mod tests;
