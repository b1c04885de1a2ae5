//! Values that know where they were given.

use std::collections::BTreeMap;

use crate::Origin;

/// The entries of a table, in the order of their names.
pub(crate) type Map = BTreeMap<String, Value>;

/// A value and its origin; none for the table that all layers are laid over.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) origin: Option<Origin>,
    pub(crate) kind: ValueKind,
}

/// A value as TOML knows them; environment and flags give strings only.
#[derive(Clone, Debug)]
pub(crate) enum ValueKind {
    String(String),
    Boolean(bool),
    Whole(i128),
    Real(f64),
    Table(Map),
    Array(Vec<Value>),
}

impl Value {
    pub(crate) fn new(origin: Origin, kind: ValueKind) -> Self {
        Self { origin: Some(origin), kind }
    }
}
