//! In which order lines change: power off first, brake on, directions, power on last.

use super::{Line, MotorLine, Signal};

/// The order in which a controller of motors cuts their power: after enable is off and the brake on, before all else.
pub(in crate::board) const CUT_ORDER: u8 = 2;
/// The order in which a controller of motors gives them power: last but for enable.
pub(in crate::board) const DRIVE_ORDER: u8 = 8;

/// Gives the order of a change of `line` to `signal` among the changes of one step; lower comes first.
#[must_use]
pub(in crate::board) const fn change_order(line: Line, signal: Signal) -> u8 {
    match (line, signal) {
        (Line::Enable, Signal::Off) => 0,
        (Line::Brake, Signal::On | Signal::Pulsed(_) | Signal::Servo(_) | Signal::Once(_)) => 1,
        (Line::Motor(_, MotorLine::Pwm), Signal::Off) => CUT_ORDER,
        (Line::Motor(_, MotorLine::Forward | MotorLine::Backward), Signal::Off) => 3,
        (Line::Motor(_, MotorLine::Direction), _) => 4,
        // Both relays of a lock are never on: one goes off before the other goes on.
        (Line::Doors(_), Signal::Off) => 5,
        (
            Line::Headlights
            | Line::ParkingLights
            | Line::HazardLights
            | Line::Horn
            | Line::Doors(_)
            | Line::Steering,
            _,
        ) => 6,
        (Line::Brake, Signal::Off) => 7,
        // Of a speed controller only it itself knows which pulse is power.
        (Line::Motor(..), _) => DRIVE_ORDER,
        (Line::Enable, Signal::On | Signal::Pulsed(_) | Signal::Servo(_) | Signal::Once(_)) => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DoorLine, Side};
    use super::*;
    use std::time::Duration;

    const LEFT: Side = Side::Left;
    const SIGNALS: [Signal; 5] = [
        Signal::Off,
        Signal::On,
        Signal::Pulsed(500),
        Signal::Servo(1500),
        Signal::Once(Duration::from_millis(1)),
    ];

    #[test]
    fn a_stop_cuts_the_enable_line_first_and_a_start_sets_it_last() {
        use MotorLine::{Backward, Direction, Esc, Forward, Pwm};
        let motors = [Pwm, Direction, Forward, Backward, Esc].map(|part| Line::Motor(LEFT, part));
        let others = [Line::Brake, Line::Headlights, Line::Steering, Line::Doors(DoorLine::Servo)];
        for line in motors.into_iter().chain(others) {
            for signal in SIGNALS {
                assert!(
                    change_order(Line::Enable, Signal::Off) < change_order(line, signal),
                    "{line:?} {signal:?}"
                );
                assert!(
                    change_order(Line::Enable, Signal::On) > change_order(line, signal),
                    "{line:?} {signal:?}"
                );
            }
        }
    }

    #[test]
    fn a_half_of_a_bridge_goes_off_before_the_direction_and_power_change() {
        let off = change_order(Line::Motor(LEFT, MotorLine::Forward), Signal::Off);
        let turned = change_order(Line::Motor(LEFT, MotorLine::Direction), Signal::On);
        let on = change_order(Line::Motor(LEFT, MotorLine::Backward), Signal::Pulsed(10));
        assert!(
            change_order(Line::Motor(LEFT, MotorLine::Pwm), Signal::Off) < off && off < turned && turned < on
        );
    }

    #[test]
    fn a_brake_bites_before_and_lets_go_after_the_lights() {
        let lights = change_order(Line::Headlights, Signal::On);
        assert!(
            change_order(Line::Brake, Signal::On) < lights && lights < change_order(Line::Brake, Signal::Off)
        );
    }

    #[test]
    fn one_relay_of_a_lock_goes_off_before_the_other_goes_on() {
        let on = Signal::Once(Duration::from_millis(300));
        for (off, next) in [(DoorLine::Lock, DoorLine::Unlock), (DoorLine::Unlock, DoorLine::Lock)] {
            assert!(change_order(Line::Doors(off), Signal::Off) < change_order(Line::Doors(next), on));
        }
    }
}
