//! What the demo does with a vehicle: every one of the sixteen commands, in an order that makes sense. Pure.

use std::collections::VecDeque;
use std::time::Duration;
use vehicle_protocol::{Command, Degrees, HornDuration, Mph};

/// Fastest speed of the tour in mph.
const TOP_MPH: f64 = 3.0;

/// One vehicle's tour.
#[derive(Clone, Debug)]
pub(super) struct Tour {
    random: fastrand::Rng,
    coming: VecDeque<Command>,
    closing: VecDeque<Command>,
    until: Duration,
}

impl Tour {
    /// The tour that `seed` stands for; what is left of the time up to `until` is filled with more of the same.
    pub(super) fn new(seed: u64, until: Duration) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let coming = opening(&mut random).into();
        let closing = [
            Command::Park,
            Command::TurnOffHeadlights,
            Command::TurnOffParkingLights,
            Command::TurnOffEngine,
        ];
        Self { random, coming, closing: closing.into(), until }
    }

    /// What comes next at `now`; nothing when the tour is over.
    pub(super) fn next(&mut self, now: Duration) -> Option<Command> {
        if self.coming.is_empty() && now < self.until {
            self.coming = more(&mut self.random).into();
        }
        self.coming.pop_front().or_else(|| self.closing.pop_front())
    }
}

fn opening(random: &mut fastrand::Rng) -> Vec<Command> {
    vec![
        Command::TurnOnEngine,
        Command::UnlockDoors,
        Command::LockDoors,
        Command::TurnOnHeadlights,
        Command::TurnOnParkingLights,
        Command::SetMaxSpeed(Mph::new(TOP_MPH)),
        Command::SetMinSpeed(Mph::new(1.0)),
        Command::Accelerate,
        Command::RotateRight(degrees(random, 40..80)),
        Command::Accelerate,
        Command::RotateLeft(degrees(random, 30..60)),
        Command::Brake,
        Command::ParkInSafePlace,
    ]
}

fn more(random: &mut fastrand::Rng) -> Vec<Command> {
    match random.u8(0..4) {
        0 => vec![Command::RotateLeft(degrees(random, 20..120))],
        1 => vec![Command::Accelerate, Command::RotateRight(degrees(random, 20..60)), Command::Brake],
        2 => {
            vec![Command::TurnOnHazardLights, Command::Horn(HornDuration(200)), Command::TurnOffHazardLights]
        }
        _ => vec![Command::TurnOffHeadlights, Command::TurnOnHeadlights],
    }
}

fn degrees(random: &mut fastrand::Rng, range: std::ops::Range<i64>) -> Degrees {
    Degrees::from_thousandths(random.i64(range).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use vehicle_protocol::CommandName;

    #[test]
    fn every_tour_has_all_sixteen_commands_and_ends_with_the_engine_off() {
        for seed in 0..50 {
            let mut tour = Tour::new(seed, Duration::from_secs(seed % 3));
            let mut now = Duration::ZERO;
            let mut names = Vec::new();
            while let Some(command) = tour.next(now) {
                names.push(command.name());
                now += Duration::from_millis(100);
            }
            let sixteen: HashSet<_> = CommandName::ALL.iter().copied().take(16).collect();
            let seen: HashSet<_> = names.iter().copied().collect();
            assert!(seen.is_superset(&sixteen), "{seed}: {names:?}");
            assert_eq!(names.last(), Some(&CommandName::TurnOffEngine));
        }
    }

    #[test]
    fn the_same_seed_is_the_same_tour() {
        let tour = |seed| {
            let mut tour = Tour::new(seed, Duration::from_secs(1));
            std::iter::from_fn(move || tour.next(Duration::ZERO)).take(40).collect::<Vec<_>>()
        };
        assert_eq!(tour(7), tour(7));
        assert_ne!(tour(7), tour(8));
    }
}
