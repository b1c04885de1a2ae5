//! What is lost with a link, and what is not.

use super::*;

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
    // What comes behind the acknowledgement says that it has come; without it the answer would be sent again.
    observer.publish(Topic::Commands, QoS::AtLeastOnce, false, "go").await;
    assert!(matches!(next(&mut events).await, LinkEvent::Received(_)));
    relay.set(Mode::Closed);
    assert_eq!(next(&mut events).await, LinkEvent::Lost);
    for number in 0..300 {
        handle.publish(&answer(number));
    }
    handle.publish(&Report::Status(Box::default()));
    relay.set(Mode::Open);
    up(&mut events).await;
    let expected: Vec<u64> = (44..300).collect();
    assert_eq!(answers(&mut observer, expected.len()).await, expected);
    // Only now: while they wait there is no room for it.
    handle.publish(&answer(2_000));
    assert_eq!(answers(&mut observer, 1).await, [2_000]);
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
