//! The outputs that a guard makes safe, given on its command line, so that it needs no configuration.

use crate::board::{Channel, GpioBackendKind, Pin, Wire};
use crate::config::BoardConfig;
use crate::control::{Drivetrain, Kinematics};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::str::FromStr;

/// The outputs that must be safe when the agent is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardedOutputs {
    /// Those of the simulated board.
    Sim(SimFiles),
    /// Those of a real board.
    Wired(GpioLines),
}

/// The files of a simulated board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimFiles {
    /// The drivetrain, without power.
    pub drivetrain: Drivetrain,
    /// The trace to append to.
    pub trace: Option<PathBuf>,
    /// The file that holds the levels of the pins.
    pub levels: Option<PathBuf>,
}

/// The lines of a real board that can move the vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpioLines {
    /// The way to them.
    pub backend: GpioBackendKind,
    /// The motor driver's enable line.
    pub enable: Option<Pin>,
    /// The brake.
    pub brake: Option<Pin>,
    /// Every line of a motor.
    pub motors: Vec<Pin>,
    /// Every channel of PWM hardware that drives a motor.
    pub channels: Vec<Channel>,
}

impl GuardedOutputs {
    /// Lists the outputs of a board that can move the vehicle.
    #[must_use]
    pub fn of(board: &BoardConfig, kinematics: Kinematics) -> Self {
        match board {
            BoardConfig::Sim { trace, levels, .. } => {
                let drivetrain = Drivetrain::at_rest(kinematics);
                Self::Sim(SimFiles { drivetrain, trace: trace.clone(), levels: levels.clone() })
            }
            BoardConfig::Wired { backend, wiring } => {
                let (mut motors, mut channels) = (Vec::new(), Vec::new());
                for wire in wiring.motor_wires() {
                    match wire {
                        Wire::Pin(pin) => motors.push(pin),
                        Wire::Channel(channel) => channels.push(channel),
                    }
                }
                let (enable, brake) = (wiring.enable.clone(), wiring.brake.clone());
                Self::Wired(GpioLines { backend: *backend, enable, brake, motors, channels })
            }
        }
    }

    /// As one word of a command line.
    ///
    /// # Errors
    /// If a path is no text.
    pub(crate) fn word(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

impl FromStr for GuardedOutputs {
    type Err = serde_json::Error;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::{Bias, PinLocation};

    #[test]
    fn the_guard_is_told_exactly_what_it_is_in_charge_of() {
        let skid = Drivetrain::at_rest(Kinematics::SkidSteer { track: 0.5 });
        let servo = Drivetrain::at_rest(Kinematics::SteeringServo { wheelbase: 0.3, full_lock: 30.0 });
        let named = PinLocation::Named { line: "GPIO-A \"x\"".to_owned(), chip: Some("soc".to_owned()) };
        let numbered = PinLocation::Offset { chip: "44e07000.gpio".to_owned(), offset: 7 };
        let channel = Channel { chip: "20c000.pwm".to_owned(), channel: 1, inverted: true, gpio: Some(13) };
        let lines = |backend, enable, motors: &[Pin], channels: &[Channel]| {
            let (motors, channels) = (motors.to_vec(), channels.to_vec());
            GuardedOutputs::Wired(GpioLines { backend, enable, brake: Some(Pin::gpio(5)), motors, channels })
        };
        let low = Pin { active_low: true, bias: Some(Bias::PullUp), ..Pin::new(numbered) };
        for outputs in [
            GuardedOutputs::Sim(SimFiles { drivetrain: skid, trace: None, levels: None }),
            GuardedOutputs::Sim(SimFiles {
                drivetrain: servo,
                trace: Some("/a trace".into()),
                levels: Some("--levels=odd".into()),
            }),
            lines(GpioBackendKind::Rppal, None, &[Pin::gpio(12)], &[]),
            lines(GpioBackendKind::Gpiochip, Some(low), &[Pin::new(named), Pin::gpio(0)], &[channel]),
        ] {
            assert_eq!(outputs.word().unwrap().parse::<GuardedOutputs>().unwrap(), outputs);
        }
    }
}
