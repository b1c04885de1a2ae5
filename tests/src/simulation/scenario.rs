//! What goes wrong in a run, drawn from its seed.

use std::time::Duration;

use fastrand::Rng;
use vehicle_agent::board::sim::SimEncoders;
use vehicle_agent::control::Moment;

/// Until when operators act; what comes after shows that all comes to rest.
pub(super) const ACTION: Duration = Duration::from_secs(6);
/// Until when the vehicle is watched: the last message comes 16 s after the beginning at the latest, and what it begins has
/// ended 4 s later.
pub(super) const END: Duration = Duration::from_secs(20);

/// One run, before it begins.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Shortest and longest time that a message takes.
    pub delay: (Duration, Duration),
    /// Whether messages overtake each other.
    pub reorders: bool,
    /// How many of a hundred messages come twice.
    pub doubled: u8,
    /// How many of a hundred messages at QoS 0 never come.
    pub dropped: u8,
    /// Whether the broker keeps for the vehicle what comes while it is away.
    pub keeps: bool,
    /// How many operators there are.
    pub operators: usize,
    /// For how long discrete motion goes on without a word.
    pub operator_timeout: Duration,
    /// What happens, and when.
    pub misfortunes: Vec<(Duration, Misfortune)>,
}

/// Wheels that are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wheels {
    pub(super) encoders: SimEncoders,
    /// What the motors give of the speed that is configured.
    pub(super) power: f64,
}

impl Wheels {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let mut missed = || match rng.u8(0..6) {
            0..=2 => 0.0,
            3 | 4 => 0.5 * rng.f64(),
            _ => 1.0,
        };
        let missed = (missed(), missed());
        let encoders = SimEncoders {
            metres_per_pulse: 0.001 + 0.04 * rng.f64(),
            missed,
            noise: *rng.choice(&[0.0, 0.0, 0.01, 0.05]).unwrap_or(&0.0),
            dies: (rng.u8(0..4) == 0).then(|| Moment::new(millis(rng, 0, 6_000))),
            seed: rng.u64(..),
        };
        Self { encoders, power: 0.6 + 0.6 * rng.f64() }
    }
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Misfortune {
    /// An operator's program ends, and may be started again.
    Dies(Option<Duration>),
    /// An operator's program stands still, then goes on as if nothing had been.
    Freezes(Duration),
    /// What an operator sends is held back, then comes at once.
    CutsOperator(Duration),
    /// What the broker sends is held back, without a word to either side.
    CutsVehicle(Duration),
    /// The vehicle's connection is reset.
    Resets(Duration),
    /// The agent is killed and started again.
    Kills(Duration),
    /// The machine is suspended: a new epoch begins.
    Suspends,
    /// The agent's loop stands still.
    Stalls(Duration),
    /// A command is published with the retain flag.
    Retains,
}

impl Scenario {
    /// Draws a scenario.
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        let longest = match rng.u8(0..10) {
            0..=5 => 20,
            6..=7 => 300,
            8 => 2_000,
            _ => 10_000,
        };
        let mut misfortunes: Vec<_> =
            (0..rng.usize(0..5)).map(|_| (millis(rng, 500, 5_500), Misfortune::draw(rng))).collect();
        misfortunes.sort_by_key(|(at, _)| *at);
        Self {
            delay: (Duration::from_millis(1), millis(rng, 2, longest)),
            reorders: rng.bool(),
            doubled: *rng.choice(&[0, 0, 5, 30]).unwrap_or(&0),
            dropped: *rng.choice(&[0, 0, 2, 30]).unwrap_or(&0),
            keeps: rng.bool(),
            operators: rng.usize(1..3),
            operator_timeout: millis(rng, 300, 1_500),
            misfortunes,
        }
    }
}

impl Misfortune {
    fn draw(rng: &mut Rng) -> Self {
        match rng.u8(0..10) {
            0 => Self::Dies(rng.bool().then(|| millis(rng, 100, 2_000))),
            1 => Self::Freezes(millis(rng, 50, 3_000)),
            2 => Self::CutsOperator(millis(rng, 50, 3_000)),
            3 | 4 => Self::CutsVehicle(millis(rng, 50, 5_000)),
            5 => Self::Resets(millis(rng, 20, 2_000)),
            6 => Self::Kills(millis(rng, 200, 1_500)),
            7 => Self::Suspends,
            8 => Self::Stalls(millis(rng, 1, 60)),
            _ => Self::Retains,
        }
    }
}

pub(super) fn millis(rng: &mut Rng, least: u64, most: u64) -> Duration {
    Duration::from_micros(rng.u64(least.saturating_mul(1_000)..=most.max(least).saturating_mul(1_000)))
}
