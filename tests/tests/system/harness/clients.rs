use std::time::Duration;

use anyhow::{Result, ensure};
use system_tests::client::{self, Client, LastWill, QoS};
use system_tests::mosquitto::Mosquitto;

#[tokio::test]
async fn messages_of_every_quality_arrive_with_what_was_sent() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut client = Client::connect("client", broker.port()).await?;
    client.subscribe("echo", QoS::ExactlyOnce).await?;
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let payload = vec![0xff; 200_000];
        client.publish("echo", qos, payload.clone()).await?;
        let message = client.expect("the echo", |message| message.qos == qos).await?;
        ensure!(message.payload == payload && !message.retained, "something else came at {qos:?}");
    }
    Ok(())
}

#[tokio::test]
async fn messages_that_are_passed_over_stay_for_later() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut client = Client::connect("client", broker.port()).await?;
    client.subscribe("numbers", QoS::AtLeastOnce).await?;
    for number in ["1", "2", "3"] {
        client.publish("numbers", QoS::AtLeastOnce, number).await?;
    }
    for number in ["3", "1", "2"] {
        client.expect(number, |message| message.text() == number).await?;
    }
    client.expect_nothing("a fourth", |_| true).await
}

#[tokio::test]
async fn waiting_in_vain_and_finding_what_must_not_be_are_failures() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut client = Client::connect("client", broker.port()).await?;
    client.subscribe("numbers", QoS::AtLeastOnce).await?;
    client.publish("numbers", QoS::AtLeastOnce, r#"{"n":1}"#).await?;
    let unwanted = client.expect_nothing("a one", |message| message.json()["n"] == 1).await;
    ensure!(unwanted.is_err(), "it was there");
    let absent =
        client.expect_within("a two", Duration::from_millis(50), |message| message.json()["n"] == 2).await;
    let Err(error) = absent else { panic!("nobody sent a two") };
    let text = format!("{error:#}");
    ensure!(text.contains("a two") && text.contains(r#"numbers {"n":1}"#), "{text}");
    Ok(())
}

#[tokio::test]
async fn the_last_will_of_a_dropped_client_is_published_and_of_one_that_leaves_is_not() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let mut watcher = Client::connect("watcher", broker.port()).await?;
    watcher.subscribe("wills/+", QoS::AtLeastOnce).await?;
    let mortal = async |name: &str| {
        let mut options = client::options(name, broker.port());
        options.set_last_will(LastWill::new(format!("wills/{name}"), "gone", QoS::AtLeastOnce, false));
        Client::connect_with(options).await
    };
    mortal("polite").await?.disconnect().await?;
    drop(mortal("dropped").await?);
    let will = watcher.expect("a will", |_| true).await?;
    ensure!(will.topic == "wills/dropped", "{will:?}");
    watcher.expect_nothing("another will", |_| true).await
}

#[tokio::test]
async fn a_client_notices_that_its_broker_died() -> Result<()> {
    let mut broker = Mosquitto::start().await?;
    let mut client = Client::connect("client", broker.port()).await?;
    broker.kill().await?;
    ensure!(client.round_trip().await.is_err(), "a dead broker passed a message on");
    Ok(())
}
