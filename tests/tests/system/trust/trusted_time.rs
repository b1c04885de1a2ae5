//! Certificates of a real broker, judged by boards whose clocks are wrong.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use system_tests::installation::Installation;
use system_tests::wait::{SOON, until, within};
use vehicle_agent::clock::{Clock, time_of_day};
use vehicle_agent::link::{self, LinkEvent};
use vehicle_agent::trusted_time::TrustedTime;
use vehicle_link::{Endpoint, Failure, Stage, TlsFiles};
use vehicle_protocol::{Epoch, Root};

const IN_1970: fn() -> Duration = || Duration::from_secs(7);
const IN_2020: fn() -> Duration = || Duration::from_secs(1_590_000_000);
const IN_2089: fn() -> Duration = || Duration::from_secs(3_770_000_000);
const IN_2100: fn() -> Duration = || Duration::from_secs(4_102_444_800);

fn endpoint(installation: &Installation) -> Result<Endpoint> {
    let own = installation.identity("vehicles/rover-1");
    let tls = TlsFiles {
        ca_file: Some(installation.authority()),
        cert_file: Some(own.certificate),
        key_file: Some(own.key),
    };
    let url = format!("mqtts://localhost:{}", installation.vehicles_port).parse()?;
    Ok(Endpoint { tls, ..Endpoint::new(url) })
}

/// What becomes of one attempt of a board with this clock and what is kept in `state`.
async fn attempt(installation: &Installation, state: &Path, clock: fn() -> Duration) -> Result<String> {
    let endpoint = endpoint(installation)?;
    let options = endpoint.options_by("VP1-rover-1", Arc::new(TrustedTime::new(state, clock)))?;
    let (_client, mut events) = vehicle_link::connect(options, 1);
    Ok(match events.poll().await {
        Ok(_) => "accepted".to_owned(),
        Err(error) => Failure::new(&endpoint, &error, Stage::Connecting).to_string(),
    })
}

async fn up(installation: &Installation, state: &Path, clock: fn() -> Duration) -> Result<()> {
    let calendar = Arc::new(TrustedTime::new(state, clock));
    let topics = Root::default().vehicle("rover-1".parse()?);
    let times = (Clock::start(), calendar);
    let (handle, mut events) = link::spawn(&endpoint(installation)?, &topics, Epoch([7; 16]), times, || 0)?;
    let event = within("the link", SOON, async { events.next().await.context("it ended") }).await?;
    ensure!(event == LinkEvent::Up { connection: 1 }, "{event:?}");
    handle.leave().await;
    Ok(())
}

#[tokio::test]
async fn a_board_that_wakes_up_in_1970_reaches_its_broker_and_still_refuses_what_is_not_in_force()
-> Result<()> {
    let mut installation = Installation::start(&["vehicle rover-1"]).await?;
    let state = tempfile::tempdir()?;
    for clock in [IN_1970, IN_2020, time_of_day] {
        let said = attempt(&installation, state.path(), clock).await?;
        ensure!(said == "accepted", "{said}");
    }
    let said = attempt(&installation, state.path(), IN_2100).await?;
    ensure!(said.contains("has expired"), "{said}");
    // In force by the clock that was turned back, and not since this program was built.
    installation.show(&installation.forge("localhost", (2020, 2021)).await?).await?;
    for clock in [IN_1970, IN_2020, time_of_day] {
        let said = attempt(&installation, state.path(), clock).await?;
        ensure!(said.contains("has expired on 2021-01-01"), "{said}");
    }
    Ok(())
}

#[tokio::test]
async fn the_newest_time_that_a_certificate_confirmed_counts_after_a_restart_in_1970() -> Result<()> {
    let mut installation = Installation::start(&["vehicle rover-1"]).await?;
    installation.show(&installation.forge("localhost", (2089, 2090)).await?).await?;
    let state = tempfile::tempdir()?;
    let said = attempt(&installation, state.path(), IN_1970).await?;
    ensure!(said.contains("valid only from 2089-01-01 on"), "{said}");
    let kept = state.path().join("newest-time");
    ensure!(!kept.exists(), "a time was kept that no certificate confirmed");
    up(&installation, state.path(), IN_2089).await?;
    until("the time to be kept", SOON, || Ok(kept.exists().then_some(()))).await?;
    ensure!(std::fs::read_to_string(&kept)? == "3770000000\n", "another time");
    let said = attempt(&installation, state.path(), IN_1970).await?;
    ensure!(said == "accepted", "{said}");
    up(&installation, state.path(), IN_1970).await?;
    ensure!(std::fs::read_to_string(&kept)? == "3770000000\n", "a clock that is not believed was kept");
    Ok(())
}
