//! Whatever comes in is read or refused in order, be it noise or nearly right.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[expect(unreachable_pub, reason = "the fuzz targets reach it")]
mod properties;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::fs;
use std::path::Path;

/// The message in every golden file.
fn golden() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let kinds = fs::read_dir(folder).unwrap().map(|kind| kind.unwrap().path());
    let files = kinds.flat_map(|kind| fs::read_dir(kind).unwrap().map(|file| file.unwrap().path()));
    files.map(|file| message(&file)).collect()
}

fn message(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    if file.extension().is_some_and(|extension| extension == "json") {
        return bytes;
    }
    let pairs = bytes.trim_ascii_end().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn everything(bytes: &[u8]) {
    properties::command(bytes);
    properties::compact(bytes);
    properties::answer(bytes);
    properties::report(bytes);
    properties::session(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        properties::topic(text);
    }
}

/// Pieces of JSON that a careless or hostile client may put in any place.
const PIECES: &[&str] = &[
    "",
    " ",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\",
    "\u{0}",
    "null",
    "true",
    "-0",
    "-1",
    "0.0004",
    "1e15",
    "1e308",
    "1e999",
    "9007199254740992",
    "18446744073709551615",
    "\"\\ud83d\"",
    "\"\\u0001\"",
    "\"CMD\":",
    "\"PARK\"",
    "\"ID\":\"1\"",
    "\"EXP\":1",
    "\"\u{200b}\"",
];

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        everything(&bytes);
    }

    #[test]
    fn a_message_with_a_piece_exchanged_is_read_or_refused_in_order(
        text in select(golden()), from: Index, to: Index, piece in select(PIECES),
    ) {
        let mut bytes = text;
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        bytes.splice(from.min(to)..from.max(to), piece.bytes());
        everything(&bytes);
    }

    #[test]
    fn two_messages_spliced_are_read_or_refused_in_order(
        head in select(golden()), tail in select(golden()), end: Index, start: Index,
    ) {
        everything(&[&head[..end.index(head.len())], &tail[start.index(tail.len())..]].concat());
    }

    #[test]
    fn a_topic_nearly_right_is_read_or_refused_in_order(
        text in "(vehicles|a/b|\\$x|[a/+#\u{0}]{0,9})\n(vehicles|a/b)/[a-z+#/]{0,9}/(commands|drive|session(/request)?|.{0,9})",
    ) {
        properties::topic(&text);
    }
}

#[test]
fn what_is_long_is_answered_in_few_words() {
    for letter in ["x", "\\u0001", "\u{200b}", "\\\\"] {
        let long = letter.repeat(4000 / letter.len());
        for text in [
            format!(r#"{{"{long}":1}}"#),
            format!(r#"{{"CMD":"{long}"}}"#),
            format!(r#"{{"CMD":"PARK","MPH":"{long}"}}"#),
            format!(r#"{{"CMD":"PARK","ID":"{long}"}}"#),
            format!(r#"{{"CMD":"PARK","KEY":"{long}"}}"#),
        ] {
            properties::command(text.as_bytes());
        }
    }
}
