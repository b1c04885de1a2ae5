//! Broker, vehicle and console with its page, each a program of its own.

use crate::chromium::Chromium;
use crate::tab::{SHOWN, Tab};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use system_tests::agent::{Agent, Operator};
use system_tests::mosquitto::Mosquitto;
use system_tests::process::Program;
use system_tests::trace::{Trace, TraceLine};
use system_tests::wait::within;

/// For so long a vehicle that must not move is watched: longer than every hold and every retry of the page.
const WATCHED: Duration = Duration::from_millis(1500);
/// A vehicle without a hand stands after its hold, which is 300 ms, and braking from half its speed.
const STOPS: Duration = Duration::from_secs(5);

/// The page has let go, and says so.
const ASKS: &str = "document.getElementById('drive-hint').textContent.match(/press again|Release the stick first/) || document.getElementById('control').dataset.on === 'false'";

pub(crate) struct Rig {
    pub(crate) broker: Mosquitto,
    pub(crate) agent: Agent,
    pub(crate) web: Program,
    pub(crate) control: String,
    pub(crate) view: String,
    pub(crate) trace: Trace,
}

impl Rig {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[], &[]).await
    }

    /// With more for the agent, and for the console.
    pub(crate) async fn start_with(for_agent: &[&str], for_console: &[&str]) -> Result<Self> {
        Self::serve(for_agent, for_console, &["--listen", "127.0.0.1:0"]).await
    }

    /// With the page served as these words say.
    pub(crate) async fn serve(for_agent: &[&str], for_console: &[&str], words: &[&str]) -> Result<Self> {
        let broker = Mosquitto::start().await?;
        let agent = Agent::start(&broker, "rover-1", for_agent).await?;
        let url = broker.url();
        let mut web = Program::command("control-console")?;
        web.env_clear().args(["--broker", &url]).args(for_console).arg("web").args(words);
        let mut web = Program::spawn("control-console", web)?;
        web.wait_for_stdout("look").await?;
        let said = web.stdout()?;
        let link = |name: &str| -> Result<String> {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            Ok(line.with_context(|| said.clone())?.trim().to_owned())
        };
        let (control, view) = (link("drive")?, link("look")?);
        let trace = agent.trace();
        Ok(Self { broker, agent, web, control, view, trace })
    }

    /// Host and port of the page.
    pub(crate) fn address(&self) -> Result<&str> {
        self.view.strip_prefix("http://").and_then(|url| url.strip_suffix('/')).context("no address")
    }

    pub(crate) async fn operator(&self) -> Result<Operator> {
        self.agent.operator("observer", self.broker.port()).await
    }

    /// A tab that holds the stick of a vehicle whose engine is on.
    pub(crate) async fn driver(&self, chromium: &Chromium) -> Result<Tab> {
        let tab = chromium.open(&self.control).await?;
        self.ready(&tab).await?;
        Ok(tab)
    }

    /// Turns the engine on and takes the stick, as a person does.
    pub(crate) async fn ready(&self, tab: &Tab) -> Result<()> {
        self.start_engine(tab).await?;
        tab.click("#control").await?;
        tab.shows("#drive-badge", "READY").await
    }

    async fn start_engine(&self, tab: &Tab) -> Result<()> {
        tab.click("[data-command=TURN_ON_ENGINE]").await?;
        tab.until("[...document.querySelectorAll('#values div')].some(d => d.textContent === 'Engineon')")
            .await
    }

    /// Holds W until the vehicle moves. A busy machine can silence a page for longer than a setpoint holds, and a guard for
    /// longer than an agent waits; where the page then asks for a fresh press, the stick to be taken or a failsafe to be
    /// cleared, it gets that.
    pub(crate) async fn hold_w(&mut self, tab: &Tab) -> Result<()> {
        tab.shows("#drive-badge", "READY").await?;
        let driving = within("the vehicle to move", SHOWN, async {
            loop {
                tab.press("KeyW").await?;
                tokio::select! {
                    moved = self.trace.wait_for("the vehicle to move", SHOWN, TraceLine::drives) => return moved.map(drop),
                    asked = tab.until(ASKS) => asked?,
                }
                self.comply(tab).await?;
            }
        });
        match driving.await {
            Ok(()) => Ok(()),
            Err(error) => Err(tab.explained(error).await),
        }
    }

    /// Holds these keys until an expression is true, and goes on holding them; where the page asks for more, it gets that.
    pub(crate) async fn hold(&self, tab: &Tab, keys: &[&str], expression: &str) -> Result<()> {
        loop {
            for key in keys {
                tab.press(key).await?;
            }
            tokio::select! {
                done = tab.until(expression) => return done,
                asked = tab.until(ASKS) => asked?,
            }
            for key in keys {
                tab.release(key).await?;
            }
            self.comply(tab).await?;
        }
    }

    /// Does what the page asks for before the next press.
    async fn comply(&self, tab: &Tab) -> Result<()> {
        let said = "['drive-hint', 'polite'].map((id) => document.getElementById(id).textContent).join(' ')";
        eprintln!("the page asks for a fresh press: {}", tab.js(said).await?);
        tab.release("KeyW").await?;
        // Only some failsafes have to be cleared; after the others a fresh press is enough.
        if tab.js("document.getElementById('clear').hidden").await? == false {
            tab.click("#clear").await?;
            tab.shows("#clear", "Press again").await?;
            tab.click("#clear").await?;
            tab.shows("#mode-badge", "engine off").await?;
            self.start_engine(tab).await?;
        }
        if tab.js("document.getElementById('control').dataset.on === 'false'").await? == true {
            tab.click("#control").await?;
        }
        tab.shows("#drive-badge", "READY").await?;
        tab.until(&format!("!({ASKS})")).await
    }

    /// Waits until the vehicle moves.
    pub(crate) async fn moves(&mut self) -> Result<()> {
        self.trace.wait_for("the vehicle to move", SHOWN, TraceLine::drives).await.map(drop)
    }

    /// Waits until the vehicle stands, and makes sure that it goes on standing.
    pub(crate) async fn stops(&mut self) -> Result<()> {
        self.trace.wait_for("the motors to be off", STOPS, |line| !line.moves()).await?;
        self.stands().await
    }

    /// Makes sure that the vehicle stands, and does while it is watched.
    pub(crate) async fn stands(&self) -> Result<()> {
        let stood = self.trace.lines()?.len().saturating_sub(1);
        tokio::time::sleep(WATCHED).await;
        let moved = self.trace.lines()?.into_iter().skip(stood).find(TraceLine::moves);
        ensure!(moved.is_none(), "it moved: {moved:?}");
        Ok(())
    }

    /// Moment of the trace's clock at which the motors were first without power after this one.
    pub(crate) async fn zero_after(&mut self, moment: u64) -> Result<u64> {
        let off = |line: &TraceLine| line.t >= moment && !line.moves();
        Ok(self.trace.wait_for("the motors to be off", STOPS, off).await?.t)
    }

    /// Moment of the trace's clock at which the motors first had power after this one.
    pub(crate) async fn power_after(&mut self, moment: u64) -> Result<u64> {
        let on = |line: &TraceLine| line.t >= moment && line.moves();
        Ok(self.trace.wait_for("the motors to be on", STOPS, on).await?.t)
    }

    /// Makes sure that the vehicle has not moved so far, and does not while it is watched.
    pub(crate) async fn never_moved(&self) -> Result<()> {
        tokio::time::sleep(WATCHED).await;
        let moved = self.trace.lines()?.into_iter().find(TraceLine::moves);
        ensure!(moved.is_none(), "it moved: {moved:?}");
        Ok(())
    }
}
