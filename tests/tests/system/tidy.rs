//! What the tree promises about itself, held by reading it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

mod contract;
mod layout;
mod packages;
mod purity;
mod times;

fn root() -> Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the tests lie in the root")?.to_owned())
}

/// All Rust sources below a folder; none if it does not exist.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Whether a text has this word with nothing of a word on either side.
fn mentions(text: &str, word: &str) -> bool {
    let of_a_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(place, _)| {
        let (before, rest) = text.split_at(place);
        let after = rest.strip_prefix(word).unwrap_or_default();
        !before.ends_with(of_a_word) && !after.starts_with(of_a_word)
    })
}

fn names(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn a_word_inside_a_longer_one_is_not_a_mention() -> Result<()> {
    ensure!(mentions("use std::fs;", "std::fs") && mentions("(Instant)", "Instant"), "missed");
    ensure!(!mentions("Instantly", "Instant") && !mentions("retracing", "tracing"), "found too much");
    Ok(())
}
