//! Admission to the broker.

use anyhow::{Context, Result, ensure};
use system_tests::certificates::{Certificates, Identity};
use system_tests::client::{Client, QoS};
use system_tests::installation::Installation;
use system_tests::process::Signal;
use system_tests::wait::{SOON, until};

async fn admits(installation: &Installation, identity: Option<&Identity>) -> Result<bool> {
    let mut admitted = Vec::new();
    for port in [installation.vehicles_port, installation.operators_port] {
        let options = installation.options("VP1-someone", identity, port)?;
        admitted.push(Client::connect_with(options).await.is_ok());
    }
    ensure!(admitted.first() == admitted.last(), "the ports differ: {admitted:?}");
    Ok(admitted.first() == Some(&true))
}

#[tokio::test]
async fn only_a_certificate_of_the_authority_that_is_in_force_and_made_for_clients_opens_the_broker()
-> Result<()> {
    let installation = Installation::start(&["vehicle rover-1", "operator anna"]).await?;
    for issued in ["vehicles/rover-1", "operators/anna"] {
        ensure!(admits(&installation, Some(&installation.identity(issued))).await?, "{issued} is kept out");
    }
    ensure!(!admits(&installation, None).await?, "no certificate opened it");
    for (what, years, opens) in [
        ("valid", (2020, 2090), true),
        ("expired", (2020, 2021), false),
        ("not yet valid", (2089, 2090), false),
    ] {
        let identity = installation.forge("rover-1", years).await?;
        ensure!(admits(&installation, Some(&identity)).await? == opens, "{what}");
    }
    let foreign = Certificates::create()?;
    ensure!(
        !admits(&installation, Some(&foreign.client("rover-1")?)).await?,
        "a foreign authority's opened it"
    );
    let stolen = Identity {
        key: installation.file("brokers/localhost.key"),
        certificate: installation.file("brokers/localhost.pem"),
    };
    ensure!(!admits(&installation, Some(&stolen)).await?, "the broker's own opened it");
    Ok(())
}

#[tokio::test]
async fn what_is_revoked_stays_out_once_the_broker_has_read_the_list() -> Result<()> {
    let mut installation = Installation::start(&["vehicle rover-1", "operator anna", "operator ben"]).await?;
    let names = ["vehicles/rover-1", "operators/anna", "operators/ben"];
    let folder = tempfile::tempdir()?;
    let mut copies = Vec::new();
    for name in names {
        let identity = installation.identity(name);
        let copy = Identity {
            certificate: folder.path().join(format!("{}.pem", copies.len())),
            key: folder.path().join(format!("{}.key", copies.len())),
        };
        std::fs::copy(identity.certificate, &copy.certificate)?;
        std::fs::copy(identity.key, &copy.key)?;
        copies.push(copy);
    }
    let standing = async |installation: &Installation| {
        let mut opens = Vec::new();
        for copy in &copies {
            opens.push(admits(installation, Some(copy)).await?);
        }
        anyhow::Ok(opens)
    };
    ensure!(standing(&installation).await? == [true; 3], "all were issued");
    let anna = copies.get(1).context("three copies")?;
    let mut open =
        Client::connect_with(installation.options("VP1-inside", Some(anna), installation.operators_port)?)
            .await?;
    installation.certs("revoke operator anna").await?;
    installation.configure().await?;
    reload(&mut installation).await?;
    ensure!(standing(&installation).await? == [true, false, true], "anna is revoked");
    // What `certs revoke` says of it: only a restart ends what is open.
    let acts =
        async |open: &mut Client| open.publish("vehicles/rover-1/commands", QoS::AtLeastOnce, "{}").await;
    acts(&mut open).await.context("a reload ends no connection")?;
    installation.broker.restart().await?;
    ensure!(acts(&mut open).await.is_err(), "her connection outlived the broker");
    ensure!(standing(&installation).await? == [true, false, true], "and she stays out");
    // A second list, which must not forget the first.
    installation.certs("revoke vehicle rover-1").await?;
    installation.configure().await?;
    reload(&mut installation).await?;
    ensure!(standing(&installation).await? == [false, false, true], "rover-1 is revoked, too");
    Ok(())
}

/// Lets the broker read its files anew, without an end.
async fn reload(installation: &mut Installation) -> Result<()> {
    installation.broker.signal(Signal::HUP)?;
    until("the broker to read them", SOON, || {
        Ok(installation.broker.log()?.contains("Reloading config").then_some(()))
    })
    .await
}
