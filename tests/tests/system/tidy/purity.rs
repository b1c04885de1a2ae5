use std::fs;

use anyhow::{Result, ensure};

use super::{mentions, root, rust_files};

/// What the decisions of a vehicle must not know of: clock, network, pins, files, log.
const FOREIGN: [&str; 8] =
    ["tokio", "rppal", "rumqttc", "tracing", "std::fs", "std::net", "Instant", "SystemTime"];

#[test]
fn decisions_know_no_clock_no_network_no_pins_no_files_and_no_log() -> Result<()> {
    let sources = root()?.join("vehicle-agent/src");
    let mut files = rust_files(&sources.join("control"))?;
    files.push(sources.join("control.rs"));
    for file in files.iter().filter(|file| file.exists()) {
        let text = fs::read_to_string(file)?;
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // `use std::{fs, io}` is the same mention in another shape.
            let line = line.replace("std::{fs", "std::fs").replace("std::{net", "std::net");
            for word in FOREIGN {
                ensure!(!mentions(&line, word), "{} mentions {word}: {line}", file.display());
            }
        }
    }
    Ok(())
}
