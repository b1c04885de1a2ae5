//! What candidates use while nothing is asked of them.

use std::time::Duration;

use anyhow::Result;

use crate::bench::candidate::Candidate;
use crate::bench::stopwatch::Stopwatch;
use crate::bench::usage::Usage;

/// After so long whatever belongs to the start has settled.
const SETTLING: Duration = Duration::from_secs(2);

/// What one candidate used while nothing was asked of it.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// The candidate's name.
    pub name: &'static str,
    /// At the end of the window.
    pub resident_kib: u64,
    /// Threads at the end of the window.
    pub threads: u64,
    /// Microseconds on a processor per second.
    pub cpu_micros_per_s: f64,
    /// How often a second a thread was woken.
    pub wakes_per_s: f64,
}

/// Watches all candidates over the same window.
///
/// # Errors
///
/// When one of them has ended.
pub async fn watch(candidates: &[Candidate], window: Duration) -> Result<Vec<Idle>> {
    tokio::time::sleep(SETTLING).await;
    let watch = Stopwatch::start();
    let usage = |candidate: &Candidate| Usage::of(candidate.process());
    let before = candidates.iter().map(usage).collect::<Result<Vec<_>>>()?;
    tokio::time::sleep(window).await;
    let after = candidates.iter().map(usage).collect::<Result<Vec<_>>>()?;
    let time = watch.elapsed();
    let pairs = before.iter().zip(&after).zip(candidates);
    Ok(pairs
        .map(|((before, after), candidate)| Idle::between(candidate.name(), before, after, time))
        .collect())
}

impl Idle {
    fn between(name: &'static str, before: &Usage, after: &Usage, time: Duration) -> Self {
        let cpu = after.cpu.saturating_sub(before.cpu);
        let wakes = u32::try_from(after.wakes.saturating_sub(before.wakes)).unwrap_or(u32::MAX);
        Self {
            name,
            resident_kib: after.resident_kib,
            threads: after.threads,
            cpu_micros_per_s: cpu.as_secs_f64() * 1e6 / time.as_secs_f64(),
            wakes_per_s: f64::from(wakes) / time.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_differences_over_the_time() {
        let before = Usage { cpu: Duration::from_micros(500), wakes: 100, resident_kib: 9_000, threads: 3 };
        let after = Usage { cpu: Duration::from_micros(900), wakes: 112, resident_kib: 4_096, threads: 1 };
        let idle = Idle::between("x", &before, &after, Duration::from_secs(80));
        assert_eq!((idle.resident_kib, idle.threads), (4_096, 1));
        assert!((idle.cpu_micros_per_s - 5.0).abs() < 1e-9, "{idle:?}");
        assert!((idle.wakes_per_s - 0.15).abs() < 1e-9, "{idle:?}");
    }
}
