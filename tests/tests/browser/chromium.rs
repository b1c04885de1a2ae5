//! Debian's Chromium without a window, with a profile of its own.

use crate::tab::Tab;
use anyhow::{Context as _, Result, anyhow};
use chromiumoxide::cdp::browser_protocol::target::CreateTargetParams;
use chromiumoxide::{Browser, BrowserConfig};
use futures_util::StreamExt as _;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// Where Debian's package puts it.
const PROGRAM: &str = "/usr/bin/chromium";
/// On two busy cores it takes its time.
const START: Duration = Duration::from_secs(60);

/// A running browser; ends when dropped.
pub(crate) struct Chromium {
    pub(crate) browser: Browser,
    events: JoinHandle<()>,
    _profile: TempDir,
}

impl Chromium {
    pub(crate) async fn start() -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let config = BrowserConfig::builder()
            .chrome_executable(PROGRAM)
            .user_data_dir(profile.path())
            .no_sandbox()
            .viewport(None)
            .window_size(1280, 800)
            // The authority of a test is unknown to it.
            .arg("--ignore-certificate-errors")
            .launch_timeout(START)
            .request_timeout(START)
            .build()
            .map_err(|error| anyhow!(error))?;
        let (browser, mut handler) =
            Browser::launch(config).await.context("no Chromium; tests/screens installs it")?;
        // Messages that this version of the library does not know are no reason to end.
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Ok(Self { browser, events, _profile: profile })
    }

    /// An empty tab.
    pub(crate) async fn tab(&self) -> Result<Tab> {
        Ok(Tab::new(self.browser.new_page("about:blank").await?))
    }

    /// An empty tab in a window of its own.
    pub(crate) async fn window(&self) -> Result<Tab> {
        let wanted = CreateTargetParams::builder().url("about:blank").new_window(true).build();
        Ok(Tab::new(self.browser.new_page(wanted.map_err(|error| anyhow!(error))?).await?))
    }

    /// A tab with this page.
    pub(crate) async fn open(&self, url: &str) -> Result<Tab> {
        let tab = self.tab().await?;
        tab.go(url).await?;
        Ok(tab)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser itself is killed with its handle.
        self.events.abort();
    }
}
