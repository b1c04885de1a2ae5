//! The wiring as a drawing of a Raspberry Pi's header, or as a table.

use crate::board::{Pin, PinLocation, Wire};
use crate::config::BoardConfig;
use std::fmt::Write;

/// The pins of a Raspberry Pi's header, row by row from 1 to 40.
const HEADER: [[Contact; 2]; 20] = {
    use Contact::{Five, Gpio, Ground, Three};
    [
        [Three, Five],
        [Gpio(2), Five],
        [Gpio(3), Ground],
        [Gpio(4), Gpio(14)],
        [Ground, Gpio(15)],
        [Gpio(17), Gpio(18)],
        [Gpio(27), Ground],
        [Gpio(22), Gpio(23)],
        [Three, Gpio(24)],
        [Gpio(10), Ground],
        [Gpio(9), Gpio(25)],
        [Gpio(11), Gpio(8)],
        [Ground, Gpio(7)],
        [Gpio(0), Gpio(1)],
        [Gpio(5), Ground],
        [Gpio(6), Gpio(12)],
        [Gpio(13), Ground],
        [Gpio(19), Gpio(16)],
        [Gpio(26), Gpio(20)],
        [Ground, Gpio(21)],
    ]
};

#[derive(Clone, Copy)]
enum Contact {
    Three,
    Five,
    Ground,
    Gpio(u8),
}

pub(super) fn drawing(board: &BoardConfig) -> String {
    let BoardConfig::Wired { wiring, .. } = board else {
        return "the simulated board has no pins\n".to_owned();
    };
    let wires = wiring.wires();
    let gpios: Option<Vec<(u8, String)>> = wires.iter().map(|(name, wire)| on_header(name, wire)).collect();
    gpios.map_or_else(|| table(&wires), |gpios| header(&gpios))
}

/// The GPIO of a Raspberry Pi's header with what is wired to it.
fn on_header(name: &str, wire: &Wire) -> Option<(u8, String)> {
    match wire {
        Wire::Pin(Pin { location: PinLocation::Gpio(gpio), active_low, .. }) => {
            Some((*gpio, if *active_low { format!("{name} (low)") } else { name.to_owned() }))
        }
        Wire::Channel(channel) => {
            Some((channel.gpio?, format!("{name} (PWM{}{})", channel.channel, low(channel.inverted))))
        }
        Wire::Pin(_) => None,
    }
}

const fn low(active_low: bool) -> &'static str {
    if active_low { ", low" } else { "" }
}

fn header(gpios: &[(u8, String)]) -> String {
    let mut text =
        "A Raspberry Pi's header from above; pin 1 is at the end of the board with the card.\n\n".to_owned();
    let numbers = (1..).step_by(2).zip((2..).step_by(2));
    for (row, (odd, even)) in HEADER.iter().zip(numbers) {
        let [(left, what), (right, other)] = row.map(|contact| described(contact, gpios));
        // Writing to a text can't fail.
        let line = format!("{what:>26}  {left:>7}  ({odd:>2}) ({even:>2})  {right:<7}  {other}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn described(contact: Contact, gpios: &[(u8, String)]) -> (String, &str) {
    match contact {
        Contact::Three => ("3.3 V".to_owned(), ""),
        Contact::Five => ("5 V".to_owned(), ""),
        Contact::Ground => ("ground".to_owned(), ""),
        Contact::Gpio(number) => {
            let wired = gpios.iter().find(|(gpio, _)| *gpio == number);
            (format!("GPIO {number}"), wired.map_or("", |(_, what)| what))
        }
    }
}

fn table(wires: &[(&str, Wire)]) -> String {
    let mut text = String::new();
    for (name, wire) in wires {
        let inverted = match wire {
            Wire::Pin(pin) => pin.active_low,
            Wire::Channel(channel) => channel.inverted,
        };
        let _ = writeln!(text, "{name:<18} {wire}{}", low(inverted));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use vehicle_settings::Layers;

    fn drawn(text: &str) -> String {
        let layers = Layers::new().text("agent.toml", text);
        drawing(&Config::resolve_board(layers).unwrap_or_else(|problems| panic!("{problems}")).0)
    }

    #[test]
    fn a_header_shows_each_pin_and_what_is_on_it() {
        let text = drawn(
            "board.kind = 'gpiochip'\n[wiring]\nenable = { gpio = 8, active_low = true }\n\
             emergency_stop.gpio = 4\n\
             left = { pwm = { gpio = 12, hardware = true }, direction.gpio = 16 }\n\
             right = { pwm.gpio = 27, direction.gpio = 21 }\n",
        );
        let row = |number: &str| text.lines().find(|line| line.contains(number)).unwrap().trim_start();
        assert_eq!(text.lines().filter(|line| line.contains(") (")).count(), 20);
        assert_eq!(row("( 1)"), "3.3 V  ( 1) ( 2)  5 V");
        assert_eq!(row("( 7)"), "emergency_stop   GPIO 4  ( 7) ( 8)  GPIO 14");
        assert_eq!(row("(13)"), "right.pwm  GPIO 27  (13) (14)  ground");
        assert_eq!(row("(23)"), "GPIO 11  (23) (24)  GPIO 8   enable (low)");
        assert_eq!(row("(31)"), "GPIO 6  (31) (32)  GPIO 12  left.pwm (PWM0)");
        assert_eq!(row("(35)"), "GPIO 19  (35) (36)  GPIO 16  left.direction");
        assert_eq!(row("(39)"), "ground  (39) (40)  GPIO 21  right.direction");
        let mut gpios: Vec<u8> = HEADER
            .iter()
            .flatten()
            .filter_map(|pin| if let Contact::Gpio(gpio) = pin { Some(*gpio) } else { None })
            .collect();
        gpios.sort_unstable();
        assert_eq!(gpios, (0..=27).collect::<Vec<u8>>());
    }

    #[test]
    fn lines_of_another_board_are_a_table() {
        let text = drawn(
            "board.kind = 'gpiochip'\ndrivetrain.kind = 'steering_servo'\n[wiring]\n\
             enable = { line = 'GPIO-A', active_low = true }\n\
             drive = { esc = { pwmchip = '48302200.pwm', channel = 0 }, metres_per_pulse = 0.01, \
             encoder_a.line = 'A', encoder_b = { line = 'B', active_low = true } }\n\
             steering = { servo = { chip = 'gpio-0-31', offset = 7 } }\n",
        );
        let expected = "drive.esc          channel 0 of PWM 48302200.pwm\n\
                        steering.servo     line 7 of gpio-0-31\n\
                        enable             line \"GPIO-A\", low\n\
                        drive.encoder_a    line \"A\"\n\
                        drive.encoder_b    line \"B\", low\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_simulated_board_has_no_pins() {
        assert_eq!(drawn(""), "the simulated board has no pins\n");
    }
}
