//! The trace of a simulated board: what every output was, and when.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::wait::until;

/// All outputs from one change of any of them to the next.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the shape of a line is the contract; one flag is one output"
)]
pub struct TraceLine {
    /// `CLOCK_MONOTONIC` of the change, in nanoseconds.
    pub t: u64,
    /// The left motor of a skid-steer vehicle, -1 to 1.
    pub left: Option<f64>,
    /// The right motor of a skid-steer vehicle, -1 to 1.
    pub right: Option<f64>,
    /// The motor of a steering vehicle, -1 to 1.
    pub drive: Option<f64>,
    /// The steering of a steering vehicle, -1 to 1.
    pub steer: Option<f64>,
    /// Whether the motor driver is enabled.
    pub enable: bool,
    /// Whether the brake is on.
    pub brake: bool,
    /// Whether the headlights are on.
    pub headlights: bool,
    /// Whether the parking lights are on.
    pub parking_lights: bool,
    /// Whether the hazard lights are on.
    pub hazard_lights: bool,
    /// Whether the horn sounds.
    pub horn: bool,
    /// The doors, in one word.
    pub doors: String,
    /// What caused the change: a command, a reason, or a word of the agent such as BOOT.
    pub cause: String,
    /// The ID of the command, where it has one.
    pub id: Option<String>,
}

impl TraceLine {
    /// What moves or holds the vehicle: motors, steering, enable line and brake.
    #[must_use]
    pub fn power(&self) -> ([Option<f64>; 4], bool, bool) {
        ([self.left, self.right, self.drive, self.steer], self.enable, self.brake)
    }

    /// The power of the motor that is driven most, 0 to 1.
    #[must_use]
    pub fn level(&self) -> f64 {
        [self.left, self.right, self.drive]
            .into_iter()
            .flatten()
            .fold(0.0, |most, level| level.abs().max(most))
    }

    /// Tells whether motors are driven and nothing brakes: the vehicle goes where somebody wants it to go.
    #[must_use]
    pub fn drives(&self) -> bool {
        self.moves() && self.enable && !self.brake
    }

    /// Tells whether any motor is driven.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.level() > 0.0
    }
}

/// A trace file that is still being written; remembers how far it has been read by `wait_for`.
#[derive(Debug)]
pub struct Trace {
    file: PathBuf,
    seen: usize,
}

impl Trace {
    /// Follows a file that need not exist yet.
    #[must_use]
    pub fn follow(file: &Path) -> Self {
        Self { file: file.to_owned(), seen: 0 }
    }

    /// All lines so far; one that is only half written is left out.
    ///
    /// # Errors
    ///
    /// When a line is not what a trace may contain.
    pub fn lines(&self) -> Result<Vec<TraceLine>> {
        // The agent may not have come to create it.
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
        complete
            .lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("line of the trace: {line}")))
            .collect()
    }

    /// Waits for a line that matches, after those that earlier calls have passed over.
    ///
    /// # Errors
    ///
    /// When none comes within `limit`, or a line is not what a trace may contain.
    pub async fn wait_for(
        &mut self,
        what: &str,
        limit: Duration,
        matches: impl Fn(&TraceLine) -> bool,
    ) -> Result<TraceLine> {
        until(what, limit, || {
            let lines = self.lines()?;
            let found = lines.into_iter().enumerate().skip(self.seen).find(|(_, line)| matches(line));
            Ok(found.map(|(place, line)| {
                self.seen = place.saturating_add(1);
                line
            }))
        })
        .await
    }
}
