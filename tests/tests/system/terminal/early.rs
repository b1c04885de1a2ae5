//! Keys that are pressed before there is anything to see.

use super::*;

/// What a person may have typed, and whether the vehicle is named or has to be found.
async fn stops(kind: Kind, typed: &str, words: &[&str]) -> Result<()> {
    let scene = Scene::ready().await?;
    let terminal = Scene::opened(&scene.broker.url(), kind, words)?;
    terminal.send(typed)?;
    scene.emergency().await.with_context(|| format!("{kind:?} {typed:?} {words:?}"))?;
    terminal.shows("*** EMERGENCY STOP ***").await.map(drop)
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_stop_that_is_typed_before_the_screen_is_up_stops() -> Result<()> {
    for words in [&["drive", "rover-1"][..], &["tui"]] {
        stops(Kind::Kitty, " ", words).await?;
        stops(Kind::Kitty, "\u{1b}[32;1:1u", words).await?;
    }
    stops(Kind::Old, " ", &["tui", "--plain"]).await
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_stop_that_is_typed_before_there_is_a_vehicle_stops_the_first_that_comes() -> Result<()> {
    let broker = Mosquitto::start().await?;
    let terminal = Scene::opened(&broker.url(), Kind::Kitty, &["tui"])?;
    terminal.shows_all(&["NO VEHICLE", "UP"]).await?;
    terminal.press(' ')?;
    terminal.shows("the first one that is found will be stopped").await?;
    let agent = Agent::start(&broker, "rover-1", &[]).await?;
    terminal.shows("*** EMERGENCY STOP ***").await?;
    ensure!(agent.trace().lines()?.last().is_some_and(|line| !line.enable && line.hazard_lights));
    Ok(())
}
