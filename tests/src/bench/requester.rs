//! The requester, the same for all candidates: sends a command and waits for its answer.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rumqttc::{AsyncClient, Event, EventLoop, Packet, Publish, QoS};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use vehicle_link::{BrokerUrl, Endpoint};

use crate::bench::candidate::Candidate;
use crate::bench::stopwatch::Stopwatch;
use crate::wait::{SOON, within};

/// Requests that the library may hold.
const CAPACITY: usize = 64;

/// A client on rumqttc. One task polls the library, another one publishes and waits for the answer.
#[derive(Debug)]
pub struct Requester {
    client: AsyncClient,
    answers: mpsc::UnboundedReceiver<Publish>,
    polling: JoinHandle<Result<()>>,
}

impl Requester {
    /// Connects, and subscribes to the answers of all candidates at QoS 1.
    ///
    /// # Errors
    ///
    /// When the broker is not reached.
    pub async fn connect(port: u16, candidates: &[Candidate]) -> Result<Self> {
        let url: BrokerUrl = format!("mqtt://127.0.0.1:{port}").parse()?;
        let (client, connection) = vehicle_link::connect(Endpoint::new(url).options("requester")?, CAPACITY);
        for candidate in candidates {
            client.try_subscribe(candidate.answers(), QoS::AtLeastOnce)?;
        }
        let (arrived, answers) = mpsc::unbounded_channel();
        let (subscribed, mut confirmed) = mpsc::unbounded_channel();
        let polling = tokio::spawn(poll(connection, arrived, subscribed));
        for _ in candidates {
            let confirmed = async { confirmed.recv().await.context("the connection ended") };
            within("the requester's subscriptions", SOON, confirmed).await?;
        }
        Ok(Self { client, answers, polling })
    }

    /// Sends one command to a candidate, and returns how long its answer took. It signs before the time begins and verifies
    /// after it has ended: what is measured of that is the candidate's share.
    ///
    /// # Errors
    ///
    /// When no answer comes, another one comes, or the connection ends.
    pub async fn ask(&mut self, candidate: &Candidate, qos: QoS) -> Result<Duration> {
        let command = candidate.command()?;
        let watch = Stopwatch::start();
        self.client.publish(candidate.commands(), qos, false, command).await?;
        let answer = async { self.answers.recv().await.context("the requester is not connected") };
        let answer = within(candidate.name(), SOON, answer).await?;
        let trip = watch.elapsed();
        ensure!(
            answer.topic == candidate.answers() && candidate.is_answer(&answer.payload),
            "not an answer of {}: {} {:?}",
            candidate.name(),
            answer.topic,
            answer.payload
        );
        Ok(trip)
    }
}

impl Drop for Requester {
    fn drop(&mut self) {
        self.polling.abort();
    }
}

async fn poll(
    mut connection: EventLoop,
    arrived: mpsc::UnboundedSender<Publish>,
    subscribed: mpsc::UnboundedSender<()>,
) -> Result<()> {
    loop {
        match connection.poll().await? {
            Event::Incoming(Packet::Publish(answer)) => arrived.send(answer)?,
            // Nobody waits for it any more once all are there.
            Event::Incoming(Packet::SubAck(_)) => drop(subscribed.send(())),
            Event::Incoming(_) | Event::Outgoing(_) => {}
        }
    }
}
