//! How a link ends.

use super::*;

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
async fn who_leaves_hangs_up_only_after_the_broker() {
    let broker = Scripted::start().await;
    let (handle, mut events) = link(broker.port);
    let leaves = async {
        up(&mut events).await;
        handle.leave().await;
    };
    let broker = async {
        let mut stream = broker.accept(&[2, 0, 1, 1], &[]).await;
        // ONLINE, then OFFLINE, whose numbers follow that of the subscription; then the goodbye.
        for number in 2..=3 {
            scripted::kinds(&mut stream, &[3]).await;
            stream.write_all(&[0x40, 2, 0, number]).await.unwrap();
        }
        scripted::kinds(&mut stream, &[14]).await;
        assert!(timeout(PATIENCE / 600, stream.read_u8()).await.is_err(), "it did not wait for the broker");
        drop(stream);
    };
    timeout(PATIENCE, async { tokio::join!(leaves, broker) }).await.unwrap();
}

#[tokio::test]
async fn leaving_a_link_that_carries_nothing_takes_two_seconds_at_most() {
    let broker = Broker::start().await;
    let relay = Relay::start(broker.port).await;
    let (handle, mut events) = link(relay.port);
    up(&mut events).await;
    relay.set(Mode::Frozen);
    timeout(Duration::from_secs(6), handle.leave()).await.unwrap();
    drop(broker);
    let (handle, _events) = link(relay.port);
    timeout(Duration::from_secs(6), handle.leave()).await.unwrap();
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
