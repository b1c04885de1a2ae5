//! Commands and answers as one list in deterministic CBOR: numbers for words, and nothing that the session implies.

pub(crate) mod answer;
pub(crate) mod command;

use crate::cbor::Item;
use crate::{CommandId, MAX_INTEGER, Mac};

/// The first value of each list says what follows the values that all have.
const PLAIN: u64 = 0;
const IDENTIFIED: u64 = 1;
const TIMED: u64 = 2;
const SIGNED: u64 = 3;
const WITHOUT_SESSION: u64 = 4;

fn number(item: &Item<'_>) -> Option<u64> {
    let Item::Integer(number) = item else { return None };
    u64::try_from(*number).ok().filter(|number| *number <= MAX_INTEGER)
}

fn text<'a>(item: &Item<'a>) -> Option<&'a str> {
    if let Item::Text(text) = item { Some(text) } else { None }
}

fn bytes<const N: usize>(item: &Item<'_>) -> Option<[u8; N]> {
    if let Item::Bytes(bytes) = item { (*bytes).try_into().ok() } else { None }
}

fn mac(item: &Item<'_>) -> Option<Mac> {
    bytes(item).map(Mac)
}

fn id(item: &Item<'_>) -> Option<CommandId> {
    text(item)?.parse().ok()
}

/// Reads a value that may be null; none if it is neither null nor readable.
#[expect(clippy::option_option, reason = "what is absent is not what is wrong")]
fn maybe<'a, T>(item: &Item<'a>, read: impl FnOnce(&Item<'a>) -> Option<T>) -> Option<Option<T>> {
    if *item == Item::Null { Some(None) } else { read(item).map(Some) }
}
