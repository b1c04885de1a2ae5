//! What may be wired to a real board, and what not.

use super::*;
use vehicle_protocol::Doors;

fn wired(text: &str) -> Wiring {
    let BoardConfig::Wired { wiring, .. } = config(text).board else { panic!("no board") };
    *wiring
}

/// What is refused when a piece of a good configuration is another.
fn refused(from: &str, to: &str) -> Vec<String> {
    assert!(WIRED.contains(from), "{from}");
    problems(&WIRED.replace(from, to))
}

#[track_caller]
fn is_refused(from: &str, to: &str, said: &str) {
    let found = refused(from, to);
    assert!(found.len() == 1 && found[0].contains(said), "{to}: {found:#?}");
}

const STEERED: &str = r#"
drivetrain.kind = "steering_servo"
board.kind = "gpiochip"
[wiring]
no_enable_line = true
drive = { esc = { line = "PWM 1" }, backward_us = 1900, forward_us = 1100 }
steering = { servo = { pwmchip = "48302200.pwm", channel = 1 } }
doors = { lock = { chip = "gpio-0-31", offset = 7 }, unlock = { chip = "gpio-0-31", offset = 8 }, pulse_ms = 500 }
emergency_stop = { line = "STOP" }
"#;

#[test]
fn wired_pins_are_found_again_and_real_boards_do_not_drive_themselves() {
    let config = config(WIRED);
    assert_eq!((config.autonomy.enabled, config.autonomy.safe_place), (false, None));
    let wiring = wired(WIRED);
    let wire = |gpio| Wire::Pin(Pin::gpio(gpio));
    let left = Motor::PwmDirection { pwm: wire(12), direction: Pin::gpio(16) };
    let right = Motor::Halves { forward: wire(13), backward: wire(19) };
    assert_eq!(wiring.drive, Drive::SkidSteer { left, right });
    assert_eq!((wiring.enable, wiring.horn), (Some(Pin::gpio(22)), None));
    assert_eq!(wiring.pwm_period, Duration::from_millis(10));
    assert_eq!(wired(&WIRED.replace("rppal", "gpiochip")), wired(WIRED), "both real boards read the same");
}

#[test]
fn a_safe_place_of_a_real_board_is_only_what_a_command_gives_in_this_boot() {
    let text = "[autonomy]\nenabled = true\nsafe_place_x_m = 1.0\nsafe_place_y_m = 2.0\n[wiring]";
    let found = refused("[wiring]", text);
    assert!(found.len() == 2 && found[0].contains("SET_SAFE_PLACE there in each boot"), "{found:#?}");
    let config = config(&WIRED.replace("[wiring]", "[autonomy]\nenabled = true\n[wiring]"));
    assert_eq!((config.autonomy.enabled, config.autonomy.safe_place), (true, None));
}

#[test]
fn a_steered_vehicle_with_a_speed_controller_and_relays_is_wired_by_names() {
    let wiring = wired(STEERED);
    let Drive::SteeringServo { motor: Motor::Esc(esc), steering } = wiring.drive else {
        panic!("{wiring:?}")
    };
    assert_eq!((esc.least, esc.centre, esc.most), (1_900, 1_500, 1_100));
    let channel = Channel { chip: "48302200.pwm".to_owned(), channel: 1, inverted: false, gpio: None };
    assert_eq!(steering, Servo { wire: Wire::Channel(channel), least: 1_000, centre: 1_500, most: 2_000 });
    let Some(DoorLock::Relays { lock, unlock, pulse }) = wiring.doors else { panic!("{:?}", wiring.doors) };
    let places = format!("{}, {}", lock.location, unlock.location);
    assert_eq!(places, "line 7 of gpio-0-31, line 8 of gpio-0-31");
    assert_eq!(pulse, Duration::from_millis(500));
    assert_eq!(wiring.emergency_stop.unwrap().bias, Some(crate::board::Bias::PullUp));
}

#[test]
fn pins_that_would_move_the_vehicle_or_open_it_at_power_on_are_refused() {
    is_refused("gpio = 12", "gpio = 5", "wiring.left.pwm: GPIO 5 is pulled high at power-on");
    is_refused("gpio = 22", "gpio = 8", "wiring.enable: GPIO 8 is pulled high at power-on");
    let low = "gpio = 9, active_low = true";
    is_refused("gpio = 22", low, "wiring.enable: GPIO 9 is pulled low at power-on");
    is_refused(
        "[wiring]",
        "[wiring]\ndoors.unlocked = { gpio = 2 }",
        "doors.unlocked: GPIO 2 is pulled high",
    );
    config(&WIRED.replace("gpio = 22", "gpio = 8, active_low = true"));
    config(&WIRED.replace("direction = { gpio = 16 }", "direction = { gpio = 2 }"));
    let named = |pull: &str| {
        let enable = format!("line = 'EN', power_on = '{pull}'");
        WIRED.replace("rppal", "gpiochip").replace("gpio = 22", &enable)
    };
    config(&named("low"));
    assert!(
        problems(&named("high"))[0].contains("line \"EN\" is pulled high at power-on, which would switch")
    );
}

#[test]
fn every_pin_is_clear_and_has_one_use() {
    is_refused("gpio = 22", "gpio = 13", "wiring.enable: GPIO 13 is wired to wiring.right.forward already");
    is_refused(
        "gpio = 22",
        "gpio = 28",
        "wiring.enable: must be GPIO 0 to 27, is 28; choose one of the header",
    );
    is_refused("gpio = 22", "gpio = 300", "wiring.enable.gpio: must be a whole number from 0 to 255");
    is_refused(
        "gpio = 22",
        "gpio = 22, pin = 3",
        "agent.toml:12: wiring.enable.pin: unknown key; known keys in wiring.enable: ",
    );
    is_refused(
        "gpio = 22",
        "active_low = true",
        "wiring.enable: does not say which pin; give gpio, or line, or",
    );
    is_refused("gpio = 22", "gpio = 22, line = 'EN'", "wiring.enable: does not say which pin");
    is_refused("gpio = 22", "line = 'EN'", "rppal knows lines by their GPIO number alone; give gpio, or set");
    is_refused("gpio = 22", "gpio = 18, hardware = true", "needs a digital line");
    is_refused(
        "gpio = 22",
        "gpio = 22, bias = 'pull_down'",
        "wiring.enable: bias is for inputs; leave it out",
    );
    is_refused("gpio = 22", "gpio = 22, power_on = 'low'", "power_on is known for a GPIO of a Raspberry Pi");
}

#[test]
fn pwm_that_can_not_be_is_refused() {
    let hardware = |left, right| {
        let right = format!("pwm = {{ gpio = {right}, hardware = true }}\ndirection = {{ gpio = 20 }}");
        let both = "forward = { gpio = 13 }\nbackward = { gpio = 19 }";
        WIRED.replace("gpio = 12", &format!("gpio = {left}, hardware = true")).replace(both, &right)
    };
    config(&hardware(12, 13).replace("[wiring]", "[wiring]\npwm_hz = 20000"));
    assert!(
        problems(&hardware(12, 18))[0]
            .contains("GPIO 18 by channel 0 of PWM 20c000.pwm is wired to wiring.left.pwm")
    );
    assert!(
        problems(&hardware(17, 13))[0].contains("GPIO 17 has no PWM hardware; use GPIO 12, 13, 18 or 19")
    );
    is_refused("[wiring]", "[wiring]\npwm_hz = 5000", "must be 20 to 1000 Hz in software, is 5000");
    let found = problems(&hardware(12, 13).replace("[wiring]", "[wiring]\npwm_hz = 60000"));
    assert!(found[0].contains("must be 20 to 50000 Hz, is 60000"), "{found:?}");
    is_refused(
        "direction = { gpio = 16 }",
        "direction = { gpio = 18, hardware = true }",
        "wiring.left.direction: needs a digital line, not PWM hardware",
    );
}

#[test]
fn a_vehicle_that_is_not_whole_is_refused() {
    let enable = "enable = { gpio = 22 }";
    is_refused(enable, "", "wiring.enable: is missing: without it a motor may run on");
    is_refused(
        enable,
        "enable.gpio = 22\nno_enable_line = true",
        "no_enable_line: contradicts wiring.enable",
    );
    is_refused(
        "forward = { gpio = 13 }",
        "",
        "wiring.right: is no motor that is known; set pwm and direction",
    );
    is_refused(
        "[wiring]",
        "[wiring]\ndrive.esc.gpio = 9",
        "wiring.drive: is not for drivetrain.kind = \"skid_",
    );
    is_refused("[wiring]", "[wiring]\nsteering.servo.gpio = 9", "needs drivetrain.kind = \"steering_servo\"");
    is_refused(
        "[wiring]",
        "[wiring]\ndoors.lock.gpio = 9",
        "wiring.doors: is no lock that is known; set unlocked",
    );
    is_refused(
        "direction = { gpio = 16 }",
        "direction.gpio = 16\nneutral_us = 1500",
        "is for a motor with esc",
    );
    let found = problems(&WIRED.replace("[board]", "drivetrain.kind = 'steering_servo'\n[board]"));
    assert_eq!(found.len(), 4, "{found:#?}");
    config(&WIRED.replace(enable, "no_enable_line = true"));
}

#[test]
fn pulses_of_a_servo_have_an_order() {
    let swapped = problems(&STEERED.replace("forward_us = 1100", "forward_us = 1700"));
    assert!(
        swapped[0].contains("drive.neutral_us: 1500 us does not lie between 1900 and 1700 us"),
        "{swapped:?}"
    );
    let long = problems(&STEERED.replace("forward_us = 1100", "forward_us = 100"));
    assert!(long[0].contains("wiring.drive.forward_us: must be 500 to 2500 us, is 100"), "{long:?}");
}

#[test]
fn a_wire_to_the_emergency_stop_that_breaks_must_be_a_stop() {
    let stop =
        |pin: &str| WIRED.replace("[wiring]", &format!("[wiring]\nemergency_stop = {{ gpio = 4{pin} }}"));
    let bias = |pin: &str| wired(&stop(pin)).emergency_stop.unwrap().bias;
    assert_eq!(bias(""), Some(crate::board::Bias::PullUp));
    assert_eq!(bias(", active_low = true"), Some(crate::board::Bias::PullDown));
    assert_eq!(bias(", bias = 'none'"), Some(crate::board::Bias::None));
    for wrong in [", bias = 'pull_down'", ", active_low = true, bias = 'pull_up'"] {
        let found = problems(&stop(wrong));
        assert!(found.len() == 1 && found[0].contains("an open wire would be pulled"), "{found:?}");
    }
}

#[test]
fn locked_doors_are_the_least_pulse_of_their_servo() {
    let text =
        "[wiring]\ndoors = { servo = { gpio = 18, hardware = true }, unlocked_us = 700, locked_us = 2300 }";
    let wiring = wired(&WIRED.replace("[wiring]", text));
    let outputs = crate::control::Outputs {
        doors: Doors::Locked,
        ..crate::control::Outputs::off(crate::control::Drivetrain::at_rest(config(WIRED).kinematics))
    };
    let line = crate::board::Line::Doors(crate::board::DoorLine::Servo);
    let signal = wiring.signal(line, crate::board::Motion::default(), &outputs);
    assert_eq!(signal, crate::board::Signal::Servo(2_300));
}

/// A good encoder at each motor of a good configuration.
const ENCODED: [(&str, &str); 2] = [
    (
        "direction = { gpio = 16 }",
        "\nencoder_a = { gpio = 9, bias = 'pull_up' }\nencoder_b = { gpio = 10 }\npulses_per_turn = 20\nwheel_circumference_m = 0.2\n",
    ),
    ("backward = { gpio = 19 }", "\nencoder_a = { gpio = 11 }\nmetres_per_pulse = 0.01\n"),
];

fn encoded() -> String {
    ENCODED.iter().fold(WIRED.to_owned(), |text, (motor, encoder)| {
        assert!(text.contains(motor), "{motor}");
        text.replace(motor, &format!("{motor}{encoder}"))
    })
}

#[test]
fn encoders_of_one_line_and_of_two_are_wired_and_measure() {
    for board in ["rppal", "gpiochip"] {
        let config = config(&encoded().replace("rppal", board));
        assert!(config.board.fittings().odometry, "{board}");
    }
    let [(left, two), (right, one)] = wired(&encoded()).encoders.try_into().unwrap();
    assert_eq!((left, right), (Side::Left, Side::Right));
    assert_eq!(two.a.bias, Some(crate::board::Bias::PullUp));
    assert_eq!((two.b, one.b.is_none()), (Some(Pin::gpio(10)), true));
    assert!((two.metres_per_pulse - 0.01).abs() < 1e-12 && (one.metres_per_edge() - 0.01).abs() < 1e-12);
    let drive =
        STEERED.replace("drive = {", "drive = { encoder_a = { line = 'E' }, metres_per_pulse = 0.01,");
    assert_eq!(wired(&drive).encoders[0].0, Side::Drive);
    assert!(!config(WIRED).board.fittings().odometry);
}

#[test]
fn an_encoder_that_would_measure_nothing_or_nonsense_is_refused() {
    for (from, to, said) in [
        (
            "pulses_per_turn = 20\n",
            "",
            "left.encoder_a: does not say how far a pulse goes; set metres_per_pulse",
        ),
        ("metres_per_pulse = 0.01", "", "right.encoder_a: does not say how far a pulse goes"),
        (
            "pulses_per_turn = 20",
            "pulses_per_turn = 0",
            "left.pulses_per_turn: must be 1 to 1000000 pulses, is 0",
        ),
        (
            "pulses_per_turn = 20",
            "pulses_per_turn = 2",
            "goes 0.1 m with each pulse, which must be 0.000001 to 0.05 m",
        ),
        (
            "metres_per_pulse = 0.01",
            "metres_per_pulse = 0.1",
            "right.metres_per_pulse: must be 0.000001 to 0.05 m",
        ),
        (
            "pulses_per_turn = 20",
            "pulses_per_turn = 20\nmetres_per_pulse = 0.01",
            "metres_per_pulse: is said twice",
        ),
        (
            "pulses_per_turn = 20",
            "pulses_per_turn = 374",
            "gives 20063 edges a second at full speed, which must be at most",
        ),
        (
            "encoder_a = { gpio = 9, bias = 'pull_up' }",
            "",
            "wiring.left.encoder_a: is missing; set the line of its",
        ),
        ("gpio = 10", "gpio = 9", "wiring.left.encoder_b: GPIO 9 is wired to wiring.left.encoder_a already"),
        ("gpio = 10", "gpio = 12", "wiring.left.encoder_b: GPIO 12 is wired to wiring.left.pwm already"),
        ("gpio = 10", "gpio = 18, hardware = true", "wiring.left.encoder_b: needs a digital line"),
        (
            "encoder_a = { gpio = 11 }\nmetres_per_pulse = 0.01\n",
            "",
            "wiring.right.encoder_a: is missing; each driven",
        ),
    ] {
        let text = encoded();
        assert!(text.contains(from), "{from}");
        let found = problems(&text.replace(from, to));
        assert!(found.len() == 1 && found[0].contains(said), "{to}: {found:#?}");
    }
    let found = problems(&encoded().replace("[wiring]", "[wiring]\ndrive.encoder_a.gpio = 3"));
    assert!(found.len() == 1 && found[0].contains("drive.encoder_a: belongs to no motor"), "{found:#?}");
    let both = encoded().replace("pulses_per_turn = 20\n", "").replace("gpio = 11", "gpio = 9");
    assert_eq!(problems(&both).len(), 2, "all mistakes at once: {:#?}", problems(&both));
}
