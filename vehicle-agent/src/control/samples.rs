//! A vehicle for the tests of the core.

use crate::control::{Autonomy, Fittings, Kinematics, Limits, Sensors, Setup, Timing, Trust};
use std::time::Duration;
use vehicle_protocol::Epoch;

/// A small skid-steer vehicle that measures its motion.
pub(crate) fn setup() -> Setup {
    Setup {
        vehicle: "rover-1".parse().unwrap(),
        epoch: Epoch([7; 16]),
        board: "sim".to_owned(),
        kinematics: Kinematics::SkidSteer { track: 0.5 },
        limits: Limits {
            speed: 2.0,
            full_speed: 2.5,
            speed_step: 0.5,
            acceleration: 1.0,
            deceleration: 2.0,
            turn_rate: 90.0,
            turn_acceleration: 360.0,
            reverse_pause: Duration::from_millis(200),
        },
        timing: Timing {
            tick: Duration::from_millis(20),
            actuator_delay: Duration::from_millis(50),
            max_hold: Duration::from_millis(500),
            operator_timeout: Duration::from_secs(5),
            stall_timeout: Duration::from_secs(1),
            runaway_timeout: Duration::from_secs(3),
            autonomy_window: Duration::from_secs(15),
            control_lapse: Duration::from_secs(10),
            status_heartbeat: Duration::from_secs(60),
            telemetry_interval: Duration::from_millis(200),
        },
        autonomy: Autonomy {
            enabled: true,
            safe_place: Some((3.0, 4.0)),
            speed: 1.0,
            distance: 100.0,
            duration: Duration::from_secs(60),
        },
        fittings: Fittings {
            headlights: true,
            parking_lights: true,
            hazard_lights: true,
            horn: true,
            doors: true,
            odometry: false,
        },
        sensors: Sensors::default(),
        trust: Trust::default(),
        emergency_stopped: false,
    }
}
