//! Presence, as it is announced and corrected.

use super::*;

#[tokio::test]
async fn each_connection_has_a_will_of_its_own() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let mut observer = Observer::connect(broker.port).await;
    let (handle, mut events) = link(relay.port);
    handle.set_armed(true);
    let mut last = 0;
    for _ in 0..3 {
        // What is tried before the relay is open again uses up a number.
        let number = up(&mut events).await;
        assert!(number > last, "{number} after {last}");
        last = number;
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
