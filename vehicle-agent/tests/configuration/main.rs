//! Whatever stands in a configuration, it is taken or refused in order.

#[expect(unreachable_pub, reason = "the fuzz targets reach it")]
mod properties;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The shipped sample with every key but those of files set.
fn sample() -> String {
    let set = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => key.to_owned(),
        _ => line.to_owned(),
    };
    let lines = include_str!("../../../deploy/agent.toml").lines().filter(|line| !line.contains("_file ="));
    lines.map(set).collect::<Vec<_>>().join("\n")
}

/// What may stand in the place of anything.
const PIECES: &[&str] = &[
    "",
    "=",
    "\n",
    "[",
    "]",
    "[[",
    "{",
    "\"",
    "'",
    "#",
    ".",
    "-1",
    "0",
    "1e400",
    "nan",
    "-inf",
    "0x7f",
    "true",
    "99999999999999999999999999999999999999999",
    "1979-05-27",
    "'''",
    "\u{0}",
    "ä",
    "\"a.b\" = 1\n",
    "'a[9]' = 1\n",
    "broker = 1\n",
];

proptest! {
    #[test]
    fn any_text_is_taken_or_refused_in_order(text in "\\PC{0,60}") {
        properties::configuration(&text);
    }

    #[test]
    fn the_sample_with_a_piece_exchanged_is_taken_or_refused_in_order(
        at: Index, length in 0usize..40, piece in select(PIECES),
    ) {
        let mut letters: Vec<char> = sample().chars().collect();
        let from = at.index(letters.len());
        letters.splice(from..letters.len().min(from.saturating_add(length)), piece.chars());
        properties::configuration(&letters.into_iter().collect::<String>());
    }
}

#[test]
fn a_quoted_key_is_a_key_and_no_path() {
    for text in ["'a[9]' = 1", "'a[99999999999]' = 1", "'a[-99999999999]' = 1", "'broker.url' = 'mqtt://b'"] {
        properties::configuration(text);
    }
}
