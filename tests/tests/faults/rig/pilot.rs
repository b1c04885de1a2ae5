//! The hand on the stick or the keys: goes on whatever happens, until it is dropped.

use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::Operator;

/// 20 Hz.
const PACE: Duration = Duration::from_millis(50);

/// The hand; lets go without a word when dropped.
pub(crate) struct Pilot(JoinHandle<()>);

impl Pilot {
    /// Holds the stick, after it was released.
    pub(crate) fn with_stick(operator: &Operator, mph: f64, degrees_per_s: f64) -> Self {
        Self::every_turn(operator, move |operator, turn| {
            let (mph, degrees_per_s) = if turn < 2 { (0.0, 0.0) } else { (mph, degrees_per_s) };
            operator.setpoint(mph, degrees_per_s).map(drop)
        })
    }

    /// Accelerates with single commands, and goes on to be there.
    pub(crate) fn with_keys(operator: &Operator) -> Self {
        Self::every_turn(operator, |operator, turn| match turn {
            0 | 8 => operator.command("ACCELERATE").map(drop),
            _ if turn % 2 == 0 => operator.heartbeat().map(drop),
            _ => Ok(()),
        })
    }

    /// Tries to drive whoever else does, and at the given turn asks for control.
    pub(crate) fn contending(operator: &Operator, mph: f64, claims: u64) -> Self {
        Self::every_turn(operator, move |operator, turn| match turn {
            _ if turn == claims => operator.command("TAKE_CONTROL").map(drop),
            // Released now and then, as it must be before it counts for who has got control.
            _ if turn % 20 < 2 => operator.setpoint(0.0, 0.0).map(drop),
            _ => operator.setpoint(mph, 0.0).map(drop),
        })
    }

    fn every_turn(operator: &Operator, act: impl Fn(&Operator, u64) -> Result<()> + Send + 'static) -> Self {
        let operator = operator.clone();
        Self(tokio::spawn(async move {
            let mut ticks = interval(PACE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for turn in 0.. {
                ticks.tick().await;
                if act(&operator, turn).is_err() {
                    return;
                }
            }
        }))
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.0.abort();
    }
}
