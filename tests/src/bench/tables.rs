//! The results as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::bench::idle::Idle;
use crate::bench::rounds::{LEVELS, Series};
use crate::bench::sample::{Percentiles, Spread};

/// The candidate that the others are measured against, and the others, as they stand in [`Series::name`].
const AGENT: &str = "vehicle-agent";

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
    for qos in LEVELS {
        let of_level = || all.iter().filter(move |series| series.qos == qos);
        let Some(agent) = of_level().find(|series| series.name == AGENT) else { continue };
        for echo in of_level().filter(|series| series.name != AGENT) {
            let spread = |percentile: fn(Percentiles) -> Duration| {
                agent.ratio(echo, percentile).map_or_else(String::new, shown)
            };
            let (p50, p95, p99) = (spread(|all| all.p50), spread(|all| all.p95), spread(|all| all.p99));
            let cpu = agent.cpu.as_secs_f64() / echo.cpu.as_secs_f64();
            let _ = writeln!(text, "| {} | {} | {p50} | {p95} | {p99} | {cpu:.2} |", qos as u8, echo.name);
        }
    }
    text
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
    fn memory_is_told_in_decimal_megabytes() {
        let row =
            Idle { name: AGENT, resident_kib: 4_883, threads: 1, cpu_micros_per_s: 3.84, wakes_per_s: 0.066 };
        assert_eq!(idle(&[row]).lines().last(), Some("| vehicle-agent | 5.0 | 1 | 3.8 | 0.07 |"));
    }
}
