//! What comes in and goes out while the link is there.

use super::*;

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
    let pending_acks = timeout(PATIENCE, scripted::kinds(&mut stream, &[4; 200])).await;
    assert_eq!(pending_acks.expect("all of them").len(), 200);
}
