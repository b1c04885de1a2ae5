use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::{names, root, rust_files};

const TOP_LEVEL: [&str; 12] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "control-console",
    "deploy",
    "shared",
    "tests",
    "vehicle-agent",
];

/// What a build makes, and what need not stand there.
const MAY_BE_THERE: [&str; 2] = ["rust-toolchain.toml", "target"];

#[test]
fn the_top_level_is_exactly_what_was_agreed() -> Result<()> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(root()?)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !MAY_BE_THERE.contains(&name.as_str()) {
            found.insert(name);
        }
    }
    assert_eq!(found, names(&TOP_LEVEL));
    Ok(())
}

#[test]
fn no_module_is_called_mod_or_by_a_name_that_says_nothing() -> Result<()> {
    let empty = ["mod", "utils", "util", "common", "helpers", "helper", "manager", "core", "misc"];
    for package in ["shared", "vehicle-agent", "control-console", "tests"] {
        for file in rust_files(&root()?.join(package))? {
            let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            ensure!(!empty.contains(&name.as_str()), "{}", file.display());
        }
    }
    Ok(())
}

#[test]
fn every_path_in_the_tree_of_the_readme_exists() -> Result<()> {
    let paths = tree(&fs::read_to_string(root()?.join("README.md"))?);
    ensure!(!paths.is_empty(), "README.md draws no tree");
    for path in paths {
        ensure!(root()?.join(&path).exists(), "README.md draws {}, which does not exist", path.display());
    }
    Ok(())
}

#[test]
fn a_drawn_tree_is_read_as_paths() {
    let text = "```\nnot/one\n```\n\n```text\nshared/      messages\n  src/       code\n    json.rs  parsing\n               and more words\n\ntests/\n├── src/\n│   └── lib.rs\n```\n";
    let paths: Vec<_> = tree(text).iter().map(|path| path.display().to_string()).collect();
    let expected = ["shared", "shared/src", "shared/src/json.rs", "tests", "tests/src", "tests/src/lib.rs"];
    assert_eq!(paths, expected);
}

/// Reads the fenced block that begins with a package's folder: one path a line, what lies in a folder indented, and
/// after the path what it is for. A line whose first word is neither a folder nor a file continues the one before.
fn tree(readme: &str) -> Vec<PathBuf> {
    let blocks = readme.split("```").skip(1).step_by(2);
    let mut blocks = blocks.filter_map(|block| block.split_once('\n').map(|(_, text)| text));
    let Some(block) = blocks.find(|text| text.starts_with("shared/")) else { return Vec::new() };
    let mut folders: Vec<(usize, PathBuf)> = Vec::new();
    let mut paths = Vec::new();
    for line in block.lines() {
        let name = line.trim_start_matches([' ', '│', '├', '└', '─']);
        let column = line.chars().count().saturating_sub(name.chars().count());
        let name = name.split_whitespace().next().unwrap_or_default();
        if !(name.ends_with('/') || Path::new(name).extension().is_some()) {
            continue;
        }
        while folders.last().is_some_and(|(above, _)| *above >= column) {
            folders.pop();
        }
        let path = folders
            .last()
            .map_or_else(PathBuf::new, |(_, folder)| folder.clone())
            .join(name.trim_end_matches('/'));
        if name.ends_with('/') {
            folders.push((column, path.clone()));
        }
        paths.push(path);
    }
    paths
}
