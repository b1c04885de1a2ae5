use super::*;
use crate::control::Duty;
use std::fs;
use std::time::Duration;
use vehicle_protocol::{CommandName, Doors};

const SKID: Kinematics = Kinematics::SkidSteer { track: 0.5 };

const LIMITS: Limits = Limits {
    speed: 2.2,
    full_speed: 2.7,
    speed_step: 0.45,
    acceleration: 1.0,
    deceleration: 2.0,
    turn_rate: 90.0,
    turn_acceleration: 360.0,
    reverse_pause: Duration::from_millis(200),
};

const STANDING: Outputs = Outputs {
    drivetrain: Drivetrain::SkidSteer { left: Duty::ZERO, right: Duty::ZERO },
    enable: false,
    brake: true,
    headlights: false,
    parking_lights: true,
    hazard_lights: false,
    horn: false,
    doors: Doors::Locked,
};

fn driving() -> Outputs {
    let drivetrain = Drivetrain::SkidSteer { left: Duty::new(0.35), right: Duty::new(-1.0) };
    Outputs { drivetrain, enable: true, brake: false, ..STANDING }
}

fn drive(id: Option<&str>) -> Cause {
    Cause::Command(CommandName::Drive, id.map(|id| id.parse().unwrap()))
}

fn board(folder: &tempfile::TempDir) -> SimBoard {
    let options = SimOptions {
        started_ns: 5_000_000_000,
        trace: Some(folder.path().join("trace")),
        levels: Some(folder.path().join("levels")),
        encoders: None,
    };
    SimBoard::new(SKID, &LIMITS, &options).unwrap()
}

#[test]
fn each_change_of_an_output_is_one_line_with_all_levels_and_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = board(&folder);
    board.apply(Moment::from_millis(1), &STANDING, &Cause::Boot).unwrap();
    board.apply(Moment::from_millis(2), &STANDING, &drive(None)).unwrap();
    board.apply(Moment::from_millis(3), &driving(), &drive(Some("a-1"))).unwrap();
    board.apply(Moment::from_millis(4), &STANDING, &drive(None)).unwrap();
    let lines = concat!(
        r#"{"t":5001000000,"left":0.0,"right":0.0,"enable":false,"brake":true,"headlights":false,"parking_lights":true,"hazard_lights":false,"horn":false,"doors":"locked","cause":"BOOT"}"#,
        "\n",
        r#"{"t":5003000000,"left":0.35,"right":-1.0,"enable":true,"brake":false,"headlights":false,"parking_lights":true,"hazard_lights":false,"horn":false,"doors":"locked","cause":"DRIVE","id":"a-1"}"#,
        "\n",
        r#"{"t":5004000000,"left":0.0,"right":0.0,"enable":false,"brake":true,"headlights":false,"parking_lights":true,"hazard_lights":false,"horn":false,"doors":"locked","cause":"DRIVE"}"#,
        "\n",
    );
    assert_eq!(fs::read_to_string(folder.path().join("trace")).unwrap(), lines);
}

#[test]
fn a_trace_that_is_there_already_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trace"), "before\n").unwrap();
    board(&folder).apply(Moment::default(), &STANDING, &Cause::Boot).unwrap();
    let text = fs::read_to_string(folder.path().join("trace")).unwrap();
    assert!(text.starts_with("before\n{\"t\":5000000000,") && text.lines().count() == 2, "{text}");
}

#[test]
fn the_levels_outlive_the_board_and_another_process_can_change_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("levels");
    let mut board = board(&folder);
    assert_eq!(Levels::open(&file).unwrap().read().unwrap(), None);
    let long = Drivetrain::SteeringServo { drive: Duty::new(-0.123), steer: Duty::new(-0.123) };
    board.levels.as_mut().unwrap().write(&Outputs { drivetrain: long, ..STANDING }).unwrap();
    board.apply(Moment::default(), &driving(), &drive(None)).unwrap();
    drop(board);
    let levels = Levels::open(&file).unwrap();
    assert_eq!(levels.read().unwrap(), Some(driving()));
    levels.write(&driving().made_safe()).unwrap();
    assert_eq!(levels.read().unwrap(), Some(driving().made_safe()));
    assert_eq!(fs::metadata(file).unwrap().len(), 256);
}

#[test]
fn a_file_that_can_not_be_written_is_an_error_each_time_and_the_vehicle_obeys_none_the_less() {
    let options = SimOptions { trace: Some("/dev/full".into()), ..SimOptions::default() };
    let mut board = SimBoard::new(SKID, &LIMITS, &options).unwrap();
    for millis in [0, 20] {
        let error = board.apply(Moment::from_millis(millis), &driving(), &drive(None)).unwrap_err();
        assert!(error.to_string().starts_with("trace file /dev/full: No space left on device"), "{error}");
    }
    assert!(board.sense(Moment::from_millis(500)).odometry.unwrap().heading > 10.0);
}

#[test]
fn a_file_in_a_folder_that_does_not_exist_is_refused_at_once() {
    let options = SimOptions { levels: Some("/nowhere/levels".into()), ..SimOptions::default() };
    let error = SimBoard::new(SKID, &LIMITS, &options).unwrap_err();
    assert!(error.to_string().starts_with("level file /nowhere/levels: No such file"), "{error}");
}

#[test]
fn outputs_of_another_drivetrain_are_refused() {
    let drivetrain = Drivetrain::SteeringServo { drive: Duty::ZERO, steer: Duty::ZERO };
    let mut board = SimBoard::new(SKID, &LIMITS, &SimOptions::default()).unwrap();
    let error =
        board.apply(Moment::default(), &Outputs { drivetrain, ..STANDING }, &Cause::Boot).unwrap_err();
    assert!(error.to_string().starts_with("motors: "), "{error}");
}
