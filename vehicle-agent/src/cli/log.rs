//! The log on standard error, written by a thread: a terminal or journal that stops reading must not hold up the control loop,
//! which logs between a decision and the next output.

use crate::realtime::{self, Priority};
use std::io::{self, IsTerminal, Write, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Lines that wait for the reader; further ones are dropped, and counted.
const WAITING: usize = 1_024;
/// Time that the last lines may take.
const LAST_LINES: Duration = Duration::from_millis(300);

/// The log of this process. Dropping it waits a moment for the last lines.
#[derive(Debug)]
pub(super) struct Log(LogWriter);

/// A handle for those who log; writing never waits.
#[derive(Clone, Debug)]
struct LogWriter {
    entries: SyncSender<Entry>,
    dropped: Arc<AtomicUsize>,
}

#[derive(Debug)]
enum Entry {
    Line(Vec<u8>),
    /// All lines before it are written when this is received.
    End(SyncSender<()>),
}

/// Logs what RUST_LOG asks for, or else the configuration; standard output stays free for data.
pub(super) fn log_to_stderr(filter: &str) -> anyhow::Result<Log> {
    let wanted = std::env::var("RUST_LOG").ok().filter(|wanted| !wanted.is_empty());
    // Levels by target, without EnvFilter's spans and patterns: those bring a regex engine, which nothing else needs, into
    // the memory of a parked vehicle.
    let targets = wanted.and_then(|wanted| wanted.parse::<Targets>().ok()).or_else(|| filter.parse().ok());
    let targets = targets.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let colours = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let subscriber = tracing_subscriber::fmt().with_ansi(colours).with_max_level(LevelFilter::TRACE);
    let writer = LogWriter::spawn(stderr())?;
    // Fails only if this process logs already, as tests do.
    let _ = subscriber.with_writer(writer.clone()).finish().with(targets).try_init();
    Ok(Log(writer))
}

impl LogWriter {
    fn spawn(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (entries, received) = sync_channel(WAITING);
        let dropped = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&dropped);
        thread::Builder::new().name("log".to_owned()).spawn(move || write(sink, &received, &counted))?;
        Ok(Self { entries, dropped })
    }

    fn finish(&self) {
        let (end, written) = sync_channel(1);
        if self.entries.try_send(Entry::End(end)).is_ok() {
            let _ = written.recv_timeout(LAST_LINES);
        }
    }
}

/// Writes until every handle is gone.
fn write(mut sink: impl Write, entries: &Receiver<Entry>, dropped: &AtomicUsize) {
    // The queue has a lock: the control loop must not wait for a thread that holds it and waits for the processor.
    let _ = realtime::request(Priority::ControlLoop);
    for entry in entries {
        // Nobody may be left to read.
        let _ = match entry {
            Entry::Line(line) => sink.write_all(&line),
            Entry::End(written) => written.send(()).map_err(io::Error::other),
        };
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(sink, "{lost} lines of the log were dropped, since nobody read them in time");
        }
    }
}

impl Write for LogWriter {
    /// Receives a whole line: that is how events are formatted.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.entries.try_send(Entry::Line(line.to_vec())) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
            Err(TrySendError::Full(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_reader_that_stops_reading_holds_up_nobody_and_hears_later_how_much_it_missed() {
        let (sink, reader) = UnixStream::pair().unwrap();
        let mut log = LogWriter::spawn(sink).unwrap();
        // Far more than queue and socket have room for.
        let line = format!("{}\n", "x".repeat(1_000));
        for _ in 0..20_000 {
            log.write_all(line.as_bytes()).unwrap();
        }
        let mut lines = BufReader::new(reader).lines().map(Result::unwrap);
        assert_eq!(lines.next().unwrap(), line.trim_end());
        let told = lines.find(|line| line.contains("dropped")).unwrap();
        let lost: usize = told.split_once(' ').unwrap().0.parse().unwrap();
        assert!((10_000..20_000).contains(&lost), "{told}");
    }

    #[test]
    fn the_last_lines_are_written_before_the_end() {
        let (sink, mut reader) = UnixStream::pair().unwrap();
        let mut log = LogWriter::spawn(sink).unwrap();
        log.write_all(b"the last\n").unwrap();
        drop(Log(log));
        reader.set_nonblocking(true).unwrap();
        let mut text = [0; 9];
        io::Read::read_exact(&mut reader, &mut text).unwrap();
        assert_eq!(&text, b"the last\n");
    }

    #[test]
    fn a_reader_that_is_stuck_does_not_hold_up_the_end() {
        let (sink, _reader) = UnixStream::pair().unwrap();
        let mut log = LogWriter::spawn(sink).unwrap();
        for _ in 0..20_000 {
            log.write_all(&[b'x'; 1_000]).unwrap();
        }
        drop(Log(log));
    }
}
