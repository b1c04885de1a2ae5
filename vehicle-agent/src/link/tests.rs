//! The link against a real broker.

mod broker;
mod leaving;
mod observer;
mod outages;
mod presence;
mod relay;
mod scripted;
mod session;

use super::*;
use broker::Broker;
use observer::Observer;
use relay::{Mode, Relay};
use rumqttc::QoS;
use scripted::Scripted;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use vehicle_protocol::{
    Answer, AnswerForm, CommandName, Presence, PresenceState, Root, SessionAnswer, State, Telemetry, Topic,
};

const EPOCH: Epoch = Epoch([7; 16]);

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_secs(60);

fn topics() -> Topics {
    Root::default().vehicle("rover-1".parse().unwrap())
}

fn link(port: u16) -> (LinkHandle, LinkEvents) {
    let endpoint = Endpoint::new(format!("mqtt://127.0.0.1:{port}").parse().unwrap());
    let trusted_time = Arc::new(TrustedTime::new(std::path::Path::new("/nowhere"), || Duration::ZERO));
    spawn(&endpoint, &topics(), EPOCH, (Clock::start(), trusted_time), || 0).unwrap()
}

async fn next(events: &mut LinkEvents) -> LinkEvent {
    timeout(PATIENCE, events.next()).await.expect("an event").expect("the link goes on")
}

/// Waits until the link is up; gives its number.
async fn up(events: &mut LinkEvents) -> u32 {
    match next(events).await {
        LinkEvent::Up { connection } => connection,
        other @ (LinkEvent::Lost | LinkEvent::Received(_) | LinkEvent::Operator { .. }) => {
            panic!("{other:?} before the link was up")
        }
    }
}

fn answer(number: u64) -> Report {
    Report::Answer(Answer {
        form: AnswerForm::Full,
        command: Some(CommandName::Park),
        id: Some(number.to_string().parse().unwrap()),
        state: State::Succeeded,
        reason: None,
        detail: None,
        progress: None,
        clock: Some(number),
        proof: None,
    })
}

async fn answers(observer: &mut Observer, count: usize) -> Vec<u64> {
    let mut clocks = Vec::new();
    while clocks.len() < count {
        let message = observer.next(Topic::ExecutedCommands).await;
        let answer: Answer = serde_json::from_slice(&message.payload).unwrap();
        clocks.push(answer.clock.unwrap());
    }
    clocks
}

async fn presence(observer: &mut Observer) -> (PresenceState, u32) {
    let message = observer.next(Topic::Presence).await;
    let presence: Presence = serde_json::from_slice(&message.payload).unwrap();
    assert_eq!(presence.epoch, EPOCH);
    (presence.state, presence.link)
}
