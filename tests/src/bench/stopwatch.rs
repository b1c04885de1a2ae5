//! The only file of the benchmark that reads a clock.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "a benchmark is a measurement of time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The date in UTC, as the system's `date` gives it, such as `2026-11-22 10:30 UTC`.
///
/// # Errors
///
/// When there is no `date`.
pub fn date() -> Result<String> {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"]).output().context("date")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
