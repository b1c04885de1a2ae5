//! The broker inside the process: on loopback, on a free port, in memory alone.

use std::net::{Ipv4Addr, SocketAddr};

use mqtt5::broker::config::{BrokerConfig, StorageBackend, StorageConfig};
use mqtt5::broker::{BrokerShutdownHandle, MqttBroker};
use mqtt5::error::MqttError;
use thiserror::Error;
use tokio::task::{JoinError, JoinHandle};

/// Largest packet taken, in bytes: far above what the contract sends, far below what could fill the memory.
const MAX_PACKET_BYTES: usize = 1024 * 1024;

/// A running broker; one that is dropped without `stop` ends soon after.
pub struct Broker {
    address: SocketAddr,
    shutdown: BrokerShutdownHandle,
    running: JoinHandle<Result<(), MqttError>>,
}

/// Why there is no broker, or no longer.
#[derive(Debug, Error)]
pub enum BrokerError {
    /// Loopback gave no port.
    #[error("the built-in broker cannot start: {0}")]
    Start(#[source] MqttError),
    /// It failed while it ran.
    #[error("the built-in broker failed: {0}")]
    Run(#[source] MqttError),
    /// It is gone without having said why.
    #[error("the built-in broker broke down: {0}")]
    Lost(#[from] JoinError),
}

impl Broker {
    /// Starts a broker on a free port of 127.0.0.1, and returns when it accepts connections.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    pub async fn start() -> Result<Self, BrokerError> {
        let mut broker = MqttBroker::with_config(configuration()).await.map_err(BrokerError::Start)?;
        let address = broker
            .local_addr()
            .ok_or_else(|| BrokerError::Start(MqttError::InvalidState("it listens nowhere".to_owned())))?;
        let shutdown = broker.shutdown_handle();
        let mut ready = broker.ready_receiver();
        let running = tokio::spawn(async move { broker.run().await });
        // An error means that it has ended instead, and `stop` then says why.
        let is_ready = ready.wait_for(|ready| *ready).await.is_ok();
        let broker = Self { address, shutdown, running };
        if !is_ready {
            broker.stop().await?;
            return Err(BrokerError::Start(MqttError::InvalidState("it ended at once".to_owned())));
        }
        Ok(broker)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as `--broker` takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }

    /// Disconnects all clients, and returns when the port is free again.
    ///
    /// # Errors
    ///
    /// When it had failed before.
    pub async fn stop(mut self) -> Result<(), BrokerError> {
        self.shutdown.shutdown();
        (&mut self.running).await?.map_err(BrokerError::Run)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.shutdown.shutdown();
    }
}

/// The library's defaults would listen on all interfaces, and write a folder where the program was started.
fn configuration() -> BrokerConfig {
    BrokerConfig {
        bind_addresses: vec![(Ipv4Addr::LOCALHOST, 0).into()],
        max_packet_size: MAX_PACKET_BYTES,
        storage_config: StorageConfig { backend: StorageBackend::Memory, ..StorageConfig::default() },
        sys_topics_enabled: false,
        ..BrokerConfig::default()
    }
}

#[cfg(test)]
mod tests;
