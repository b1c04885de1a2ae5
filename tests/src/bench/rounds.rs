//! The interleaved run: small blocks of requests, the candidates in turns.

use std::time::Duration;

use anyhow::Result;
use rumqttc::QoS;

use crate::bench::candidate::Candidate;
use crate::bench::options::Plan;
use crate::bench::requester::Requester;
use crate::bench::sample::{Percentiles, Spread};
use crate::bench::usage::Usage;

/// In the order of the tables.
pub const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];

/// All that was measured of one candidate at one QoS.
#[derive(Debug, Clone)]
pub struct Series {
    /// The candidate's name.
    pub name: &'static str,
    /// The QoS of the commands.
    pub qos: QoS,
    /// Round trips by round.
    pub rounds: Vec<Vec<Duration>>,
    /// The candidate's time on a processor for all of them.
    pub cpu: Duration,
}

impl Series {
    /// Over all rounds; nothing without rounds.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        Percentiles::of(&self.rounds.concat())
    }

    /// Time on a processor for one command.
    #[must_use]
    pub fn cpu_per_command(&self) -> Duration {
        let commands: usize = self.rounds.iter().map(Vec::len).sum();
        u32::try_from(commands).ok().and_then(|commands| self.cpu.checked_div(commands)).unwrap_or_default()
    }

    /// How one percentile relates to that of another series, round by round.
    #[must_use]
    pub fn ratio(&self, other: &Self, percentile: impl Fn(Percentiles) -> Duration) -> Option<Spread> {
        let of = |trips: &Vec<Duration>| Percentiles::of(trips).map(&percentile);
        let pairs: Option<Vec<_>> =
            self.rounds.iter().zip(&other.rounds).map(|(own, other)| of(own).zip(of(other))).collect();
        Spread::of_ratios(&pairs?)
    }
}

/// Runs all blocks; the first round of all warms up and does not count.
///
/// # Errors
///
/// When a candidate does not answer as it should.
pub async fn run(plan: &Plan, requester: &mut Requester, candidates: &[Candidate]) -> Result<Vec<Series>> {
    let mut all: Vec<Series> = LEVELS
        .into_iter()
        .flat_map(|qos| candidates.iter().map(move |candidate| Series::new(candidate.name(), qos)))
        .collect();
    for round in 0..=plan.rounds {
        for qos in LEVELS {
            for candidate in in_turn(candidates, round) {
                let (trips, cpu) = block(plan, requester, candidate, qos).await?;
                let series = all.iter_mut().find(|series| series.is_of(candidate.name(), qos));
                if let Some(series) = series.filter(|_| round > 0) {
                    series.rounds.push(trips);
                    series.cpu = series.cpu.saturating_add(cpu);
                }
            }
        }
    }
    Ok(all)
}

impl Series {
    fn new(name: &'static str, qos: QoS) -> Self {
        Self { name, qos, rounds: Vec::new(), cpu: Duration::ZERO }
    }

    fn is_of(&self, name: &str, qos: QoS) -> bool {
        self.name == name && self.qos == qos
    }
}

/// Another one goes first in each round.
fn in_turn<T>(candidates: &[T], round: usize) -> impl Iterator<Item = &T> {
    let first = round.checked_rem(candidates.len()).unwrap_or(0);
    candidates.iter().cycle().skip(first).take(candidates.len())
}

/// Requests one after the other; the first few, which find caches of another process, do not count.
async fn block(
    plan: &Plan,
    requester: &mut Requester,
    candidate: &Candidate,
    qos: QoS,
) -> Result<(Vec<Duration>, Duration)> {
    for _ in 0..plan.requests.div_ceil(10) {
        requester.ask(candidate, qos).await?;
    }
    let before = Usage::of(candidate.process())?;
    let mut trips = Vec::with_capacity(plan.requests);
    for _ in 0..plan.requests {
        trips.push(requester.ask(candidate, qos).await?);
    }
    let after = Usage::of(candidate.process())?;
    Ok((trips, after.cpu.saturating_sub(before.cpu)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_goes_first_in_turn_and_nobody_is_left_out() {
        let order = |round| in_turn(&['a', 'b', 'c'], round).collect::<String>();
        assert_eq!([order(0), order(1), order(2), order(3)], ["abc", "bca", "cab", "abc"]);
    }

    #[test]
    fn time_on_a_processor_is_shared_out_among_all_commands() {
        let trips = vec![Duration::from_micros(1); 5];
        let rounds = vec![trips.clone(), trips];
        let series = Series { rounds, cpu: Duration::from_micros(220), ..Series::new("x", QoS::AtMostOnce) };
        assert_eq!(series.cpu_per_command(), Duration::from_micros(22));
        assert_eq!(Series::new("x", QoS::AtMostOnce).cpu_per_command(), Duration::ZERO);
    }
}
