//! In which order pins change: power off first, brake on, directions, power on last.

use super::wiring::{Line, MotorLine, Signal};

/// The place of a change of `line` to `signal` among the changes of one step; lower comes first.
#[must_use]
pub(super) const fn place(line: Line, signal: Signal) -> u8 {
    match (line, signal) {
        (Line::Enable, Signal::Off) => 0,
        (Line::Brake, Signal::On | Signal::Pulsed(_)) => 1,
        (Line::Left(MotorLine::Pwm) | Line::Right(MotorLine::Pwm), Signal::Off) => 2,
        (
            Line::Left(MotorLine::Forward | MotorLine::Backward)
            | Line::Right(MotorLine::Forward | MotorLine::Backward),
            Signal::Off,
        ) => 3,
        (Line::Left(MotorLine::Direction) | Line::Right(MotorLine::Direction), _) => 4,
        (Line::Headlights | Line::ParkingLights | Line::HazardLights | Line::Horn | Line::Doors, _) => 5,
        (Line::Brake, Signal::Off) => 6,
        (Line::Left(_) | Line::Right(_), Signal::On | Signal::Pulsed(_)) => 7,
        (Line::Enable, Signal::On | Signal::Pulsed(_)) => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_cuts_the_enable_line_first_and_a_start_sets_it_last() {
        let motors = [MotorLine::Pwm, MotorLine::Direction, MotorLine::Forward, MotorLine::Backward];
        let others = motors.into_iter().flat_map(|line| [Line::Left(line), Line::Right(line)]);
        for line in others.chain([Line::Brake, Line::Headlights, Line::Doors]) {
            for signal in [Signal::Off, Signal::On, Signal::Pulsed(500)] {
                assert!(place(Line::Enable, Signal::Off) < place(line, signal), "{line:?} {signal:?}");
                assert!(place(Line::Enable, Signal::On) > place(line, signal), "{line:?} {signal:?}");
            }
        }
    }

    #[test]
    fn a_half_of_a_bridge_goes_off_before_the_direction_and_power_change() {
        let off = place(Line::Left(MotorLine::Forward), Signal::Off);
        let turned = place(Line::Left(MotorLine::Direction), Signal::On);
        let on = place(Line::Left(MotorLine::Backward), Signal::Pulsed(10));
        assert!(place(Line::Left(MotorLine::Pwm), Signal::Off) < off && off < turned && turned < on);
    }

    #[test]
    fn a_brake_bites_before_and_lets_go_after_the_lights() {
        let lights = place(Line::Headlights, Signal::On);
        assert!(place(Line::Brake, Signal::On) < lights && lights < place(Line::Brake, Signal::Off));
    }
}
