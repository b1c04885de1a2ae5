//! How the page looks, what it asks of the network, and whether everybody can use it.

use crate::chromium::Chromium;
use crate::rig::Rig;
use crate::tab::Tab;
use anyhow::{Context as _, Result, ensure};
use chromiumoxide::cdp::browser_protocol::network::{EventRequestWillBeSent, EventWebSocketCreated};
use futures_util::StreamExt as _;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

const SIZES: [(u32, u32); 2] = [(390, 844), (1280, 800)];
const THEMES: [&str; 2] = ["dark", "light"];

/// Where pictures go, for a person to look at.
fn screens() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let target = own.ancestors().find(|folder| folder.ends_with("target")).context("no target folder")?;
    let folder = target.join("screens");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Drives a curve, so that there is something to see, and ends at neutral.
async fn drive_about(rig: &mut Rig, tab: &Tab) -> Result<()> {
    rig.hold_w(tab).await?;
    rig.hold(tab, &["KeyW"], "parseFloat(document.getElementById('speed').textContent) > 1").await?;
    rig.hold(tab, &["KeyW", "KeyD"], "Number(document.getElementById('heading').textContent) > 40").await?;
    tab.release("KeyD").await?;
    rig.hold(tab, &["KeyW"], "parseFloat(document.getElementById('place').textContent) >= 2").await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn it_fits_phone_and_desktop_in_both_themes_and_survives_a_reload() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let folder = screens()?;
    let tab = rig.driver(&chromium).await?;
    tab.dress(1280, 800, "dark").await?;
    drive_about(&mut rig, &tab).await?;
    tab.picture(&folder.join("driving.png")).await?;
    tab.release("KeyW").await?;
    rig.stops().await?;
    for (width, height) in SIZES {
        for theme in THEMES {
            tab.dress(width, height, theme).await?;
            tab.call("Page.reload", serde_json::json!({})).await?;
            // The console has kept the past, and the tab its token.
            tab.shows("#role-badge", "Can drive").await?;
            tab.until(
                "!document.getElementById('strip-speed').getAttribute('aria-label').includes('no data')",
            )
            .await?;
            tab.until(
                "document.getElementById('strip-speed').getAttribute('aria-label').match(/at most [1-9]/)",
            )
            .await?;
            let wide = tab.js("document.documentElement.scrollWidth").await?;
            ensure!(wide == u64::from(width), "{wide} pixels wide on {width}");
            let stop = tab
                .js("(() => { const b = document.getElementById('stop').getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight && b.height >= 44; })()")
                .await?;
            ensure!(stop == true, "the stop is not in sight at {width}x{height}");
            tab.picture(&folder.join(format!("{width}x{height}-{theme}.png"))).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn no_request_leaves_this_machine() -> Result<()> {
    let (mut rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = chromium.tab().await?;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mut requests = tab.page.event_listener::<EventRequestWillBeSent>().await?;
    let mut sockets = tab.page.event_listener::<EventWebSocketCreated>().await?;
    let note = Arc::clone(&asked);
    let listening = tokio::spawn(async move {
        loop {
            let url = tokio::select! {
                Some(event) = requests.next() => event.request.url.clone(),
                Some(event) = sockets.next() => event.url.clone(),
                else => return,
            };
            note.lock().unwrap_or_else(PoisonError::into_inner).push(url);
        }
    });
    tab.go(&rig.control).await?;
    rig.ready(&tab).await?;
    rig.hold_w(&tab).await?;
    tab.release("KeyW").await?;
    rig.stops().await?;
    listening.abort();
    let asked = asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    ensure!(asked.iter().any(|url| url.ends_with("/drive")) && asked.len() > 5, "{asked:?}");
    let (http, ws) = (format!("http://{}/", rig.address()?), format!("ws://{}/", rig.address()?));
    let strange: Vec<_> =
        asked.iter().filter(|url| !url.starts_with(&http) && !url.starts_with(&ws)).collect();
    ensure!(strange.is_empty(), "{strange:?}");
    ensure!(!asked.iter().any(|url| url.contains('?')), "a token or the like in a query: {asked:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "tests/screens runs it"]
async fn axe_finds_nothing_serious() -> Result<()> {
    let Some(file) = std::env::var_os("AXE") else {
        eprintln!("SKIPPED: axe-core is not there (AXE is not set; tests/screens fetches it)");
        return Ok(());
    };
    let axe = std::fs::read_to_string(file)?;
    let (rig, chromium) = (Rig::start().await?, Chromium::start().await?);
    let tab = rig.driver(&chromium).await?;
    for (width, height) in SIZES {
        for theme in THEMES {
            tab.dress(width, height, theme).await?;
            tab.js(&format!("{axe}; 0")).await?;
            let found = tab
                .js("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html.slice(0, 120) + ' ' + failureSummary).join(' | ')}`))")
                .await?;
            ensure!(found.as_array().is_some_and(Vec::is_empty), "{width} {theme}: {found:#}");
        }
    }
    let passed: Value = tab.js("axe.version").await?;
    eprintln!("axe-core {passed}: no serious finding");
    Ok(())
}
