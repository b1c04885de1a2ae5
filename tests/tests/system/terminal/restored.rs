//! The terminal is as it was, whatever ended the program.

use super::*;
use system_tests::mosquitto::Settings;

/// Waits until nothing is left of the program in its terminal.
pub(super) async fn everything(terminal: &Terminal) -> Result<()> {
    let look = || Ok(terminal.leftovers()?.is_empty().then_some(()));
    until("a terminal as before", SHOWN, look)
        .await
        .with_context(|| format!("left: {:?}", terminal.leftovers()))
}

#[tokio::test]
#[ignore = "tests/screens runs it"]
async fn a_broker_that_lets_nobody_in_ends_it_with_words_on_a_terminal_as_before() -> Result<()> {
    let logins = [("anna", "secret")];
    let broker = Mosquitto::start_with(&Settings { logins: &logins, ..Settings::default() }).await?;
    for words in [&["drive", "rover-1"][..], &["tui"], &["tui", "--plain"]] {
        let mut terminal = Scene::opened(&broker.url(), Kind::Kitty, words)?;
        let status = until("the end", SHOWN, || terminal.ended()).await?;
        ensure!(status.code() == Some(4), "{words:?}: {status}");
        everything(&terminal).await?;
        terminal.shows("refuses the login").await?;
    }
    Ok(())
}
