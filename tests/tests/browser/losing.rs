//! What takes the person away from the page, or the page from the vehicle, stops first.

use crate::chromium::Chromium;
use crate::rig::Rig;
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::{Duration, Instant};
use system_tests::process::Signal;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn another_tab_in_front_stops() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    // A driven browser pretends that every tab has the focus.
    tab.call("Emulation.setFocusEmulationEnabled", json!({"enabled": false})).await?;
    tab.page.bring_to_front().await?;
    tab.until("document.hasFocus()").await?;
    rig.hold_w(&tab).await?;
    let other = chromium.open("about:blank").await?;
    other.page.bring_to_front().await?;
    rig.stops().await?;
    tab.shows("#drive-badge", "DISARMED").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_closed_tab_stops_also_what_single_commands_began() -> Result<()> {
    for held in [true, false] {
        let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
        let tab = rig.driver(&chromium).await?;
        if held {
            rig.hold_w(&tab).await?;
        } else {
            tab.click("[data-command=ACCELERATE]").await?;
            rig.moves().await?;
        }
        tab.page.close().await?;
        rig.stops().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_page_that_hangs_stops() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    rig.hold_w(&tab).await?;
    tab.js(
        "setTimeout(() => { const end = performance.now() + 3000; while (performance.now() < end); }, 0); 0",
    )
    .await?;
    // The key is still held when the page wakes up.
    rig.stops().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_console_that_is_killed_stops_and_the_page_says_so_once() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    tab.js("window.said = []; new MutationObserver(() => said.push(document.getElementById('alert').textContent)).observe(document.getElementById('alert'), { childList: true, characterData: true, subtree: true }); 0").await?;
    rig.hold_w(&tab).await?;
    rig.web.kill().await?;
    rig.stops().await?;
    tab.shows("#banner-text", "has not been heard").await?;
    tab.until("document.querySelector('.status').dataset.fresh === 'old'").await?;
    tab.until("document.getElementById('control').disabled").await?;
    let said = tab.js("said").await?;
    ensure!(said.as_array().is_some_and(|said| said.len() == 1), "told more than once: {said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_console_that_freezes_is_a_stale_link_and_nothing_goes_on_when_it_wakes() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    tab.js("window.said = []; new MutationObserver(() => said.push(document.getElementById('alert').textContent)).observe(document.getElementById('alert'), { childList: true, characterData: true, subtree: true }); 0").await?;
    rig.hold_w(&tab).await?;
    rig.web.signal(Signal::STOP)?;
    rig.stops().await?;
    tab.shows("#banner-text", "has not been heard").await?;
    rig.web.signal(Signal::CONT)?;
    tab.until("document.getElementById('banner').hidden").await?;
    // W is held all the time.
    rig.stands().await?;
    let said = tab.js("said.map((text) => text.split(/[. ]/)[0]).join()").await?;
    ensure!(said == "Lost,Connected", "{said}");
    tab.release("KeyW").await?;
    tab.click("#control").await?;
    tab.shows("#drive-badge", "READY").await?;
    rig.hold_w(&tab).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn a_vehicle_that_dies_is_shown_as_lost_and_its_values_as_old() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    rig.agent.program.kill().await?;
    tab.until("!document.getElementById('banner').hidden").await?;
    tab.until("document.querySelector('.status').dataset.fresh === 'old'").await?;
    rig.agent.start_again()?;
    tab.until("document.getElementById('banner').hidden").await?;
    tab.until("document.querySelector('.status').dataset.fresh === 'current'").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn ctrl_c_stops_the_vehicle_and_closes_open_pages_at_once() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    rig.hold_w(&tab).await?;
    #[expect(clippy::disallowed_methods, reason = "how long a program takes to end is what is measured")]
    let begun = Instant::now();
    rig.web.signal(Signal::INT)?;
    let status = rig.web.exit(Duration::from_secs(5)).await?;
    ensure!(status.code() == Some(130), "{status}");
    ensure!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    rig.stops().await
}
