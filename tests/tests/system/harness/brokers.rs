use anyhow::{Result, ensure};
use system_tests::certificates::Certificates;
use system_tests::client::{self, Client, QoS};
use system_tests::mosquitto::{Mosquitto, Settings};
use system_tests::paho;
use system_tests::wait::SOON;

#[tokio::test]
async fn two_brokers_run_side_by_side_and_share_nothing() -> Result<()> {
    let (one, other) = (Mosquitto::start().await?, Mosquitto::start().await?);
    let mut here = Client::connect("here", one.port()).await?;
    let mut there = Client::connect("there", other.port()).await?;
    there.subscribe("#", QoS::AtLeastOnce).await?;
    here.publish("a", QoS::AtLeastOnce, "1").await?;
    there.expect_nothing("a message of the other broker", |message| message.topic == "a").await
}

#[tokio::test]
async fn a_killed_broker_is_gone_and_comes_back_on_its_port_without_what_it_kept() -> Result<()> {
    let mut broker = Mosquitto::start().await?;
    let url = broker.url();
    keep_a_message(&broker).await?;
    broker.kill().await?;
    ensure!(Client::connect("early", broker.port()).await.is_err(), "a dead broker let somebody in");
    broker.restart().await?;
    assert_eq!(broker.url(), url);
    let mut client = Client::connect("reader", broker.port()).await?;
    client.subscribe("kept", QoS::AtLeastOnce).await?;
    client.expect_nothing("the kept message", |message| message.topic == "kept").await
}

#[tokio::test]
async fn a_persistent_broker_remembers_over_a_kill() -> Result<()> {
    let mut broker = Mosquitto::start_with(&Settings { persistent: true, ..Settings::default() }).await?;
    keep_a_message(&broker).await?;
    broker.restart().await?;
    let mut client = Client::connect("reader", broker.port()).await?;
    client.subscribe("kept", QoS::AtLeastOnce).await?;
    let kept = client.expect("the kept message", |message| message.topic == "kept").await?;
    ensure!(kept.retained && kept.text() == "still here", "{kept:?}");
    Ok(())
}

#[tokio::test]
async fn only_the_right_password_opens_a_broker_with_logins() -> Result<()> {
    let settings = Settings { logins: &[("ada", "engine")], ..Settings::default() };
    let broker = Mosquitto::start_with(&settings).await?;
    let login = |name: &str, password: &str| {
        let mut options = client::options("someone", broker.port());
        options.set_credentials(name, password);
        options
    };
    Client::connect_with(login("ada", "engine")).await?;
    ensure!(Client::connect_with(login("ada", "guess")).await.is_err(), "a wrong password was taken");
    ensure!(Client::connect("nobody", broker.port()).await.is_err(), "no password was taken");
    Ok(())
}

#[tokio::test]
async fn under_mutual_tls_the_certificate_is_the_user_and_none_is_refused() -> Result<()> {
    let certificates = Certificates::create()?;
    let settings = Settings { mutual_tls: Some(&certificates), ..Settings::default() };
    let broker = Mosquitto::start_with(&settings).await?;
    let connect = async |identity| {
        let mut options = client::options("someone", broker.port());
        options.set_transport(client::tls(&certificates.authority(), identity)?);
        Client::connect_with(options).await
    };
    let (known, stranger) = (certificates.client("rover-1")?, Certificates::create()?.client("rover-1")?);
    connect(Some(&known)).await?.round_trip().await?;
    ensure!(broker.log()?.contains("u'rover-1'"), "the common name is not the user");
    ensure!(connect(None).await.is_err(), "no certificate was taken");
    ensure!(connect(Some(&stranger)).await.is_err(), "a stranger's certificate was taken");
    ensure!(Client::connect("plain", broker.port()).await.is_err(), "a plain connection was taken");
    Ok(())
}

#[tokio::test]
async fn paho_exchanges_messages_in_plain_and_over_mutual_tls() -> Result<()> {
    let certificates = Certificates::create()?;
    let identity = certificates.client("laptop")?;
    let plain = Mosquitto::start().await?;
    let settings = Settings { mutual_tls: Some(&certificates), ..Settings::default() };
    let secured = Mosquitto::start_with(&settings).await?;
    let (ca, certificate, key) = (certificates.authority(), identity.certificate, identity.key);
    let files = [
        "--ca-file".as_ref(),
        ca.as_os_str(),
        "--cert-file".as_ref(),
        certificate.as_os_str(),
        "--key-file".as_ref(),
        key.as_os_str(),
    ]
    .map(|word| word.to_string_lossy().into_owned());
    let files: Vec<&str> = files.iter().map(String::as_str).collect();

    for (broker, options, code, said) in
        [(&plain, &[][..], 0, "hello\n"), (&secured, &files, 0, "hello\n"), (&secured, &files[..2], 3, "")]
    {
        let port = broker.port().to_string();
        let arguments = [&[port.as_str(), "echo", "echo", "hello"], options].concat();
        let output = paho::run("exchange.py", &arguments, SOON * 2).await?;
        ensure!(output.code == Some(code) && output.stdout == said, "{options:?} {output:?}");
    }
    Ok(())
}

async fn keep_a_message(broker: &Mosquitto) -> Result<()> {
    let mut client = Client::connect("writer", broker.port()).await?;
    client.publish_retained("kept", QoS::AtLeastOnce, "still here").await?;
    client.round_trip().await
}
