//! The one way to write a list of values as CBOR (RFC 8949, section 4.2.1), for tags and for the compact form.

use minicbor::data::{Int, Type};
use minicbor::encode::Error;
use minicbor::{Decoder, Encoder};
use std::convert::Infallible;

/// Longest list that is read; no message has as many values.
const MAX_ITEMS: u64 = 16;
/// Deepest list in a list that is read: the arguments.
const MAX_DEPTH: u8 = 2;

/// A value that messages are made of; there are no floats, maps and tags among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Null,
    Integer(Int),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Item<'a>>),
}

impl From<u64> for Item<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for Item<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number.into())
    }
}

impl<'a> From<&'a str> for Item<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Item<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Item<'a>>> From<Option<T>> for Item<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Writes a list.
pub(crate) fn encode(items: &[Item<'_>]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(256));
    // A vector takes whatever is written to it.
    let _: Result<(), Error<Infallible>> = list(&mut encoder, items);
    encoder.into_writer()
}

fn list(encoder: &mut Encoder<Vec<u8>>, items: &[Item<'_>]) -> Result<(), Error<Infallible>> {
    encoder.array(items.len() as u64)?;
    for item in items {
        match item {
            Item::Null => encoder.null()?.ok()?,
            Item::Integer(number) => encoder.int(*number)?.ok()?,
            Item::Bytes(bytes) => encoder.bytes(bytes)?.ok()?,
            Item::Text(text) => encoder.str(text)?.ok()?,
            Item::List(items) => list(encoder, items)?,
        }
    }
    Ok(())
}

/// Reads a list that is written in the one way and ends where the bytes end; anything else is none.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<Item<'_>>> {
    let items = read_list(&mut Decoder::new(bytes), MAX_DEPTH)?;
    // Whatever the decoder lets pass, longer heads, open ends and what follows, is written otherwise.
    (encode(&items) == bytes).then_some(items)
}

fn read_list<'a>(decoder: &mut Decoder<'a>, depth: u8) -> Option<Vec<Item<'a>>> {
    let depth = depth.checked_sub(1)?;
    let length = decoder.array().ok()?.filter(|length| *length <= MAX_ITEMS)?;
    (0..length).map(|_| read_item(decoder, depth)).collect()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other type is in any message")]
fn read_item<'a>(decoder: &mut Decoder<'a>, depth: u8) -> Option<Item<'a>> {
    Some(match decoder.datatype().ok()? {
        Type::Null => decoder.null().map(|()| Item::Null).ok()?,
        Type::Bytes => Item::Bytes(decoder.bytes().ok()?),
        Type::String => Item::Text(decoder.str().ok()?),
        Type::Array => Item::List(read_list(decoder, depth)?),
        _ => Item::Integer(decoder.int().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex.split_whitespace().collect::<String>().into_bytes();
        pairs
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn a_list_is_written_as_the_rfc_has_its_examples() {
        let items = [
            Item::Null,
            1000u64.into(),
            (-500i64).into(),
            [1u8, 2].as_slice().into(),
            "\u{fc}".into(),
            Item::List(vec![23u64.into(), 24u64.into()]),
        ];
        let written = bytes("86 f6 1903e8 3901f3 420102 62c3bc 82 17 1818");
        assert_eq!(encode(&items), written);
        assert_eq!(decode(&written), Some(items.to_vec()));
        assert_eq!(decode(&bytes("81 1bffffffffffffffff")), Some(vec![u64::MAX.into()]));
    }

    #[test]
    fn what_is_written_in_another_way_is_not_read() {
        for (what, hex) in [
            ("nothing", ""),
            ("no list", "00"),
            ("a list without end", "9f 00 ff"),
            ("a longer head of the list", "98 01 00"),
            ("a longer integer", "81 1800"),
            ("a longer integer still", "81 1b0000000000000001"),
            ("a longer text", "81 7801 61"),
            ("bytes in parts", "81 5f 4101 ff"),
            ("text in parts", "81 7f 6161 ff"),
            ("no UTF-8", "81 61 ff"),
            ("something behind it", "81 00 00"),
            ("too few values", "82 00"),
            ("a half float", "81 f90000"),
            ("a double", "81 fb3ff0000000000000"),
            ("a tag", "81 c000"),
            ("a map", "81 a0"),
            ("true", "81 f5"),
            ("undefined", "81 f7"),
            ("a simple value", "81 f820"),
            ("a list in a list in a list", "81 81 80"),
            ("far too many values", "9b ffffffffffffffff 00"),
            ("a text longer than all", "81 7b ffffffffffffffff"),
        ] {
            assert_eq!(decode(&bytes(hex)), None, "{what}");
        }
    }
}
