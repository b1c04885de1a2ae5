//! The link against a real broker.

mod broker;
mod observer;
mod relay;
mod scripted;

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
const PATIENCE: Duration = Duration::from_secs(20);

fn topics() -> Topics {
    Root::default().vehicle("rover-1".parse().unwrap())
}

fn link(port: u16) -> (LinkHandle, LinkEvents) {
    let endpoint = Endpoint::new(format!("mqtt://127.0.0.1:{port}").parse().unwrap());
    let calendar = Arc::new(Calendar::new(std::path::Path::new("/nowhere"), || Duration::ZERO));
    spawn(&endpoint, &topics(), EPOCH, (Clock::start(), calendar), || 0).unwrap()
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

#[tokio::test]
async fn who_sees_it_online_can_send_at_any_qos_and_retained_is_marked() {
    let broker = Broker::start().await;
    let mut observer = Observer::connect(broker.port).await;
    observer.publish(Topic::SessionRequest, QoS::AtLeastOnce, true, "kept").await;
    let (handle, mut events) = link(broker.port);
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        observer.publish(Topic::Commands, qos, false, "go").await;
    }
    observer.publish(Topic::Drive, QoS::AtMostOnce, false, &"x".repeat(100_000)).await;
    let mut received = Vec::new();
    while received.len() < 5 {
        match next(&mut events).await {
            LinkEvent::Received(message) => {
                received.push((message.topic, message.retained, message.payload.len()));
            }
            LinkEvent::Up { connection } => assert_eq!(connection, 1),
            LinkEvent::Lost | LinkEvent::Operator { .. } => panic!("lost"),
        }
    }
    // Deliveries of different QoS overtake each other.
    received.sort_by_key(|(topic, ..)| topic.as_str());
    let command = (Topic::Commands, false, 2);
    let cut_off = vehicle_protocol::MAX_COMMAND_BYTES + 1;
    let expected =
        [command, command, command, (Topic::Drive, false, cut_off), (Topic::SessionRequest, true, 4)];
    assert_eq!(received, expected);
    let counters = handle.counters();
    assert_eq!((counters.connections, counters.received, counters.dropped), (1, 5, 0));
}

#[tokio::test]
async fn after_the_broker_was_killed_the_loss_is_told_first_and_the_vehicle_subscribes_again() {
    let mut broker = Broker::start().await;
    let (handle, mut events) = link(broker.port);
    handle.set_armed(true);
    assert_eq!(up(&mut events).await, 1);
    broker.kill();
    assert_eq!(next(&mut events).await, LinkEvent::Lost);
    broker.restart().await;
    assert_eq!(up(&mut events).await, 2);
    let mut observer = Observer::connect(broker.port).await;
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 2));
    observer.publish(Topic::Commands, QoS::AtLeastOnce, false, "go").await;
    let LinkEvent::Received(message) = next(&mut events).await else { panic!("a message") };
    assert_eq!(message.payload, b"go");
}

#[tokio::test]
async fn answers_given_in_an_outage_arrive_once_each_in_order_and_at_most_256() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(relay.port);
    handle.set_armed(true);
    up(&mut events).await;
    handle.publish(&answer(1_000));
    assert_eq!(answers(&mut observer, 1).await, [1_000]);
    relay.set(Mode::Closed);
    assert_eq!(next(&mut events).await, LinkEvent::Lost);
    for number in 0..300 {
        handle.publish(&answer(number));
    }
    handle.publish(&Report::Status(Box::default()));
    relay.set(Mode::Open);
    up(&mut events).await;
    handle.publish(&answer(2_000));
    let expected: Vec<u64> = (44..300).chain([2_000]).collect();
    assert_eq!(answers(&mut observer, expected.len()).await, expected);
    assert_eq!(handle.counters().dropped, 44);
    observer.hears_no_more(Topic::Status).await;
}

#[tokio::test]
async fn an_answer_that_was_not_acknowledged_is_sent_again() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(relay.port);
    handle.set_armed(true);
    up(&mut events).await;
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    relay.set(Mode::Frozen);
    handle.publish(&answer(1));
    assert_eq!(next(&mut events).await, LinkEvent::Lost);
    relay.set(Mode::Closed);
    relay.set(Mode::Open);
    up(&mut events).await;
    assert_eq!(answers(&mut observer, 1).await, [1]);
}

#[tokio::test]
async fn each_connection_has_a_will_of_its_own() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(relay.port);
    handle.set_armed(true);
    for number in 1..=3 {
        assert_eq!(up(&mut events).await, number);
        assert_eq!(presence(&mut observer).await, (PresenceState::Online, number));
        relay.set(Mode::Closed);
        assert_eq!(next(&mut events).await, LinkEvent::Lost);
        assert_eq!(presence(&mut observer).await, (PresenceState::ConnectionBroken, number));
        relay.set(Mode::Open);
    }
}

#[tokio::test]
async fn an_attempt_that_reaches_nobody_is_not_counted() {
    let port = broker::free_port();
    let (_handle, mut events) = link(port);
    // The link's first attempt is under way when this one begins.
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    let _broker = Broker::start_at(port).await;
    assert_eq!(up(&mut events).await, 1);
}

#[tokio::test]
async fn an_attempt_that_may_have_left_a_will_uses_up_its_number() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    relay.set(Mode::Swallowing);
    let (_handle, mut events) = link(relay.port);
    relay.swallowed().await;
    relay.set(Mode::Open);
    assert!(up(&mut events).await >= 2);
}

#[tokio::test]
async fn an_old_will_or_a_forgery_in_its_place_is_corrected() {
    let broker = Broker::start().await;
    let mut observer = Observer::connect(broker.port).await;
    let (_handle, mut events) = link(broker.port);
    up(&mut events).await;
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    let old = Presence { state: PresenceState::ConnectionBroken, epoch: EPOCH, link: 0 };
    observer.publish(Topic::Presence, QoS::AtLeastOnce, true, &serde_json::to_string(&old).unwrap()).await;
    assert_eq!(presence(&mut observer).await, (PresenceState::ConnectionBroken, 0));
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    let mut late = Observer::connect(broker.port).await;
    assert_eq!(presence(&mut late).await, (PresenceState::Online, 1), "what is retained");
}

#[tokio::test]
async fn a_half_open_link_is_noticed_within_four_seconds_while_armed() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let (handle, mut events) = link(relay.port);
    handle.set_armed(true);
    up(&mut events).await;
    let clock = Clock::start();
    relay.set(Mode::Frozen);
    assert_eq!(next(&mut events).await, LinkEvent::Lost);
    let noticed = clock.now().clock();
    assert!((2_900..4_500).contains(&noticed), "{noticed} ms");
    relay.set(Mode::Closed);
    relay.set(Mode::Open);
    assert!(up(&mut events).await >= 2);
}

#[tokio::test]
async fn an_armed_link_proves_itself_and_a_parked_one_is_silent() {
    let broker = Broker::start().await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(broker.port);
    up(&mut events).await;
    handle.set_armed(true);
    for _ in 0..2 {
        let message = observer.next(Topic::Telemetry).await;
        let probe: Telemetry = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(Telemetry { time: 0, ..probe }, Telemetry::default());
    }
    handle.set_armed(false);
    observer.hears_no_more(Topic::Telemetry).await;
}

#[tokio::test]
async fn leaving_sends_what_waits_and_leaves_offline_behind() {
    let broker = Broker::start().await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(broker.port);
    up(&mut events).await;
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    for number in 0..100 {
        handle.publish(&answer(number));
    }
    timeout(PATIENCE, handle.leave()).await.unwrap();
    assert_eq!(answers(&mut observer, 100).await, (0..100).collect::<Vec<_>>());
    assert_eq!(presence(&mut observer).await, (PresenceState::Offline, 1));
    observer.hears_no_more(Topic::Presence).await;
    assert_eq!(next(&mut events).await, LinkEvent::Lost);
    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap(), None);
}

#[tokio::test]
async fn leaving_a_link_that_carries_nothing_takes_a_second_at_most() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let (handle, mut events) = link(relay.port);
    up(&mut events).await;
    relay.set(Mode::Frozen);
    timeout(Duration::from_secs(3), handle.leave()).await.unwrap();
    drop(broker);
    let (handle, _events) = link(relay.port);
    timeout(Duration::from_secs(3), handle.leave()).await.unwrap();
}

#[tokio::test]
async fn a_dropped_handle_hangs_up_and_the_will_says_so() {
    let broker = Broker::start().await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(broker.port);
    up(&mut events).await;
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    drop(handle);
    assert_eq!(presence(&mut observer).await, (PresenceState::ConnectionBroken, 1));
    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap(), None);
}

#[tokio::test]
async fn a_stop_gets_through_a_flood_to_a_core_that_does_not_listen() {
    let broker = Broker::start().await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(broker.port);
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    for _ in 0..5_000 {
        observer.publish(Topic::Commands, QoS::AtLeastOnce, false, r#"{"CMD":"ACCELERATE"}"#).await;
    }
    observer.publish(Topic::Commands, QoS::AtLeastOnce, false, r#"{"CMD":"BRAKE"}"#).await;
    // The last of them has come when the vehicle answers what was published after it.
    observer.publish(Topic::Presence, QoS::AtLeastOnce, true, "").await;
    assert_eq!(presence_or_nothing(&mut observer).await, None);
    assert_eq!(presence(&mut observer).await, (PresenceState::Online, 1));
    let mut payloads = Vec::new();
    while let Ok(Some(event)) = timeout(Duration::from_millis(100), events.next()).await {
        if let LinkEvent::Received(message) = event {
            payloads.push(String::from_utf8(message.payload).unwrap());
        }
    }
    assert!(payloads.len() <= 1_024, "{}", payloads.len());
    assert_eq!(payloads.last().map(String::as_str), Some(r#"{"CMD":"BRAKE"}"#));
    assert_eq!(handle.counters().received, 5_001);
}

async fn presence_or_nothing(observer: &mut Observer) -> Option<Presence> {
    serde_json::from_slice(&observer.next(Topic::Presence).await.payload).ok()
}

#[tokio::test]
async fn a_session_answer_for_which_there_is_no_connection_is_not_sent_later() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let mut observer = Observer::connect(broker.port).await;
    relay.set(Mode::Closed);
    let (handle, mut events) = link(relay.port);
    let session = SessionAnswer {
        key: None,
        nonce: vehicle_protocol::Nonce([1; 16]),
        epoch: EPOCH,
        sid: None,
        clock: 0,
        mac: None,
    };
    handle.publish(&Report::Session(session));
    handle.publish(&answer(1));
    relay.set(Mode::Open);
    up(&mut events).await;
    assert_eq!(answers(&mut observer, 1).await, [1]);
    observer.hears_no_more(Topic::Session).await;
}

#[tokio::test]
async fn what_comes_in_with_the_end_of_the_connection_still_comes_in() {
    let broker = Scripted::start().await;
    let (_handle, mut events) = link(broker.port);
    let stop = scripted::publish(&topics().of(Topic::Commands), "stop");
    // A packet of no known kind breaks the connection.
    let mut last_words = [stop.clone(), stop].concat();
    last_words.extend([0xf0, 0]);
    let _stream = broker.accept(&[2, 0, 1, 1], &last_words).await;
    let mut messages = 0;
    loop {
        match next(&mut events).await {
            LinkEvent::Received(message) => messages += usize::from(message.payload == b"stop"),
            // That it was up is no news if it has ended before anybody looked.
            LinkEvent::Up { connection } => assert_eq!(connection, 1),
            LinkEvent::Lost | LinkEvent::Operator { .. } => break,
        }
    }
    assert_eq!(messages, 2);
}

#[tokio::test]
async fn an_answer_goes_ahead_of_the_acknowledgement_of_its_command() {
    // PUBLISH at QoS 1, and then PUBACK or PUBREC.
    for (qos, receipt) in [(1, 4), (2, 5)] {
        let broker = Scripted::start().await;
        let (handle, mut events) = link(broker.port);
        let mut stream = broker.accept(&[2, 0, 1, 1], &[]).await;
        up(&mut events).await;
        assert_eq!(scripted::kinds(&mut stream, &[3]).await, [3], "its presence");
        let command = scripted::publish_numbered(qos, 9, &topics().of(Topic::Commands), "{}");
        stream.write_all(&command).await.unwrap();
        assert!(matches!(next(&mut events).await, LinkEvent::Received(_)));
        handle.publish(&answer(1));
        assert_eq!(scripted::kinds(&mut stream, &[3, receipt]).await, [3, receipt], "at QoS {qos}");
    }
}

#[tokio::test]
async fn all_that_comes_in_is_acknowledged_although_nobody_answers() {
    let broker = Scripted::start().await;
    let (_handle, mut events) = link(broker.port);
    let mut stream = broker.accept(&[2, 0, 1, 1], &[]).await;
    up(&mut events).await;
    for number in 1..=200 {
        let topic = if number % 2 == 0 { topics().of(Topic::Commands) } else { "elsewhere".to_owned() };
        stream.write_all(&scripted::publish_numbered(1, number, &topic, "{}")).await.unwrap();
    }
    let receipts = timeout(PATIENCE, scripted::kinds(&mut stream, &[4; 200])).await;
    assert_eq!(receipts.expect("all of them").len(), 200);
}

#[tokio::test]
async fn a_vehicle_that_may_not_subscribe_to_all_is_not_online() {
    // Refused, and not answered for.
    for codes in [&[2, 0x80, 1, 1][..], &[2, 0, 1], &[]] {
        let broker = Scripted::start().await;
        let (handle, mut events) = link(broker.port);
        let mut stream = broker.accept(codes, &[]).await;
        let mut heard = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("the link hangs up").unwrap();
        assert_eq!(heard, b"", "neither a presence nor anything else after {codes:?}");
        timeout(PATIENCE, handle.leave()).await.unwrap();
        assert_eq!(timeout(PATIENCE, events.next()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_presence_of_who_is_followed_comes_in_and_nobody_elses() {
    let broker = Broker::start().await;
    let observer = Observer::connect(broker.port).await;
    let [tablet, phone] = ["tablet", "phone"].map(|name| name.parse::<OperatorName>().unwrap());
    let (handle, mut events) = link(broker.port);
    up(&mut events).await;
    handle.follow(Some(&tablet));
    // Until the subscription is in force nothing comes of it.
    let heard = loop {
        observer.publish_of(&phone, "{}").await;
        observer.publish_of(&tablet, "gone").await;
        if let Ok(Some(event)) = timeout(Duration::from_millis(100), events.next()).await {
            break event;
        }
    };
    let expected = LinkEvent::Operator { name: tablet.clone(), retained: false, payload: b"gone".to_vec() };
    assert_eq!(heard, expected);
    handle.follow(Some(&phone));
    let heard = loop {
        observer.publish_of(&tablet, "gone").await;
        observer.publish_of(&phone, "gone too").await;
        match timeout(Duration::from_millis(100), events.next()).await {
            Ok(Some(LinkEvent::Operator { name, .. })) if name == tablet => {}
            Ok(Some(event)) => break event,
            _ => {}
        }
    };
    assert!(matches!(heard, LinkEvent::Operator { name, .. } if name == phone));
}
