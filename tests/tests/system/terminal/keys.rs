//! Keys that can't be used.

use super::*;
use system_tests::key_holder::KeyHolder;
use vehicle_link::secret_file;
use vehicle_protocol::Encoding;
use vehicle_protocol::auth::Role;

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn of_keys_of_several_names_the_first_word_is_that_nobody_is_shown() -> Result<()> {
    let (scene, folder) = (Scene::ready().await?, tempfile::tempdir()?);
    for (vehicle, name) in [("rover-1", "anna"), ("rover-2", "ben")] {
        let holder = KeyHolder::new(vehicle, name, Role::Driver, Encoding::Json)?;
        let file = folder.path().join(format!("{vehicle}.json"));
        secret_file::create(&file, holder.file.to_text().as_bytes())?;
    }
    let mut command = Program::command("control-console")?;
    command.args(["--broker", &scene.broker.url(), "tui", "--keys-dir"]).arg(folder.path());
    let terminal = Terminal::start(&command, Kind::Kitty, SIZE)?;
    terminal.shows_all(&["the names anna (rover-1), ben (rover-2)"]).await.map(drop)
}

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
    terminal.shows("Not armed").await?;
    ensure!(scene.stays().await?, "it drove without its key");
    terminal.press(' ')?;
    scene.emergency().await
}
