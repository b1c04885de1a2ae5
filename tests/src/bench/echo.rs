//! The bare echo on rumqttc: what the library itself costs, without an agent around it.

use std::io::{Write, stdout};

use anyhow::{Context, Result};
use rumqttc::{Event, Packet, QoS};
use tokio::sync::mpsc;
use vehicle_link::{BrokerUrl, Endpoint};

/// Requests that the library may hold, as many as the agent allows it.
const CAPACITY: usize = 67;

/// Sends whatever arrives on one topic back on another, until the connection ends.
///
/// It subscribes at QoS 2, as the agent does, and answers at QoS 1, as the agent does. One task polls the library,
/// another one publishes.
///
/// # Errors
///
/// When the broker is not reached, or the connection ends.
pub async fn echo(port: u16, client_id: &str, from: &str, to: &str) -> Result<()> {
    let url: BrokerUrl = format!("mqtt://127.0.0.1:{port}").parse()?;
    let (client, mut connection) = vehicle_link::connect(Endpoint::new(url).options(client_id)?, CAPACITY);
    client.try_subscribe(from, QoS::ExactlyOnce)?;
    let (arrived, mut messages) = mpsc::unbounded_channel();
    let to = to.to_owned();
    tokio::spawn(async move {
        while let Some(payload) = messages.recv().await {
            if client.publish_bytes(to.as_str(), QoS::AtLeastOnce, false, payload).await.is_err() {
                return;
            }
        }
    });
    loop {
        match connection.poll().await? {
            Event::Incoming(Packet::Publish(message)) => {
                arrived.send(message.payload).context("the publisher has ended")?;
            }
            Event::Incoming(Packet::SubAck(_)) => writeln!(stdout(), "ready")?,
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
}
