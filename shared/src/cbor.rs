//! The one way to write a list of values as CBOR (RFC 8949, section 4.2.1), for tags and for the compact form.

use minicbor::Encoder;
use minicbor::data::Int;
use minicbor::encode::Error;
use std::convert::Infallible;

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
    let mut encoder = Encoder::new(Vec::with_capacity(128));
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
