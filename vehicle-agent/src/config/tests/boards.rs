//! The configurations that are shipped for boards.

use super::*;
use std::fs;
use std::path::{Path, PathBuf};

const BOARDS: [&str; 9] = [
    "beaglebone-black",
    "dragonboard-410c",
    "esomimx6",
    "minnowboard-turbot",
    "phyboard-imx7",
    "raspberry-pi-3",
    "raspberry-pi-4",
    "raspberry-pi-zero",
    "udoo-neo",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/boards")
}

fn shipped(board: &str) -> (String, Config) {
    let text = fs::read_to_string(folder().join(format!("{board}.toml"))).unwrap();
    let config = Config::resolve(Layers::new().text(format!("{board}.toml"), text.clone()));
    (text, config.unwrap_or_else(|problems| panic!("{problems}")))
}

#[test]
fn there_is_one_for_each_board_and_none_besides() {
    let mut found: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
        .collect();
    found.sort();
    assert_eq!(found, BOARDS);
}

#[test]
fn each_is_good_has_an_enable_line_and_an_emergency_stop_and_says_where_its_lines_stand() {
    for board in BOARDS {
        let (text, config) = shipped(board);
        let BoardConfig::Wired { backend, wiring } = config.board else { panic!("{board}: no pins") };
        assert!(wiring.enable.is_some() && wiring.emergency_stop.is_some(), "{board}");
        assert!(text.lines().any(|line| line.starts_with("# Source: ")), "{board}");
        assert_eq!(backend == GpioBackendKind::Rppal, board.starts_with("raspberry-pi"), "{board}");
    }
}

#[test]
fn those_of_a_raspberry_pi_serve_both_back_ends() {
    for board in BOARDS.into_iter().filter(|board| board.starts_with("raspberry-pi")) {
        let (text, config) = shipped(board);
        let other = Layers::new().text(board, text).flag("--board", "board.kind", Some("gpiochip"));
        let fittings = Config::resolve(other).unwrap().board.fittings();
        assert_eq!(fittings, config.board.fittings(), "{board}");
    }
}
