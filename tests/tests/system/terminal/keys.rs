//! Keys that can't be used.

use super::*;
use vehicle_link::secret_file;

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_broken_key_is_told_of_with_what_to_do_and_its_vehicle_is_seen_and_stopped() -> Result<()> {
    let scene = Scene::ready().await?;
    let folder = tempfile::tempdir()?;
    secret_file::create(&folder.path().join("rover-1.json"), b"{")?;
    let mut command = Program::command("control-console")?;
    command.args(["--broker", &scene.broker.url(), "tui", "--keys-dir"]).arg(folder.path());
    let terminal = Terminal::start(&command, Kind::Kitty, SIZE)?;
    terminal.shows_all(&["rover-1.json", "control-console keys new", "UP ", "engine   on"]).await?;
    terminal.send("\r")?;
    terminal.press('w')?;
    terminal.shows("not armed").await?;
    ensure!(scene.stays().await?, "it drove without its key");
    terminal.press(' ')?;
    scene.emergency().await
}
