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
