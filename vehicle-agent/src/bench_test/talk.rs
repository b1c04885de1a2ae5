//! A person at a terminal, in threads of its own: one that hangs must not hold up what drives the outputs.

use std::io::{BufRead, Write, stdin, stdout};
use std::sync::mpsc as blocking;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// Time for the last words.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Lines from a person, and words to one.
#[derive(Debug)]
pub(crate) struct Talk {
    lines: mpsc::UnboundedReceiver<String>,
    words: blocking::Sender<String>,
    finished: blocking::Receiver<()>,
}

impl Talk {
    /// Talks by standard input and output.
    pub(crate) fn start() -> Self {
        let (line, lines) = mpsc::unbounded_channel();
        thread::spawn(move || {
            // Ends with the terminal; else with the process.
            for typed in stdin().lock().lines().map_while(Result::ok) {
                if line.send(typed).is_err() {
                    return;
                }
            }
        });
        let (words, said) = blocking::channel::<String>();
        let (finish, finished) = blocking::channel();
        thread::spawn(move || {
            for text in said {
                // Nobody may be left to read; that shows at the other thread.
                let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
            }
            let _ = finish.send(());
        });
        Self { lines, words, finished }
    }

    /// A terminal that a test plays.
    #[cfg(test)]
    pub(crate) fn played() -> (Self, mpsc::UnboundedSender<String>, blocking::Receiver<String>) {
        let (line, lines) = mpsc::unbounded_channel();
        let ((words, said), (_, finished)) = (blocking::channel(), blocking::channel());
        (Self { lines, words, finished }, line, said)
    }

    /// Says something; never waits.
    pub(crate) fn say(&self, text: impl Into<String>) {
        // The thread lives as long as this does.
        let _ = self.words.send(text.into());
    }

    /// Forgets what was typed before anybody asked.
    pub(crate) fn forget(&mut self) {
        while self.lines.try_recv().is_ok() {}
    }

    /// Waits for a line; none comes once the terminal is closed. May be cancelled.
    pub(crate) async fn line(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// Waits for a moment until everything is said.
    pub(crate) fn finish(self) {
        drop(self.words);
        let _ = self.finished.recv_timeout(LAST_WORDS);
    }
}
