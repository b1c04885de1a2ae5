//! What the layers accept, and how they say what is wrong.

#![expect(clippy::panic, reason = "helpers of tests may panic as tests do")]

use std::fs;

use serde::Deserialize;
use vehicle_settings::{Field, Layers, Origin, Problems};

#[derive(Debug, Deserialize)]
struct Raw {
    vehicle: Field<String>,
    broker: RawBroker,
    motors: RawMotors,
    places: Vec<RawPlace>,
    pins: Field<Vec<u8>>,
}

#[derive(Debug, Deserialize)]
struct RawBroker {
    url: Field<String>,
    keep_alive_s: Field<u16>,
}

#[derive(Debug, Deserialize)]
struct RawMotors {
    left: RawMotor,
    right: RawMotor,
    acceleration: Field<f64>,
}

#[derive(Debug, Deserialize)]
struct RawMotor {
    pwm: Field<u8>,
    kind: Field<Kind>,
    reversed: Field<bool>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    HBridge,
    Servo,
}

#[derive(Debug, Deserialize)]
struct RawPlace {
    name: Field<String>,
    x: Field<f64>,
}

const NO_VARIABLES: [(&str, &str); 0] = [];

fn file(text: &str) -> Layers {
    Layers::new().text("agent.toml", text)
}

fn read(layers: Layers) -> Raw {
    layers.resolve(|raw: Raw, _| Some(raw)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn problems(layers: Layers) -> Vec<String> {
    problems_of(layers, |raw, _| Some(raw))
}

fn problems_of(layers: Layers, validated: impl FnOnce(Raw, &mut Problems) -> Option<Raw>) -> Vec<String> {
    match layers.resolve(validated) {
        Ok(raw) => panic!("accepted {raw:?}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn no_source_at_all_leaves_every_field_missing() {
    let raw = read(Layers::new());
    assert!(!raw.vehicle.is_given());
    assert_eq!(raw.motors.right.pwm.spot().key, "motors.right.pwm");
    assert_eq!(raw.broker.keep_alive_s.or(60), 60);
    assert!(raw.places.is_empty());
}

#[test]
fn flags_lie_over_the_environment_and_the_environment_over_the_file() {
    let text = "vehicle = 'file'\n[broker]\nurl = 'file'\nkeep_alive_s = 20\n";
    let variables = [("VEHICLE_AGENT__BROKER__URL", "variable"), ("VEHICLE_AGENT__VEHICLE", "variable")];
    let raw = read(
        Layers::new()
            .flag("--broker", "broker.url", Some("flag"))
            .flag("--vehicle", "vehicle", None::<&str>)
            .variables("VEHICLE_AGENT", variables)
            .text("agent.toml", text),
    );
    assert_eq!(raw.broker.url.value().map(String::as_str), Some("flag"));
    assert_eq!(raw.vehicle.value().map(String::as_str), Some("variable"));
    assert_eq!(raw.broker.keep_alive_s.value(), Some(&20));
}

#[test]
fn every_field_knows_where_it_was_given() {
    let raw = read(
        file("[broker]\n\nkeep_alive_s = 20\n")
            .variables("VEHICLE_AGENT", [("VEHICLE_AGENT__VEHICLE", "mule")])
            .flag("--broker", "broker.url", Some("mqtt://localhost")),
    );
    let line = Origin::File { file: "agent.toml".into(), line: 3 };
    assert_eq!(raw.broker.keep_alive_s.spot().origin, Some(line));
    assert_eq!(raw.vehicle.spot().origin, Some(Origin::Environment("VEHICLE_AGENT__VEHICLE".into())));
    assert_eq!(raw.broker.url.spot().origin, Some(Origin::Flag("--broker".into())));
}

#[test]
fn text_from_environment_and_flags_becomes_numbers_truths_words_and_lists() {
    let variables = [
        ("VEHICLE_AGENT__MOTORS__LEFT__PWM", "12"),
        ("VEHICLE_AGENT__MOTORS__LEFT__KIND", "h_bridge"),
        ("VEHICLE_AGENT__MOTORS__LEFT__REVERSED", "true"),
        ("VEHICLE_AGENT__PINS", "3, 4,5"),
        ("VEHICLE_AGENT__VEHICLE", "007"),
        ("VEHICLE_AGENT__BROKER__URL", ""),
        ("VEHICLE_AGENT_LOG", "debug"),
        ("PATH", "/bin"),
    ];
    let layers = Layers::new().variables("VEHICLE_AGENT", variables);
    let raw = read(layers.flag("--acceleration", "motors.acceleration", Some(2)));
    assert_eq!(raw.motors.left.pwm.value(), Some(&12));
    assert_eq!(raw.motors.left.kind.value(), Some(&Kind::HBridge));
    assert_eq!(raw.motors.left.reversed.value(), Some(&true));
    assert_eq!(raw.motors.acceleration.value(), Some(&2.0));
    assert_eq!(raw.pins.value(), Some(&vec![3, 4, 5]));
    assert_eq!(raw.vehicle.value().map(String::as_str), Some("007"));
    assert!(!raw.broker.url.is_given(), "an empty variable counts as not set");
}

#[test]
fn tables_in_a_list_are_read_one_by_one_with_their_own_problems() {
    let raw = read(file("[[places]]\nname = 'yard'\nx = 1\n[[places]]\nname = 'gate'\n"));
    assert_eq!(raw.places.len(), 2);
    assert_eq!(raw.places[0].x.value(), Some(&1.0));
    assert_eq!(raw.places[1].x.spot().key, "places[1].x");
    assert_eq!(raw.places[1].name.value().map(String::as_str), Some("gate"));

    let found = problems(file("[[places]]\nnmae = 'yard'\n[[places]]\nx = 'far'\n"));
    assert_eq!(
        found,
        [
            "agent.toml:2: places[0].nmae: unknown key; did you mean places[0].name?",
            "agent.toml:4: places[1].x: must be a finite number, is \"far\"; write a number without quotes",
        ]
    );
}

#[test]
fn an_unknown_key_is_refused_in_each_layer_with_the_nearest_name() {
    let layers = file("[motors.lef]\npwm = 1\n")
        .variables(
            "VEHICLE_AGENT",
            [("VEHICLE_AGENT__BROKER__ADDRES", "b"), ("VEHICLE_AGENT__BROKR__URL", "b")],
        )
        .flag("--name", "vehicel", Some("mule"));
    assert_eq!(
        problems(layers),
        [
            "agent.toml:2: motors.lef.pwm: unknown key; did you mean motors.left.pwm?",
            "VEHICLE_AGENT__BROKER__ADDRES: broker.addres: unknown key; known keys in broker: broker.keep_alive_s, broker.url",
            "VEHICLE_AGENT__BROKR__URL: brokr.url: unknown key; did you mean broker.url?",
            "--name: vehicel: unknown key; did you mean vehicle?",
        ]
    );
}

#[test]
fn a_misspelt_table_of_several_keys_is_one_problem() {
    let found = problems(file("vehicle = 'mule'\n[motors.rihgt]\npwm = 1\nreversed = true\n"));
    assert_eq!(found, ["agent.toml:2: motors.rihgt: unknown key; did you mean motors.right?"]);
}

#[test]
fn all_wrong_types_are_reported_at_once() {
    let text = "vehicle = 7\npins = [1, 300]\n[broker]\nkeep_alive_s = 2.5\n[motors]\nacceleration = nan\n\
                left = { pwm = '12', kind = 'h_brigde', reversed = 1 }\nright = { pwm = -1 }\n";
    assert_eq!(
        problems(file(text)),
        [
            "agent.toml:1: vehicle: must be text, is 7; write it in quotes",
            "agent.toml:2: pins[1]: must be a whole number from 0 to 255, is 300; write a whole number without quotes",
            "agent.toml:4: broker.keep_alive_s: must be a whole number from 0 to 65535, is 2.5; \
             write a whole number without quotes",
            "agent.toml:6: motors.acceleration: must be a finite number, is NaN; write a number without quotes",
            "agent.toml:7: motors.left.pwm: must be a whole number from 0 to 255, is \"12\"; \
             write a whole number without quotes",
            "agent.toml:7: motors.left.kind: must be one of h_bridge, servo, is \"h_brigde\"; did you mean h_bridge?",
            "agent.toml:7: motors.left.reversed: must be true or false, is 1; write true or false without quotes",
            "agent.toml:8: motors.right.pwm: must be a whole number from 0 to 255, is -1; \
             write a whole number without quotes",
        ]
    );
}

#[test]
fn text_that_is_no_number_is_quoted_back() {
    let layers = Layers::new()
        .variables("VEHICLE_AGENT", [("VEHICLE_AGENT__BROKER__KEEP_ALIVE_S", "12x")])
        .flag("--acceleration", "motors.acceleration", Some("1e309"));
    assert_eq!(
        problems(layers),
        [
            "VEHICLE_AGENT__BROKER__KEEP_ALIVE_S: broker.keep_alive_s: \
             must be a whole number from 0 to 65535, is \"12x\"; write a whole number",
            "--acceleration: motors.acceleration: must be a finite number, is \"1e309\"; write a number",
        ]
    );
}

#[test]
fn a_value_where_a_table_belongs_is_one_problem_and_its_required_fields_are_not_asked_for() {
    let found = problems_of(file("broker = 'localhost'\npins = 4\nplaces = 5\n"), |raw, problems| {
        let url = raw.broker.url.required("the broker", problems);
        url.and(None)
    });
    assert_eq!(
        found,
        [
            "agent.toml:1: broker: must be a table, is \"localhost\"; set the keys below broker one by one",
            "agent.toml:2: pins: must be a list, is 4; write it in square brackets",
            "agent.toml:3: places: must be a list, is 5; write it in square brackets",
        ]
    );
}

#[test]
fn ranges_rules_and_conversions_add_their_own_problems() {
    let text = "vehicle = 'mule'\n[broker]\nurl = 'x'\nkeep_alive_s = 61\n[motors]\nacceleration = 50\n";
    let found = problems_of(file(text), |raw, problems| {
        let acceleration = raw.motors.acceleration.within(0.1..=10.0, "m/s^2", problems).or(1.5);
        assert!((acceleration - 1.5).abs() < f64::EPSILON);
        let even = |seconds: &u16| seconds % 2 == 0;
        let keep_alive = raw.broker.keep_alive_s.check(even, "even", "choose 60", problems);
        assert_eq!(keep_alive.required("it", problems), None);
        let url = raw.broker.url.convert(|url| url.parse::<std::net::IpAddr>(), "write an address", problems);
        assert!(url.is_given());
        let vehicle = raw.vehicle.convert(|name| Ok::<_, String>(name.len()), "", problems);
        assert_eq!(vehicle.value(), Some(&4));
        problems.refuse(&raw.motors.left.pwm.spot(), "is needed for the left wheel", "set it");
        None
    });
    assert_eq!(
        found,
        [
            "agent.toml:3: broker.url: invalid IP address syntax; write an address",
            "agent.toml:4: broker.keep_alive_s: must be even, is 61; choose 60",
            "agent.toml:6: motors.acceleration: must be 0.1 to 10 m/s^2, is 50; choose a value in this range",
            "motors.left.pwm: is needed for the left wheel; set it",
        ]
    );
}

#[test]
fn a_file_with_five_different_mistakes_gives_five_problems() {
    let text = "[broker]\nuri = 'mqtt://localhost'\nkeep_alive_s = '60'\n\
                [motors]\nacceleration = 50.0\n[motors.left]\nkind = 'turbine'\n";
    let found = problems_of(file(text), |raw, problems| {
        let _ = raw.motors.acceleration.within(0.1..=10.0, "m/s^2", problems);
        let vehicle = raw.vehicle.required("the vehicle's id, such as mule-1", problems);
        vehicle.and(None)
    });
    assert_eq!(
        found,
        [
            "agent.toml:2: broker.uri: unknown key; did you mean broker.url?",
            "agent.toml:3: broker.keep_alive_s: must be a whole number from 0 to 65535, is \"60\"; \
             write a whole number without quotes",
            "agent.toml:5: motors.acceleration: must be 0.1 to 10 m/s^2, is 50; choose a value in this range",
            "agent.toml:7: motors.left.kind: must be one of h_bridge, servo, is \"turbine\"; choose one of them",
            "vehicle: is missing; set the vehicle's id, such as mule-1",
        ]
    );
}

#[test]
fn a_syntax_error_names_file_line_column_and_the_line() {
    let found = problems(file("vehicle = 'mule'\n[broker]\nurl 'mqtt://localhost'\n"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("agent.toml:3: column "), "{found:?}");
    assert!(found[0].ends_with("correct the line `url 'mqtt://localhost'`"), "{found:?}");
}

#[test]
fn a_key_given_twice_is_refused() {
    let found = problems(file("vehicle = 'mule'\nvehicle = 'ox'\n"));
    assert_eq!(found, ["agent.toml:2: column 1: duplicate key; correct the line `vehicle = 'ox'`"]);
}

#[test]
fn numbers_beyond_all_types_are_refused_like_any_other_out_of_range() {
    let long = "9".repeat(50);
    let text = format!(
        "pins = [99999999999999999999]\n[broker]\nkeep_alive_s = {long}\n[motors]\nacceleration = 1e999\n"
    );
    assert_eq!(
        problems(file(&text)),
        [
            "agent.toml:1: pins[0]: must be a whole number from 0 to 255, is 99999999999999999999; \
             write a whole number without quotes",
            "agent.toml:3: broker.keep_alive_s: must be a whole number from 0 to 65535, is inf; \
             write a whole number without quotes",
            "agent.toml:5: motors.acceleration: must be a finite number, is inf; write a number without quotes",
        ]
    );
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    let found = problems(Layers::new().file(&path));
    let start = format!("{}: the file cannot be read: No such file", path.display());
    assert!(found.len() == 1 && found[0].starts_with(&start), "{found:?}");
}

#[test]
fn a_file_on_disk_is_read_and_named_in_its_problems() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    fs::write(&path, "vehicle = 'mule'\nwheels = 4\n").unwrap();
    let found = problems(Layers::new().file(&path).variables("VEHICLE_AGENT", NO_VARIABLES));
    let start = format!("{}:2: wheels: unknown key; known keys: ", path.display());
    assert!(found.len() == 1 && found[0].starts_with(&start), "{found:?}");
}

#[test]
fn deep_brackets_and_deep_keys_are_refused_without_a_crash() {
    let found = problems(file(&format!("pins = {}", "[".repeat(100_000))));
    assert!(found[0].starts_with("agent.toml:1: column "), "{}", found[0]);
    let found = problems(file(&format!("pins{} = 1", ".a".repeat(100_000))));
    assert!(found[0].starts_with("agent.toml:1: column "), "{}", found[0]);
}

#[test]
fn a_quoted_key_is_a_name_and_no_path() {
    for key in ["pins[9]", "pins[99999999999]", "pins[-99999999999]", "vehicle.x"] {
        let found = problems(file(&format!("'{key}' = 1")));
        let start = format!("agent.toml:1: {key}: unknown key; ");
        assert!(found.len() == 1 && found[0].starts_with(&start), "{found:?}");
    }
    let found =
        problems(Layers::new().variables("VEHICLE_AGENT", [("VEHICLE_AGENT__PINS[99999999999]", "1")]));
    assert!(found.len() == 1 && found[0].contains("pins[99999999999]: unknown key; "), "{found:?}");
}

#[test]
fn a_value_and_a_table_of_one_name_do_not_mix() {
    let layers = || file("vehicle = 'mule'\n[broker]\nurl = 'a'\nkeep_alive_s = 9");
    let variable = |name, value| layers().variables("VEHICLE_AGENT", [(name, value)]);
    let found = problems(variable("VEHICLE_AGENT__BROKER", "b"));
    assert!(found.len() == 1 && found[0].contains("broker: must be a table, is \"b\""), "{found:?}");
    let found = problems(variable("VEHICLE_AGENT__VEHICLE__NAME", "b"));
    assert!(found.len() == 1 && found[0].starts_with("VEHICLE_AGENT__VEHICLE__NAME: vehicle: "), "{found:?}");
    let broker = read(variable("VEHICLE_AGENT__BROKER__URL", "b")).broker;
    assert_eq!((broker.url.or(String::new()), broker.keep_alive_s.or(0)), ("b".to_owned(), 9));
}
