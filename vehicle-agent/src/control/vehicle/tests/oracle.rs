//! What must hold in every step of every test.

use crate::control::{Drivetrain, Effects, Kinematics, Moment, Vehicle};
use std::time::Duration;
use vehicle_protocol::Mode;

/// Duties are in thousandths: so much of full scale two of them may be off together.
const ROUNDING: f64 = 0.002;

/// Watches speeds, and since when the motors have rested.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    at: Moment,
    speed: f64,
    direction: f64,
    resting: Option<Moment>,
}

impl Oracle {
    pub(crate) fn judge(&mut self, now: Moment, vehicle: &Vehicle, effects: &Effects) {
        modes_allow(vehicle, effects);
        let limits = &vehicle.setup.limits;
        let (speed, rounding) = (speed(vehicle, effects), ROUNDING * limits.full_speed);
        assert!(speed.abs() <= limits.speed + rounding, "{speed} m/s");
        let seconds = now.since(self.at).min(Duration::from_millis(100)).as_secs_f64();
        let gathered = speed.abs() - self.speed.abs();
        assert!(gathered <= limits.acceleration * seconds + rounding, "{gathered} m/s in {seconds} s");
        let lost = -gathered;
        let most = limits.deceleration * now.since(self.at).as_secs_f64() + rounding;
        // What encoders have added ends at once when the vehicle is to stop.
        let may_end = !effects.outputs.enable || vehicle.motion.has_encoders();
        assert!(lost <= most || may_end, "{lost} m/s in {:?}", now.since(self.at));
        self.judge_direction(now, speed, limits.reverse_pause);
        (self.at, self.speed) = (now, speed);
    }

    fn judge_direction(&mut self, now: Moment, speed: f64, pause: Duration) {
        if speed == 0.0 {
            self.resting.get_or_insert(now);
            return;
        }
        let rested = self.resting.take().map_or(Duration::ZERO, |since| now.since(since));
        // A step begins to count when the outputs are there, one tick after it was decided at the latest.
        let reverses = speed.signum() * self.direction < 0.0;
        assert!(!reverses || rested + Duration::from_millis(20) >= pause, "reversed after {rested:?}");
        self.direction = speed.signum();
    }
}

/// Only some modes give power, and none without the enable line.
fn modes_allow(vehicle: &Vehicle, effects: &Effects) {
    let (outputs, mode) = (&effects.outputs, vehicle.mode.word());
    let may_power = match mode {
        Mode::Off | Mode::Standing | Mode::EmergencyStop => false,
        Mode::Driving | Mode::Braking | Mode::Autonomous => true,
        Mode::Failsafe => outputs.enable,
    };
    assert!(!outputs.drivetrain.is_powered() || (may_power && outputs.enable), "{mode:?} {outputs:?}");
    let driven = matches!(mode, Mode::Driving | Mode::Autonomous);
    assert_eq!(driven, vehicle.mode.lease().is_some(), "motion has a lease");
    assert!(
        outputs.brake || !matches!(mode, Mode::Braking | Mode::Failsafe | Mode::EmergencyStop),
        "{mode:?}"
    );
    assert_eq!(effects.armed, outputs.enable);
    assert!(
        mode != Mode::EmergencyStop
            || (!outputs.enable && outputs.hazard_lights == vehicle.setup.fittings.hazard_lights)
    );
}

/// The speed in m/s that the outputs ask for.
fn speed(vehicle: &Vehicle, effects: &Effects) -> f64 {
    let share = match (effects.outputs.drivetrain, vehicle.setup.kinematics) {
        (Drivetrain::SkidSteer { left, right }, Kinematics::SkidSteer { .. }) => {
            let middle = f64::midpoint(left.share(), right.share());
            // Turning on the spot, the two sides may be rounded to duties that differ by one thousandth.
            if middle.abs() <= 0.000_6 { 0.0 } else { middle }
        }
        (Drivetrain::SteeringServo { drive, .. }, Kinematics::SteeringServo { .. }) => drive.share(),
        other => panic!("not its own drivetrain: {other:?}"),
    };
    share * vehicle.setup.limits.full_speed
}
