//! Ticks, holds and timeouts.

use super::raw::RawTiming;
use crate::control::Timing;
use std::time::Duration;
use vehicle_protocol::MIN_HOLD_MS;
use vehicle_settings::{Field, Problems};

pub(super) fn timing(raw: RawTiming, problems: &mut Problems) -> Timing {
    Timing {
        tick: millis(raw.tick_ms.within(5..=100, "ms", problems), 20),
        actuator_delay: millis(raw.actuator_delay_ms.within(0..=1_000, "ms", problems), 50),
        max_hold: millis(raw.max_hold_ms.within(MIN_HOLD_MS..=5_000, "ms", problems), 500),
        operator_timeout: seconds(raw.operator_timeout_s.within(0.1..=60.0, "s", problems), 5.0),
        stall_timeout: seconds(raw.stall_timeout_s.within(0.2..=30.0, "s", problems), 1.0),
        runaway_timeout: seconds(raw.runaway_timeout_s.within(0.2..=60.0, "s", problems), 3.0),
        autonomy_window: seconds(raw.autonomy_window_s.within(0.1..=600.0, "s", problems), 15.0),
        control_lapse: seconds(raw.control_lapse_s.within(0.1..=3_600.0, "s", problems), 10.0),
        status_heartbeat: seconds(raw.status_heartbeat_s.within(1.0..=3_600.0, "s", problems), 60.0),
        telemetry_interval: millis(raw.telemetry_interval_ms.within(20..=60_000, "ms", problems), 200),
    }
}

fn millis(field: Field<u64>, default: u64) -> Duration {
    Duration::from_millis(field.or(default))
}

/// The ranges above keep what is converted finite and not negative.
pub(super) fn seconds(field: Field<f64>, default: f64) -> Duration {
    Duration::try_from_secs_f64(field.or(default)).unwrap_or_default()
}
