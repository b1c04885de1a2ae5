//! The results as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::bench::candidate::{BARE, COMPACT, SIGNED};
use crate::bench::idle::Idle;
use crate::bench::rounds::{LEVELS, Series};
use crate::bench::sample::{Percentiles, Spread};

/// The candidate that the others are measured against, and the others, as they stand in [`Series::name`].
const AGENT: &str = "vehicle-agent";
/// The agent that is asked in three ways.
const TRUST: [&str; 3] = [BARE, SIGNED, COMPACT];

/// Round trips and time on a processor, a row for each candidate and QoS.
#[must_use]
pub fn round_trips(all: &[Series]) -> String {
    let mut text = String::from(
        "| QoS | candidate | p50 µs | p95 µs | p99 µs | max µs | CPU µs per command |\n|---|---|--:|--:|--:|--:|--:|\n",
    );
    for series in all {
        let Some(Percentiles { p50, p95, p99, max }) = series.percentiles() else { continue };
        let [p50, p95, p99, max] = [p50, p95, p99, max].map(|time| micros(time, 0));
        let (qos, name, cpu) = (series.qos as u8, series.name, micros(series.cpu_per_command(), 1));
        let _ = writeln!(text, "| {qos} | {name} | {p50} | {p95} | {p99} | {max} | {cpu} |");
    }
    text
}

/// The agent's times over each echo's.
#[must_use]
pub fn ratios(all: &[Series]) -> String {
    let mut text = String::from("| QoS | agent over | p50 | p95 | p99 | CPU |\n|---|---|--:|--:|--:|--:|\n");
    for (agent, echo) in pairs(all, |name| name == AGENT, |name| name != AGENT && !TRUST.contains(&name)) {
        text.push_str(&ratio(echo.name, agent, echo));
    }
    text
}

/// What signatures cost: signed commands over bare ones to the same agent.
#[must_use]
pub fn trust(all: &[Series]) -> String {
    let mut text = String::from(
        "| QoS | over the same agent, bare JSON | p50 | p95 | p99 | CPU |\n|---|---|--:|--:|--:|--:|\n",
    );
    let is_signed = |name: &str| [SIGNED, COMPACT].contains(&name);
    for (signed, bare) in pairs(all, is_signed, |name| name == BARE) {
        text.push_str(&ratio(signed.name, signed, bare));
    }
    text
}

/// Each series of one kind with each of another at the same QoS.
fn pairs(
    all: &[Series],
    one: impl Fn(&str) -> bool,
    other: impl Fn(&str) -> bool,
) -> Vec<(&Series, &Series)> {
    let of = |qos, is: &dyn Fn(&str) -> bool| {
        all.iter().filter(|series| series.qos == qos && is(series.name)).collect::<Vec<_>>()
    };
    let level = |qos| {
        let (ones, others) = (of(qos, &one), of(qos, &other));
        ones.into_iter().flat_map(move |one| others.clone().into_iter().map(move |other| (one, other)))
    };
    LEVELS.into_iter().flat_map(level).collect()
}

fn ratio(name: &str, one: &Series, other: &Series) -> String {
    let spread = |percentile: fn(Percentiles) -> Duration| {
        one.ratio(other, percentile).map_or_else(String::new, shown)
    };
    let (p50, p95, p99) = (spread(|all| all.p50), spread(|all| all.p95), spread(|all| all.p99));
    let cpu = one.cpu.as_secs_f64() / other.cpu.as_secs_f64();
    format!("| {} | {name} | {p50} | {p95} | {p99} | {cpu:.2} |\n", one.qos as u8)
}

/// What the idle candidates used.
#[must_use]
pub fn idle(all: &[Idle]) -> String {
    let mut text =
        String::from("| idle | RSS MB | threads | CPU µs/s | wake-ups/s |\n|---|--:|--:|--:|--:|\n");
    for Idle { name, resident_kib, threads, cpu_micros_per_s, wakes_per_s } in all {
        let resident = megabytes(*resident_kib);
        let _ =
            writeln!(text, "| {name} | {resident} | {threads} | {cpu_micros_per_s:.1} | {wakes_per_s:.2} |");
    }
    text
}

fn shown(Spread { low, middle, high }: Spread) -> String {
    format!("{middle:.2} ({low:.2} to {high:.2})")
}

fn micros(time: Duration, digits: usize) -> String {
    format!("{:.digits$}", time.as_secs_f64() * 1e6)
}

fn megabytes(kib: u64) -> String {
    let bytes = kib.saturating_mul(1024);
    format!("{}.{}", bytes.div_euclid(1_000_000), bytes.rem_euclid(1_000_000).div_euclid(100_000))
}

#[cfg(test)]
mod tests {
    use rumqttc::QoS;

    use super::*;

    fn series(name: &'static str, trips: [u64; 2]) -> Series {
        let rounds = trips.map(|trip| vec![Duration::from_micros(trip); 10]).to_vec();
        Series { name, qos: QoS::AtLeastOnce, rounds, cpu: Duration::from_micros(400) }
    }

    #[test]
    fn rows_name_the_candidate_and_its_times() {
        let table = round_trips(&[series(AGENT, [110, 90])]);
        assert_eq!(table.lines().last(), Some("| 1 | vehicle-agent | 90 | 110 | 110 | 110 | 20.0 |"));
    }

    #[test]
    fn ratios_are_the_agents_over_the_echos() {
        let table = ratios(&[series(AGENT, [110, 90]), series("echo", [100, 100])]);
        let row = "| 1 | echo | 0.90 (0.90 to 1.10) | 0.90 (0.90 to 1.10) | 0.90 (0.90 to 1.10) | 1.00 |";
        assert_eq!(table.lines().last(), Some(row));
    }

    #[test]
    fn signed_commands_are_measured_against_bare_ones_to_the_same_agent() {
        let all = [series(AGENT, [50, 50]), series(BARE, [100, 100]), series(SIGNED, [103, 103])];
        let row = format!(
            "| 1 | {SIGNED} | 1.03 (1.03 to 1.03) | 1.03 (1.03 to 1.03) | 1.03 (1.03 to 1.03) | 1.00 |"
        );
        assert_eq!(trust(&all).lines().skip(2).collect::<Vec<_>>(), [row]);
        assert_eq!(ratios(&all).lines().count(), 2, "they are no echoes");
    }

    #[test]
    fn memory_is_told_in_decimal_megabytes() {
        let row =
            Idle { name: AGENT, resident_kib: 4_883, threads: 1, cpu_micros_per_s: 3.84, wakes_per_s: 0.066 };
        assert_eq!(idle(&[row]).lines().last(), Some("| vehicle-agent | 5.0 | 1 | 3.8 | 0.07 |"));
    }
}
