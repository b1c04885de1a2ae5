//! What scripts rely on: exit codes, and what is said where.
#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

fn agent(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vehicle-agent"));
    command.env_remove("RUST_LOG").args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn checked(text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    fs::write(&file, text).unwrap();
    agent(&["check-config", file.to_str().unwrap()])
}

#[test]
fn a_good_configuration_is_told_on_stdout_and_ends_with_0() {
    let output = checked("vehicle = 'rover-1'\n");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    assert!(stdout.starts_with("vehicle            rover-1 below vehicles/\n"), "{stdout}");
}

#[test]
fn all_problems_are_told_on_stderr_and_end_with_2() {
    let output = checked("vehicle = 'all'\n[limits]\nspeed = 5\n");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let said = stderr(&output);
    assert!(
        said.contains("agent.toml:1: vehicle: ") && said.contains("agent.toml:3: limits.speed: "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn a_file_that_is_not_there_ends_with_2() {
    let output = agent(&["run", "--config", "/no/such/file"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("/no/such/file: the file cannot be read: "), "{}", stderr(&output));
}

#[test]
fn a_wrong_flag_ends_with_2_and_help_with_0() {
    assert_eq!(agent(&["run", "--colour"]).status.code(), Some(2));
    assert_eq!(agent(&[]).status.code(), Some(2));
    let help = agent(&["run", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("--broker <mqtt[s]://host:port>"));
}

#[test]
fn a_board_by_a_wrong_name_ends_with_2_and_the_right_ones() {
    let output = agent(&["run", "--vehicle", "rover-1", "--board", "rpal"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("must be one of sim, rppal, gpiochip, is \"rpal\"; did you mean rppal?")
    );
}

#[test]
fn a_trace_that_can_not_be_written_ends_with_1() {
    let output = agent(&["run", "--vehicle", "rover-1", "--trace", "/no/such/folder/trace"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).starts_with("trace file /no/such/folder/trace: No such file"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_raspberry_pi_that_is_not_there_ends_with_1_and_a_next_step() {
    let pi = fs::read_to_string("/proc/device-tree/model").is_ok_and(|model| model.contains("Raspberry Pi"));
    if pi {
        // There this would take pins that may move something.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    let motor = |side, pwm, direction| {
        format!("[wiring.{side}]\npwm = {{ gpio = {pwm} }}\ndirection = {{ gpio = {direction} }}\n")
    };
    let text =
        [motor("left", 12, 16), motor("right", 13, 19), "[wiring]\nenable = { gpio = 22 }\n".to_owned()]
            .concat();
    fs::write(&file, text).unwrap();
    let output =
        agent(&["run", "--config", file.to_str().unwrap(), "--vehicle", "rover-1", "--board", "rppal"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "GPIO: this is no Raspberry Pi that rppal knows; run on a Raspberry Pi, or choose --board gpiochip or sim\n";
    assert_eq!(stderr(&output), expected);
}

#[test]
fn a_signal_ends_a_run_with_0_and_safe_outputs_even_without_a_broker() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_vehicle-agent"))
        .args(["run", "--vehicle", "rover-1", "--broker", "mqtt://127.0.0.1:1", "--trace", "trace"])
        .args(["--state-dir", "state"])
        .env_remove("RUST_LOG")
        .current_dir(&folder)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // From the first attempt to connect on, signals are taken.
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut log = lines.skip_while(|line| !line.contains("cannot be reached"));
    assert!(log.next().is_some());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(log.any(|line| line.contains("the outputs are safe")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let trace = fs::read_to_string(folder.path().join("trace")).unwrap();
    let last = trace.lines().last().unwrap();
    assert!(last.contains(r#""left":0.0,"right":0.0,"enable":false,"brake":true"#), "{trace}");
}
