//! The configuration: what a person wrote, checked; every problem is found at once.

mod autonomy;
mod broker;
mod limits;
mod raw;
mod sensors;
mod state_dir;
mod timing;
mod trust;
mod wiring;

pub use limits::Budget;
pub use raw::BoardKind;

use crate::board::{BoardError, BoardLock, GpioBackendKind, Wiring};
use crate::control::{Autonomy, Fittings, Kinematics, Limits, Sensors, Setup, Timing, Trust};
use crate::sensors::SensorsConfig;
use raw::{Raw, RawBoard, RawSim, RawWiring};
use std::path::PathBuf;
use tracing_subscriber::filter::{LevelFilter, Targets};
use vehicle_link::Endpoint;
use vehicle_protocol::{Epoch, Root, VehicleId};
use vehicle_settings::{Layers, Origin, Problems};

/// The prefix of environment variables: `VEHICLE_AGENT__BROKER__URL` sets `broker.url`.
pub const ENVIRONMENT_PREFIX: &str = "VEHICLE_AGENT";

/// The whole configuration, with nothing left to check.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The vehicle's name.
    pub vehicle: VehicleId,
    /// The root of its topics.
    pub root: Root,
    /// The log filter, as `tracing` filters are written.
    pub log: String,
    /// Folder of what survives a restart.
    pub state_dir: PathBuf,
    /// The broker.
    pub endpoint: Endpoint,
    /// The board.
    pub board: BoardConfig,
    /// The way of steering.
    pub kinematics: Kinematics,
    /// The limits.
    pub limits: Limits,
    /// Ticks, holds and timeouts.
    pub timing: Timing,
    /// Room to stop in.
    pub budget: Budget,
    /// Bounds of autonomous driving.
    pub autonomy: Autonomy,
    /// Sensors besides motion.
    pub sensors: Sensors,
    /// Their sources.
    pub readers: SensorsConfig,
    /// Folder of the keys.
    pub keys_dir: PathBuf,
    /// The enrolled keys and the policy for unsigned senders.
    pub trust: Trust,
}

/// The board.
#[derive(Clone, Debug, PartialEq)]
pub enum BoardConfig {
    /// The simulated board and its files.
    Sim {
        /// The trace to append to.
        trace: Option<PathBuf>,
        /// The file that holds the levels of the pins.
        levels: Option<PathBuf>,
        /// Resolution of the encoders of its wheels, in metres; none measures perfectly.
        metres_per_pulse: Option<f64>,
    },
    /// A real board.
    Wired {
        /// The way to its lines.
        backend: GpioBackendKind,
        /// The wiring.
        wiring: Box<Wiring>,
    },
}

impl BoardConfig {
    /// The name of the back end.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sim { .. } => "sim",
            Self::Wired { backend, .. } => backend.name(),
        }
    }

    /// Claims it for whoever drives it; a simulated board that keeps no file is everybody's own.
    ///
    /// # Errors
    /// If another process drives it.
    pub fn lock(&self) -> Result<Option<BoardLock>, BoardError> {
        match self {
            Self::Wired { .. } => BoardLock::acquire(None).map(Some),
            Self::Sim { trace, levels, .. } => {
                levels.as_deref().or(trace.as_deref()).map(|file| BoardLock::acquire(Some(file))).transpose()
            }
        }
    }

    /// Fittings besides the motors.
    #[must_use]
    pub fn fittings(&self) -> Fittings {
        match self {
            Self::Sim { .. } => Fittings {
                headlights: true,
                parking_lights: true,
                hazard_lights: true,
                horn: true,
                doors: true,
                odometry: true,
            },
            Self::Wired { wiring, .. } => wiring.fittings(),
        }
    }
}

impl Config {
    /// Reads and checks all layers.
    ///
    /// # Errors
    /// Every problem, each with key, origin and next step.
    pub fn resolve(layers: Layers) -> Result<Self, Problems> {
        layers.resolve(|raw, problems| validated(raw, problems).1)
    }

    /// The board alone, with everything that is wrong elsewhere in the configuration.
    ///
    /// # Errors
    /// Every problem, if one of them is with the board itself.
    pub fn resolve_board(layers: Layers) -> Result<(BoardConfig, Kinematics, Problems), Problems> {
        let mut found = None;
        let problems = layers
            .resolve(|raw, problems| {
                let (board, config) = validated(raw, problems);
                found = board;
                config
            })
            .err()
            .unwrap_or_default();
        let of_board = |key: &str| key.starts_with("board") || key.starts_with("wiring");
        match found {
            Some((board, kinematics)) if !problems.iter().any(|problem| of_board(&problem.key)) => {
                Ok((board, kinematics, problems))
            }
            _ => Err(problems),
        }
    }

    /// The setup of the core.
    #[must_use]
    pub fn setup(&self, epoch: Epoch, emergency_stopped: bool) -> Setup {
        Setup {
            vehicle: self.vehicle.clone(),
            epoch,
            board: self.board.name().to_owned(),
            kinematics: self.kinematics,
            limits: self.limits,
            timing: self.timing,
            autonomy: self.autonomy,
            fittings: self.board.fittings(),
            sensors: self.sensors.clone(),
            trust: self.trust.clone(),
            emergency_stopped,
        }
    }
}

/// The configuration, and its board even where something else is wrong.
fn validated(raw: Raw, problems: &mut Problems) -> (Option<(BoardConfig, Kinematics)>, Option<Config>) {
    let name = raw.vehicle.convert(|name| name.parse(), "choose another name, such as \"rover-1\"", problems);
    let vehicle: Option<VehicleId> = name.required("the vehicle's name, such as \"rover-1\"", problems);
    let root = raw.root.convert(|root| root.parse(), "choose another, such as \"vehicles\"", problems);
    let log = raw.log.convert(log_filter, "write off, error, warn, info, debug or trace", problems);
    let endpoint = broker::endpoint(raw.broker, problems);
    let timing = timing::timing(raw.timing, problems);
    let kinematics = limits::kinematics(&raw.drivetrain, problems);
    let (limits, budget) = limits::limits(raw.limits, raw.drivetrain, raw.budget, timing, problems);
    let kind = raw.board.kind.clone().or(BoardKind::Sim);
    let autonomy = autonomy::autonomy(raw.autonomy, kind, limits, problems);
    let board = board(&raw.board, raw.sim, raw.wiring, kinematics, limits.full_speed, problems);
    let (sensors, readers) = sensors::sensors(raw.sensors, problems);
    let known = board.clone().map(|board| (board, kinematics));
    let config = || {
        let vehicle = vehicle?;
        let own_folder = || state_dir::default(&vehicle, |name| std::env::var_os(name));
        let state_dir = raw.state_dir.optional().unwrap_or_else(own_folder);
        let (keys_dir, trust) = trust::trust(raw.trust, &vehicle, &state_dir, problems);
        Some(Config {
            state_dir,
            keys_dir,
            trust,
            vehicle,
            root: root.or(Root::default()),
            log: log.or("info".to_owned()),
            endpoint: endpoint?,
            board: board?,
            kinematics,
            limits,
            timing,
            budget,
            autonomy,
            sensors,
            readers,
        })
    };
    (known, config())
}

fn board(
    raw: &RawBoard,
    sim: RawSim,
    wiring: RawWiring,
    kinematics: Kinematics,
    full_speed: f64,
    problems: &mut Problems,
) -> Option<BoardConfig> {
    let backend = match raw.kind.clone().or(BoardKind::Sim) {
        BoardKind::Sim => {
            let metres_per_pulse = wiring::metres_per_pulse(sim.metres_per_pulse, problems).optional();
            let (trace, levels) = (sim.trace.optional(), sim.levels.optional());
            return Some(BoardConfig::Sim { trace, levels, metres_per_pulse });
        }
        BoardKind::Rppal => GpioBackendKind::Rppal,
        BoardKind::Gpiochip => GpioBackendKind::Gpiochip,
    };
    let trace = sim.trace.spot();
    if matches!(trace.origin, Some(Origin::Flag(_))) {
        problems.refuse(&trace, "only the simulated board writes a trace", "leave it out");
    }
    let wiring = wiring::wiring(wiring, backend, kinematics, full_speed, problems)?;
    Some(BoardConfig::Wired { backend, wiring: Box::new(wiring) })
}

/// Checks levels such as `info,rumqttc=debug`; a bare word must be a level, for a slip would otherwise silence everything.
fn log_filter(filter: String) -> Result<String, String> {
    let bare = |part: &&str| !part.contains('=');
    if let Some(word) =
        filter.split(',').map(str::trim).filter(bare).find(|word| word.parse::<LevelFilter>().is_err())
    {
        return Err(format!("invalid log level {word:?}"));
    }
    filter.parse::<Targets>().map_err(|error| error.to_string()).map(|_| filter)
}

#[cfg(test)]
mod tests;
