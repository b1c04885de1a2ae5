//! Safe outputs without an agent.

use super::Failure;
use crate::clock::Clock;
use crate::config::Config;
use crate::guard::GuardedOutputs;
use std::io::{Write, stderr};
use vehicle_settings::Layers;

/// Makes the outputs safe that can move the vehicle, even where something else in the configuration is wrong.
pub(super) fn make_safe(layers: Layers) -> Result<(), Failure> {
    let (board, problems) = match Config::resolve_board(layers) {
        Ok((board, kinematics, problems)) => (GuardedOutputs::of(&board, kinematics), problems),
        Err(problems) => {
            let _ = writeln!(stderr(), "no output was made safe, since the board is not known:");
            return Err(Failure::Configuration(problems));
        }
    };
    board.make_safe(Clock::start())?;
    if problems.is_empty() {
        return Ok(());
    }
    let _ = writeln!(stderr(), "the outputs are safe, but the agent will not start:");
    Err(Failure::Configuration(problems))
}
