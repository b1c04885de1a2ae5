use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::{mentions, root, rust_files};

/// All that the decisions of a vehicle may know of: data, and the arithmetic of time. Whatever is not listed could be a
/// clock, a network, pins, files, a log or a die.
const PURE: [&str; 10] = [
    "crate::control",
    "self",
    "serde",
    "serde_json",
    "std::cmp",
    "std::collections",
    "std::fmt",
    "std::slice",
    "std::time::Duration",
    "vehicle_protocol",
];
/// All that the decisions of a console may know of besides: its moments, its faults, and keys that were read already.
const CONSOLE: [&str; 6] = [
    "crate::client::News",
    "crate::clock::Moment",
    "crate::exit",
    "crate::keyring::LoadedKeys",
    "crate::teleop",
    "crate::transaction",
];
/// What may be named without an import.
const NAMED: [&str; 5] = ["std::iter", "std::mem", "std::time::Duration", "std::array", "std::fmt"];
/// What needs no import to be reached, and is not pure.
const FOREIGN: [&str; 12] = [
    "static",
    "Instant",
    "SystemTime",
    "println",
    "eprintln",
    "print",
    "eprint",
    "dbg",
    "include_str",
    "include_bytes",
    "unsafe",
    "thread_local",
];

/// A source as far as it ships: without comments, and without what only tests know of.
fn shipped(text: &str) -> String {
    let mut lines = Vec::new();
    let mut skips = false;
    for line in text.lines() {
        let code = line.trim_start();
        if code.starts_with("//") {
            continue;
        }
        // A module of tests is the last thing in its file.
        skips |= code == "#[cfg(test)]" && !text.contains("#[cfg(test)]\npub(crate) mod samples;");
        if !skips {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The paths that a source imports, one for each name: `use a::{b, c::d};` gives `a::b` and `a::c::d`.
fn imports(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut statement: Option<String> = None;
    for line in text.lines() {
        let code = line.trim_start();
        let code =
            code.strip_prefix("pub").map_or(code, |rest| rest.trim_start_matches(|c| c != ' ').trim_start());
        let begins = code.strip_prefix("use ").map(ToOwned::to_owned);
        statement = statement.map(|so_far| format!("{so_far} {code}")).or(begins);
        if let Some((whole, _)) = statement.as_deref().and_then(|statement| statement.split_once(';')) {
            expand("", whole, &mut paths);
            statement = None;
        }
    }
    paths
}

fn expand(above: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((path, list)) = tree.split_once('{') else {
        paths.push(format!("{above}{tree}"));
        return;
    };
    let list = list.trim_end();
    let list = list.strip_suffix('}').unwrap_or(list);
    let (mut depth, mut item) = (0_usize, String::new());
    for letter in list.chars().chain([',']) {
        match letter {
            ',' if depth == 0 => {
                let item = std::mem::take(&mut item);
                if !item.trim().is_empty() {
                    expand(&format!("{above}{path}"), &item, paths);
                }
            }
            _ => {
                depth = match letter {
                    '{' => depth.saturating_add(1),
                    '}' => depth.saturating_sub(1),
                    _ => depth,
                };
                item.push(letter);
            }
        }
    }
}

fn begins_with(path: &str, allowed: &[&str]) -> bool {
    allowed
        .iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

/// What in a source is neither its own nor pure.
fn impure(text: &str, own: &[String]) -> Vec<String> {
    let text = shipped(text);
    let of_own = |path: &str| {
        begins_with(path, &CONSOLE) || own.iter().any(|module| begins_with(path, &[module.as_str()]))
    };
    let mut found: Vec<String> = imports(&text)
        .into_iter()
        .filter(|path| !begins_with(path, &PURE) && !begins_with(path, &["super"]) && !of_own(path))
        .collect();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("use ")) {
        for root in ["std::", "core::", "tokio::", "tracing::", "rustix::", "crate::"] {
            for (place, _) in line.match_indices(root) {
                let path = line.get(place..).unwrap_or_default();
                if !begins_with_any(path) && !begins_with(path, &CONSOLE) {
                    found.push(line.trim().to_owned());
                }
            }
        }
        // A lifetime is none.
        let line = &line.replace("'static", "");
        found
            .extend(FOREIGN.iter().filter(|word| mentions(line, word)).map(|word| format!("{word}: {line}")));
    }
    found
}

fn begins_with_any(path: &str) -> bool {
    NAMED.iter().chain(&PURE).any(|root| path.starts_with(root))
}

/// The modules that are declared in a source.
fn modules(text: &str) -> Vec<String> {
    let declared = |line: &str| {
        let (_, name) = line.trim().strip_suffix(';')?.split_once("mod ")?;
        Some(name.to_owned())
    };
    text.lines().filter_map(declared).collect()
}

fn is_of_tests(path: &Path) -> bool {
    let name = |part: std::path::Component<'_>| part.as_os_str().to_string_lossy().into_owned();
    path.components().map(name).any(|part| part == "tests" || part == "tests.rs" || part == "samples.rs")
}

/// Looks at every source of some modules, and tells how many there were.
fn look_at(sources: &Path, modules_of_it: &[&str]) -> Result<usize> {
    let mut files = Vec::new();
    for module in modules_of_it {
        files.extend(rust_files(&sources.join(module))?);
        files.push(sources.join(format!("{module}.rs")));
    }
    let is_shipped = |file: &Path| file.exists() && !is_of_tests(file.strip_prefix(sources).unwrap_or(file));
    files.retain(|file| is_shipped(file));
    for file in &files {
        let text = fs::read_to_string(file)?;
        let found = impure(&text, &modules(&text));
        ensure!(found.is_empty(), "{} knows of {}", file.display(), found.join(", "));
    }
    Ok(files.len())
}

#[test]
fn decisions_of_the_vehicle_know_of_nothing_but_data_and_time_as_an_argument() -> Result<()> {
    let looked_at = look_at(&root()?.join("vehicle-agent/src"), &["control"])?;
    ensure!(looked_at > 20, "only {looked_at} sources looked at");
    Ok(())
}

#[test]
fn decisions_of_the_console_know_of_nothing_but_data_and_time_as_an_argument() -> Result<()> {
    let rooms = ["transaction", "teleop", "client/transactions", "client/sessions"];
    let looked_at = look_at(&root()?.join("control-console/src"), &rooms)?;
    ensure!(looked_at > 20, "only {looked_at} sources looked at");
    Ok(())
}

#[test]
fn what_is_not_pure_is_found_however_it_is_written() {
    for text in [
        "use std::fs;",
        "use std::{fmt, fs};",
        "use std::{collections::BTreeMap, net::{TcpStream}};",
        "use std::time::{Duration, Instant};",
        "use tokio::time;",
        "use crate::driver::Port;",
        "use rand::Rng as _;",
        "pub use getrandom::fill;",
        "fn f() { std::fs::remove_file(\"x\"); }",
        "fn f() { let now = std::time::SystemTime::now(); }",
        "fn f() { println!(\"x\"); }",
        "static COUNT: u8 = 0;",
        "fn f() { crate::clock::Clock::start(); }",
    ] {
        assert!(!impure(text, &[]).is_empty(), "{text}");
    }
    for text in [
        "use std::time::Duration;",
        "use crate::control::{Moment, order::{Order, Party}};\nuse super::Vehicle;",
        "mod limit;\nuse limit::Refusals;",
        "// use std::fs;",
        "fn f() { std::mem::take(&mut x); }\n#[cfg(test)]\nmod tests { use std::fs; }",
        "fn f(words: &'static str) {}",
    ] {
        let found = impure(text, &modules(text));
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}
