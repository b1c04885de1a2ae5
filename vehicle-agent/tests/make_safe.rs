//! Outputs that are made safe without an agent, whatever state its configuration is in.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const DRIVING: &str = r#"{"left":0.5,"right":0.5,"enable":true,"brake":false,"headlights":true,"parking_lights":false,"hazard_lights":false,"horn":true,"doors":"locked"}"#;

struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(scene.path("levels"), format!("{DRIVING:255}\n")).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs make-safe with a configuration that names the simulated board's files and has `rest` besides.
    fn make_safe(&self, rest: &str) -> Output {
        let (levels, trace) = (self.path("levels"), self.path("trace"));
        let (levels, trace) = (levels.display(), trace.display());
        let text = format!("vehicle = 'rover-1'\n[sim]\nlevels = '{levels}'\ntrace = '{trace}'\n{rest}\n");
        let file = self.path("agent.toml");
        fs::write(&file, text).unwrap();
        make_safe(&file)
    }

    fn is_safe(&self) -> bool {
        let text = fs::read_to_string(self.path("levels")).unwrap();
        text.contains(r#""left":0.0,"right":0.0,"enable":false,"brake":true,"headlights":true"#)
    }
}

fn make_safe(file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vehicle-agent"));
    command.args(["make-safe", "--config"]).arg(file).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_good_configuration_is_obeyed_without_a_word() {
    let scene = Scene::new();
    let output = scene.make_safe("[broker]\nurl = 'mqtt://127.0.0.1:1'");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let trace = fs::read_to_string(scene.path("trace")).unwrap();
    assert!(scene.is_safe() && trace.lines().count() == 1, "{trace}");
    assert!(trace.ends_with("\"cause\":\"MAKE_SAFE\"}\n"), "{trace}");
}

#[test]
fn what_is_wrong_elsewhere_keeps_no_output_from_being_safe_and_is_told() {
    let scene = Scene::new();
    let output = scene.make_safe("[limits]\nmax_speed_mph = -1\nspeed = 3\n[broker]\nurl = 'http://x'");
    assert!(scene.is_safe());
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.starts_with("the outputs are safe, but the agent will not start:\n"), "{said}");
    assert!(said.contains("limits.max_speed_mph: ") && said.contains("limits.speed: "), "{said}");
}

#[test]
fn a_board_that_can_not_be_known_is_left_alone_and_that_is_told() {
    for rest in
        ["[board]\nkind = 'rpal'", "[board]\nkind = 'rppal'\n[wiring]\nenable = { gpio = 99 }", "[sim"]
    {
        let scene = Scene::new();
        let output = scene.make_safe(rest);
        assert!(!scene.is_safe(), "{rest}");
        assert_eq!(output.status.code(), Some(2), "{rest}");
        let said = stderr(&output);
        assert!(said.starts_with("no output was made safe, since the board is not known:\n"), "{said}");
    }
    let output = make_safe(Path::new("/no/such/file"));
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("/no/such/file: the file cannot be read"), "{}", stderr(&output));
}

#[test]
fn an_output_that_can_not_be_reached_ends_with_1() {
    let scene = Scene::new();
    fs::remove_file(scene.path("levels")).unwrap();
    fs::create_dir(scene.path("levels")).unwrap();
    let output = scene.make_safe("");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("level file "), "{}", stderr(&output));
}
