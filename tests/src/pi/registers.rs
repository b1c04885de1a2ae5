//! The chip's registers, read and written past its processors, by QEMU's socket for device tests.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::UnixStream;

use super::trace::{Sample, Trace};
use crate::wait::{SOON, within};

// Chapters 6.1 and 12.1 of "BCM2835 ARM Peripherals", with the base of BCM2836 and BCM2837.
const SET: u64 = 0x3f20_001c;
const CLEAR: u64 = 0x3f20_0028;
const LEVELS: u64 = 0x3f20_0034;
const TIMER: u64 = 0x3f00_3004;

/// The lines and the timer of a board.
#[derive(Debug)]
pub struct Registers {
    socket: BufStream<UnixStream>,
    time: u64,
}

impl Registers {
    pub(super) async fn connect(socket: &Path) -> Result<Self> {
        let socket = UnixStream::connect(socket).await.context("QEMU's socket")?;
        Ok(Self { socket: BufStream::new(socket), time: 0 })
    }

    /// The levels of lines 0 to 31, bit by bit, and when they were so.
    ///
    /// # Errors
    ///
    /// When QEMU has ended.
    pub async fn sample(&mut self) -> Result<Sample> {
        // Asked for at once, so that they are of one moment as far as can be.
        self.request(&format!("readl {TIMER:#x}\nreadl {LEVELS:#x}")).await?;
        let at = self.answer().await?;
        let levels = self.answer().await?;
        Ok(Sample { at: self.passed(word(&at)?), levels: word(&levels)? })
    }

    /// The board's time since power-on. While the host is too busy to run the board, it stands still or runs behind.
    ///
    /// # Errors
    ///
    /// When QEMU has ended.
    pub async fn now(&mut self) -> Result<Duration> {
        let low = self.ask(&format!("readl {TIMER:#x}")).await?;
        Ok(self.passed(word(&low)?))
    }

    fn passed(&mut self, low: u32) -> Duration {
        // The register holds the low half of the microseconds, and is read far more often than it turns over.
        let turn = 1_u64 << 32;
        let passed = u64::from(low).wrapping_sub(self.time) & turn.wrapping_sub(1);
        self.time = self.time.wrapping_add(passed);
        Duration::from_micros(self.time)
    }

    /// Reads the level of one line.
    ///
    /// # Errors
    ///
    /// When QEMU has ended.
    pub async fn is_high(&mut self, line: u8) -> Result<bool> {
        Ok(self.sample().await?.is_high(line))
    }

    /// Drives an input from outside.
    ///
    /// # Errors
    ///
    /// When QEMU has ended.
    pub async fn drive(&mut self, line: u8, high: bool) -> Result<()> {
        let register = if high { SET } else { CLEAR };
        let bit = 1_u32.checked_shl(u32::from(line)).context("a line from 0 to 31")?;
        self.ask(&format!("writel {register:#x} {bit:#x}")).await?;
        Ok(())
    }

    /// Follows the lines for so long in the board's time.
    ///
    /// # Errors
    ///
    /// When QEMU has ended.
    pub async fn follow(&mut self, span: Duration) -> Result<Trace> {
        let end = self.now().await?.saturating_add(span);
        let limit = span.saturating_mul(100).saturating_add(SOON);
        self.follow_until("the board's time to pass", limit, |sample| sample.at >= end).await
    }

    /// Follows the lines until a sample is `last`.
    ///
    /// # Errors
    ///
    /// When none is within `limit` of the host's time, or QEMU has ended.
    pub async fn follow_until(
        &mut self,
        what: &str,
        limit: Duration,
        last: impl Fn(&Sample) -> bool,
    ) -> Result<Trace> {
        within(what, limit, async {
            let mut samples = Vec::new();
            loop {
                let sample = self.sample().await?;
                samples.push(sample);
                if last(&sample) {
                    return Ok(Trace { samples });
                }
            }
        })
        .await
    }

    /// Waits until a line has a level, and returns the board's time of it.
    ///
    /// # Errors
    ///
    /// When it has not within `limit` of the host's time, or QEMU has ended.
    pub async fn wait_for(&mut self, line: u8, high: bool, limit: Duration) -> Result<Duration> {
        let what = format!("line {line} to go {}", if high { "high" } else { "low" });
        let trace = self.follow_until(&what, limit, |sample| sample.is_high(line) == high).await?;
        Ok(trace.samples.last().context("a sample")?.at)
    }

    async fn ask(&mut self, request: &str) -> Result<String> {
        self.request(request).await?;
        self.answer().await
    }

    async fn request(&mut self, request: &str) -> Result<()> {
        self.socket.write_all(request.as_bytes()).await?;
        self.socket.write_all(b"\n").await?;
        Ok(self.socket.flush().await?)
    }

    async fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.socket.read_line(&mut line).await?;
        ensure!(line.starts_with("OK"), "QEMU answers {line:?}");
        Ok(line.trim_start_matches("OK").trim().to_owned())
    }
}

/// The 32 bits that QEMU has read.
fn word(answer: &str) -> Result<u32> {
    let digits = answer.strip_prefix("0x").with_context(|| answer.to_owned())?;
    Ok(u32::try_from(u64::from_str_radix(digits, 16)?)?)
}
