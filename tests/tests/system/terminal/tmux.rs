//! What a person sees, in tmux, where no release of a key can be told: but the mouse's can.

use super::*;
use std::process::Command;

/// A server of its own, ended with the test.
struct Tmux {
    socket: String,
    terminal: Terminal,
}

impl Tmux {
    fn start(scene: &Scene, name: &str, (columns, rows): (u16, u16)) -> Result<Self> {
        let console = Program::command("control-console")?;
        let socket = format!("{name}-{}", std::process::id());
        let mut command = Command::new("tmux");
        command.args(["-L", &socket, "-f", "/dev/null", "new-session"]);
        command.arg(console.get_program()).args(["--unsigned", "--broker", &scene.broker.url(), "tui"]);
        command.args([";", "set", "-g", "mouse", "on", ";", "set", "-g", "status", "off"]);
        let terminal = Terminal::start(&command, Kind::Old, (columns, rows))?;
        Ok(Self { socket, terminal })
    }

    /// The cells, as lines.
    fn screen(&self) -> Result<String> {
        let output = Command::new("tmux").args(["-L", &self.socket, "capture-pane", "-p"]).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    async fn shows(&self, text: &str) -> Result<String> {
        until(text, SHOWN, || Ok(Some(self.screen()?).filter(|screen| screen.contains(text)))).await
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.screen().unwrap_or_default());
        }
        let _ = Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output();
    }
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn the_mouse_drives_by_holding_the_pad() -> Result<()> {
    let scene = Scene::ready().await?;
    let tmux = Tmux::start(&scene, "mouse", SIZE)?;
    let screen = tmux.shows("rover-1 standing").await?;
    ensure!(screen.lines().next().is_some_and(|top| top.starts_with(" DISARMED | rover-1 | UP")), "{screen}");
    ensure!(screen.contains("MOUSE") && screen.contains("hold here with the mouse"), "{screen}");
    tmux.terminal.send("\r")?;
    tmux.shows(" READY | rover-1").await?;
    // The upper end of the pad.
    tmux.terminal.send("\u{1b}[<0;14;4M")?;
    scene.motion().await?;
    let screen = tmux.shows(" DRIVING | rover-1").await?;
    ensure!(screen.contains("w/a/s/d hold to drive  +/- speed"), "{screen}");
    let since = monotonic();
    tmux.terminal.send("\u{1b}[<0;14;4m")?;
    let took = scene.stopped(since).await?;
    ensure!(took < HOLD_AND_GRACE, "{took:?}");
    ensure!(scene.stays().await?);
    // The bar stops too.
    tmux.terminal.send("\u{1b}[<0;50;2M\u{1b}[<0;50;2m")?;
    tmux.shows("*** EMERGENCY STOP ***").await?;
    ensure!(scene.lines()?.last().is_some_and(|line| !line.enable));
    Ok(())
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn the_slow_way_out_of_an_emergency_stop_is_typed() -> Result<()> {
    let scene = Scene::ready().await?;
    let tmux = Tmux::start(&scene, "clear", (80, 24))?;
    tmux.shows("rover-1 standing").await?;
    tmux.terminal.send(" ")?;
    tmux.shows("*** EMERGENCY STOP ***").await?;
    tmux.terminal.send("\r")?;
    tmux.shows("In emergency stop: press r to clear it").await?;
    tmux.terminal.send("r")?;
    tmux.shows("> clear-emergency-stop_").await?;
    tmux.terminal.send("\r")?;
    let screen = tmux.shows("SPACE = EMERGENCY STOP").await?;
    ensure!(screen.starts_with(" DISARMED"), "{screen}");
    // And any command, completed from what the vehicle says of itself.
    tmux.terminal.send(":max")?;
    tmux.shows("set-max-speed            MPH: 0..").await?;
    tmux.terminal.send("\t2\r")?;
    tmux.shows("limit    1.0 of 2.0 mph").await?;
    Ok(())
}
