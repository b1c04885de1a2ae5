//! How serde walks through tables, lists and fields.

use std::vec;

use config::{Map, Value};
use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::{Content, Fault, Node, origin_of};
use crate::field::{GIVEN, MISSING, WRONG};

/// The entries of a table: for a struct all its fields, given or not; for a map what is there.
pub(super) struct Entries<'a> {
    table: Node<'a>,
    names: vec::IntoIter<String>,
    next: Option<String>,
    values: Option<Map<String, Value>>,
}

impl<'a> Entries<'a> {
    /// Presents every field; what the table holds besides is refused. No table at all spoils the fields.
    pub(super) fn of_struct(table: Node<'a>, fields: &[&str], values: Option<Map<String, Value>>) -> Self {
        let names: Vec<String> = fields.iter().map(|&name| name.to_owned()).collect();
        for name in &names {
            table.walk.learn(&table.path(name));
        }
        let values = values.map(|mut values| {
            let known = names.iter().filter_map(|name| values.remove_entry(name)).collect();
            table.walk.refuse(&table, values);
            known
        });
        Self { table, names: names.into_iter(), next: None, values }
    }

    /// Presents the entries in the order of their names.
    pub(super) fn of_map(table: Node<'a>, values: Map<String, Value>) -> Self {
        let mut names: Vec<String> = values.keys().cloned().collect();
        names.sort();
        Self { table, names: names.into_iter(), next: None, values: Some(values) }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.next = self.names.next();
        match self.next.clone() {
            Some(name) => {
                let key: StringDeserializer<Fault> = name.into_deserializer();
                seed.deserialize(key).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let name = self.next.take().unwrap_or_default();
        let content = match &mut self.values {
            Some(values) => values.remove(&name).map_or(Content::Missing, Content::Given),
            None => Content::Spoiled,
        };
        let node = self.table.child(self.table.path(&name), content);
        let (key, origin) = (node.key.clone(), node.origin());
        seed.deserialize(node).map_err(|fault| fault.at(&key, origin))
    }
}

/// The values of a list.
pub(super) struct Elements<'a> {
    list: Node<'a>,
    values: std::iter::Enumerate<vec::IntoIter<Value>>,
}

impl<'a> Elements<'a> {
    pub(super) fn new(list: Node<'a>, values: Vec<Value>) -> Self {
        Self { list, values: values.into_iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some((index, value)) = self.values.next() else { return Ok(None) };
        let key = format!("{}[{index}]", self.list.key);
        let origin = origin_of(&value);
        let node = self.list.child(key.clone(), Content::Given(value));
        seed.deserialize(node).map(Some).map_err(|fault| fault.at(&key, origin))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

/// The parts of a [`crate::Field`]: key, origin, standing, and the value if there is one.
pub(super) struct Parts<'a> {
    texts: vec::IntoIter<String>,
    value: Option<Node<'a>>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(node: Node<'a>) -> Self {
        let standing = match node.content {
            Content::Missing => MISSING,
            Content::Spoiled => WRONG,
            Content::Given(_) => GIVEN,
        };
        let tag = node.origin().map(|origin| origin.tag()).unwrap_or_default();
        let texts = vec![node.key.clone(), tag, standing.to_owned()];
        Self { texts: texts.into_iter(), value: Some(Node { within_field: true, ..node }) }
    }
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        if let Some(text) = self.texts.next() {
            let text: StrDeserializer<'_, Fault> = text.as_str().into_deserializer();
            return seed.deserialize(text).map(Some);
        }
        let Some(node) = self.value.take() else { return Ok(None) };
        let (walk, key, origin) = (node.walk, node.key.clone(), node.origin());
        seed.deserialize(node).map(Some).map_err(|fault| {
            let fault = fault.at(&key, origin);
            let message = fault.to_string();
            walk.report(fault);
            // The field catches this one; what counts has been reported.
            Fault::new(message, String::new())
        })
    }
}
