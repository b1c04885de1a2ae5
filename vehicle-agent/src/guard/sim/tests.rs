//! Outputs that are known although one file or both are missing.

use super::*;
use crate::board::sim::Trace;
use crate::control::{Duty, Moment};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SERVO: Drivetrain = Drivetrain::SteeringServo { drive: Duty::ZERO, steer: Duty::ZERO };

fn folder() -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (trace, levels) = (folder.path().join("trace"), folder.path().join("levels"));
    (folder, trace, levels)
}

fn open(trace: Option<&Path>, levels: Option<&Path>) -> SimCutoff {
    let own = |path: Option<&Path>| path.map(Path::to_owned);
    let files = SimFiles { drivetrain: SERVO, trace: own(trace), levels: own(levels) };
    SimCutoff::open(&files, Clock::start()).unwrap()
}

fn driving() -> Outputs {
    let drivetrain = Drivetrain::SteeringServo { drive: Duty::new(0.5), steer: Duty::new(-0.25) };
    Outputs { drivetrain, enable: true, headlights: true, ..Outputs::off(SERVO) }
}

#[test]
fn without_a_level_file_the_last_line_of_the_trace_tells_what_there_is_to_stop() {
    let (_folder, file, _) = folder();
    let mut trace = Trace::append(&file, 0).unwrap();
    for _ in 0..9 {
        trace.line(Moment::from_millis(5), &driving(), &Cause::Boot).unwrap();
    }
    open(Some(&file), None).make_safe(&Cause::Guard, Agent::Gone).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let line = text.lines().last().unwrap();
    let expected = r#""drive":0.0,"steer":-0.25,"enable":false,"brake":true,"headlights":true"#;
    assert!(text.lines().count() == 10 && line.contains(expected), "{text}");
    assert_eq!(trace.last(), Some(driving().made_safe()));
    open(Some(&file), None).make_safe(&Cause::Guard, Agent::Gone).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), text, "it is safe already");
}

#[test]
fn a_line_that_was_cut_short_does_not_hide_the_one_before() {
    let (_folder, file, _) = folder();
    Trace::append(&file, 0).unwrap().line(Moment::default(), &driving(), &Cause::Boot).unwrap();
    let line = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{line}{}", &line[..40])).unwrap();
    assert_eq!(Trace::append(&file, 0).unwrap().last(), Some(driving()));
}

#[test]
fn a_level_file_that_nobody_wrote_or_somebody_damaged_is_made_safe_as_a_whole() {
    let (_folder, _, file) = folder();
    for text in ["", "{", "no levels at all"] {
        fs::write(&file, text).unwrap();
        open(None, Some(&file)).make_safe(&Cause::Guard, Agent::Gone).unwrap();
        let levels = Levels::open(&file).unwrap().read().unwrap().unwrap();
        assert_eq!(levels, Outputs::off(SERVO).made_safe(), "{text:?}");
    }
}

#[test]
fn making_safe_on_request_is_told_even_if_nothing_changes() {
    let (_folder, trace, levels) = folder();
    for _ in 0..2 {
        open(Some(&trace), Some(&levels)).make_safe(&Cause::MakeSafe, Agent::Gone).unwrap();
    }
    let text = fs::read_to_string(&trace).unwrap();
    assert_eq!(text.matches(r#""cause":"MAKE_SAFE"}"#).count(), 2, "{text}");
}
