//! What the guard is in charge of, and how the agent tells it: by command line, so that it needs no configuration.

use crate::board::rppal::Pin;
use crate::config::BoardConfig;
use crate::control::{Drivetrain, Duty, Kinematics};
use clap::{Args, Subcommand};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The outputs that must be safe when the agent is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Those of the simulated board.
    Sim {
        /// What moves the vehicle, without power.
        drivetrain: Drivetrain,
        /// The trace to append to.
        trace: Option<PathBuf>,
        /// The file that holds the levels of the pins.
        levels: Option<PathBuf>,
    },
    /// Those of a Raspberry Pi's header.
    Rppal {
        /// The motor driver's enable line.
        enable: Option<Pin>,
        /// The brake.
        brake: Option<Pin>,
        /// Every pin of a motor.
        motors: Vec<Pin>,
    },
}

impl Charge {
    /// What can move the vehicle on a board.
    #[must_use]
    pub fn of(board: &BoardConfig, kinematics: Kinematics) -> Self {
        match board {
            BoardConfig::Sim { trace, levels } => {
                let (trace, levels) = (trace.clone(), levels.clone());
                Self::Sim { drivetrain: at_rest(kinematics), trace, levels }
            }
            BoardConfig::Rppal(wiring) => {
                let (enable, brake) = (wiring.enable, wiring.brake);
                Self::Rppal { enable, brake, motors: wiring.motor_pins() }
            }
        }
    }

    /// The command line of the guard in charge of this.
    #[must_use]
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = vec!["guard".into()];
        match self {
            Self::Sim { drivetrain, trace, levels } => {
                words.push("sim".into());
                words.extend(trace.iter().map(|file| flag("--trace=", file)));
                words.extend(levels.iter().map(|file| flag("--levels=", file)));
                if let Drivetrain::SteeringServo { .. } = drivetrain {
                    words.push("--steering-servo".into());
                }
            }
            Self::Rppal { enable, brake, motors } => {
                words.push("rppal".into());
                words.extend(enable.iter().map(|pin| flag("--enable=", pin.to_string())));
                words.extend(brake.iter().map(|pin| flag("--brake=", pin.to_string())));
                words.extend(motors.iter().map(|pin| flag("--motor=", pin.to_string())));
            }
        }
        words
    }
}

/// In one word, so that a value may begin as a flag does.
fn flag(name: &str, value: impl AsRef<OsStr>) -> OsString {
    let mut word = OsString::from(name);
    word.push(value);
    word
}

fn at_rest(kinematics: Kinematics) -> Drivetrain {
    match kinematics {
        Kinematics::SkidSteer { .. } => Drivetrain::SkidSteer { left: Duty::ZERO, right: Duty::ZERO },
        Kinematics::SteeringServo { .. } => {
            Drivetrain::SteeringServo { drive: Duty::ZERO, steer: Duty::ZERO }
        }
    }
}

/// The guard's command line.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ChargeLine {
    /// Guard the files of the simulated board.
    Sim(SimLine),
    /// Guard pins of a Raspberry Pi's header.
    Rppal(PinLine),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SimLine {
    /// Append to this trace.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Clear the levels in this file.
    #[arg(long, value_name = "FILE")]
    levels: Option<PathBuf>,
    /// The vehicle has one drive and a steered axle.
    #[arg(long)]
    steering_servo: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PinLine {
    /// The motor driver's enable line.
    #[arg(long, value_name = "GPIO[:low]")]
    enable: Option<Pin>,
    /// The brake.
    #[arg(long, value_name = "GPIO[:low]")]
    brake: Option<Pin>,
    /// A pin of a motor.
    #[arg(long, value_name = "GPIO[:low]")]
    motor: Vec<Pin>,
}

impl From<ChargeLine> for Charge {
    fn from(line: ChargeLine) -> Self {
        match line {
            ChargeLine::Sim(SimLine { trace, levels, steering_servo }) => {
                let drivetrain = if steering_servo {
                    Drivetrain::SteeringServo { drive: Duty::ZERO, steer: Duty::ZERO }
                } else {
                    Drivetrain::SkidSteer { left: Duty::ZERO, right: Duty::ZERO }
                };
                Self::Sim { drivetrain, trace, levels }
            }
            ChargeLine::Rppal(PinLine { enable, brake, motor }) => {
                Self::Rppal { enable, brake, motors: motor }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        charge: ChargeLine,
    }

    fn told(charge: &Charge) -> Charge {
        Line::try_parse_from(charge.arguments()).unwrap().charge.into()
    }

    #[test]
    fn the_guard_is_told_exactly_what_it_is_in_charge_of() {
        let skid = Drivetrain::SkidSteer { left: Duty::ZERO, right: Duty::ZERO };
        let servo = Drivetrain::SteeringServo { drive: Duty::ZERO, steer: Duty::ZERO };
        let pin = |gpio, active_low| Pin { gpio, active_low };
        for charge in [
            Charge::Sim { drivetrain: skid, trace: None, levels: None },
            Charge::Sim {
                drivetrain: servo,
                trace: Some("/a trace".into()),
                levels: Some("--levels=odd".into()),
            },
            Charge::Rppal { enable: None, brake: None, motors: vec![pin(12, false)] },
            Charge::Rppal {
                enable: Some(pin(22, false)),
                brake: Some(pin(5, true)),
                motors: vec![pin(12, false), pin(0, true)],
            },
        ] {
            assert_eq!(told(&charge), charge);
        }
    }
}
