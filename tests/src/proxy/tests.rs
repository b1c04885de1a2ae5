use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Fault, PacketType, Proxy, Way};
use crate::client::{Client, QoS};
use crate::clock::monotonic;
use crate::mosquitto::Mosquitto;
use crate::wait::{SOON, until};

/// Long enough for a message on loopback to come, if it comes.
const A_WHILE: Duration = Duration::from_millis(150);

/// A broker, a proxy before it, a client behind the proxy and one that stands at the broker.
async fn system(seed: u64) -> Result<(Mosquitto, Proxy, Client, Client)> {
    let broker = Mosquitto::start().await?;
    let proxy = Proxy::start(broker.port(), seed).await?;
    let far = Client::connect("far", proxy.port()).await?;
    let mut near = Client::connect("near", broker.port()).await?;
    near.subscribe("up/#", QoS::AtLeastOnce).await?;
    Ok((broker, proxy, far, near))
}

/// Publishes without waiting for any acknowledgement: QoS 0 is confirmed by the socket.
async fn send(client: &mut Client, text: &str) -> Result<()> {
    client.publish("up/x", QoS::AtMostOnce, text).await
}

async fn comes(client: &mut Client, text: &str) -> Result<()> {
    client.expect(text, |message| message.text() == text).await?;
    Ok(())
}

async fn stays_away(client: &mut Client, text: &str) -> Result<()> {
    let came = client.expect_within(text, A_WHILE, |message| message.text() == text).await;
    ensure!(came.is_err(), "{text} came");
    Ok(())
}

#[tokio::test]
async fn whole_packets_come_through_in_single_bytes_and_in_a_trickle() -> Result<()> {
    let (_broker, proxy, mut far, mut near) = system(1).await?;
    for (fault, least) in [(Fault::None, 0), (Fault::Bytes, 0), (Fault::Trickle(20_000), 150)] {
        proxy.set(fault);
        let (start, text) = (monotonic(), "x".repeat(4_000));
        far.publish("up/x", QoS::ExactlyOnce, text.as_str()).await?;
        comes(&mut near, &text).await?;
        let took = (monotonic() - start) / 1_000_000;
        ensure!(took >= least, "{fault:?}: {took} ms");
    }
    Ok(())
}

#[tokio::test]
async fn a_blackhole_holds_everything_back_and_tells_nobody() -> Result<()> {
    let (broker, proxy, mut far, mut near) = system(1).await?;
    far.subscribe("down/#", QoS::AtLeastOnce).await?;
    proxy.set(Fault::Blackhole);
    send(&mut far, "first").await?;
    near.publish("down/x", QoS::AtLeastOnce, "second").await?;
    stays_away(&mut near, "first").await?;
    stays_away(&mut far, "second").await?;
    let late = Client::connect("late", proxy.port());
    ensure!(tokio::time::timeout(A_WHILE, late).await.is_err(), "a client got through");
    ensure!(!broker.log()?.contains("Client far"), "the broker was told:\n{}", broker.log()?);
    proxy.heal();
    comes(&mut near, "first").await?;
    comes(&mut far, "second").await
}

#[tokio::test]
async fn half_open_carries_the_other_way() -> Result<()> {
    let (_broker, proxy, mut far, mut near) = system(1).await?;
    far.subscribe("down/#", QoS::AtLeastOnce).await?;
    proxy.set_way(Way::Down, Fault::Blackhole);
    send(&mut far, "up").await?;
    comes(&mut near, "up").await?;
    near.publish("down/x", QoS::AtLeastOnce, "down").await?;
    stays_away(&mut far, "down").await
}

#[tokio::test]
async fn a_reset_is_told_to_both_sides() -> Result<()> {
    let (broker, proxy, mut far, mut near) = system(1).await?;
    proxy.reset();
    let error = far.expect("nothing", |_| true).await.err();
    let error = error.map(|error| format!("{error:#}")).unwrap_or_default();
    ensure!(error.contains("onnection reset"), "{error}");
    let told = || Ok(broker.log()?.contains("Client far").then_some(()));
    until("the broker to be told", SOON, told).await?;
    near.round_trip().await?;
    Client::connect("far", proxy.port()).await?.round_trip().await?;
    ensure!(proxy.connections() == 2, "{}", proxy.connections());
    Ok(())
}

#[tokio::test]
async fn a_chosen_packet_is_lost_and_no_other() -> Result<()> {
    let (_broker, proxy, mut far, mut near) = system(1).await?;
    proxy.set_way(Way::Down, Fault::Drops { kind: PacketType::PubAck, every: 2 });
    far.publish("up/x", QoS::AtLeastOnce, "first").await?;
    let unconfirmed = far.publish("up/x", QoS::AtLeastOnce, "second");
    ensure!(tokio::time::timeout(A_WHILE, unconfirmed).await.is_err(), "PUBACK came");
    comes(&mut near, "first").await?;
    comes(&mut near, "second").await?;
    until("the loss", SOON, || Ok((proxy.dropped() == 1).then_some(()))).await
}

#[tokio::test]
async fn delays_reorder_only_when_asked_to() -> Result<()> {
    let mut orders = Vec::new();
    for reorders in [true, false] {
        let (_broker, proxy, mut far, mut near) = system(7).await?;
        let (least, most) = (Duration::from_millis(50), Duration::from_millis(600));
        proxy.set_way(Way::Up, Fault::Delay { least, most, reorders });
        let start = monotonic();
        for number in 0..8 {
            send(&mut far, &number.to_string()).await?;
        }
        let mut order = Vec::new();
        for _ in 0..8 {
            order.push(near.expect("one of 8", |message| message.topic == "up/x").await?.text());
        }
        ensure!(monotonic() - start >= 50_000_000, "nothing was delayed");
        orders.push(order.concat());
    }
    ensure!(orders[0] != "01234567" && orders[1] == "01234567", "{orders:?}");
    Ok(())
}
