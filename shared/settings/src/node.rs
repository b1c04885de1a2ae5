//! The merged values as a serde deserializer that knows keys and origins, and goes on after a mistake.

mod access;
mod fault;
mod value;

use std::cell::RefCell;
use std::collections::BTreeSet;

use config::{Map, Value, ValueKind};

pub(crate) use fault::Fault;

use crate::nearest::next_step;
use crate::{Origin, Problem};
use vehicle_protocol::Advice;

/// What is learnt on the way through the structs.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    problems: RefCell<Vec<Problem>>,
    known: RefCell<BTreeSet<String>>,
    unknown: RefCell<Vec<(String, Value)>>,
}

impl Walk {
    /// Gives the wrong values and, now that all names are known, the unknown keys.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        let known = self.known.into_inner();
        for (key, value) in self.unknown.into_inner() {
            let (key, value) = innermost(key, value);
            problems.push(Problem {
                origin: origin_of(&value),
                advice: Advice::new("unknown key", next_step(&key, &known)),
                key,
            });
        }
        problems
    }

    fn report(&self, fault: Fault) {
        self.problems.borrow_mut().push(fault.into_problem());
    }

    fn learn(&self, key: &str) {
        self.known.borrow_mut().insert(key.to_owned());
    }

    /// Notes what a table holds besides the fields of its struct.
    fn refuse(&self, table: &Node<'_>, rest: Map<String, Value>) {
        let mut rest: Vec<_> = rest.into_iter().collect();
        rest.sort_by(|a, b| a.0.cmp(&b.0));
        let unknown = rest.into_iter().map(|(name, value)| (table.path(&name), value));
        self.unknown.borrow_mut().extend(unknown);
    }
}

/// Follows tables of one entry, so that a slip in a table's name is reported with the key that was meant.
fn innermost(key: String, value: Value) -> (String, Value) {
    if let ValueKind::Table(table) = &value.kind {
        if let (1, Some((name, inner))) = (table.len(), table.iter().next()) {
            return innermost(format!("{key}.{name}"), inner.clone());
        }
    }
    (key, value)
}

fn origin_of(value: &Value) -> Option<Origin> {
    value.origin().and_then(Origin::from_tag)
}

/// One place in the tree of values.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    key: String,
    content: Content,
    /// Within a field a wrong structure is the field's fault; outside, the table is reported and skipped.
    within_field: bool,
    walk: &'a Walk,
}

#[derive(Debug)]
enum Content {
    Missing,
    /// What lies below a value that should have been a table, and was reported as such.
    Spoiled,
    Given(Value),
}

impl<'a> Node<'a> {
    /// Starts at the top.
    pub(crate) fn root(value: Value, walk: &'a Walk) -> Self {
        Self { key: String::new(), content: Content::Given(value), within_field: false, walk }
    }

    fn path(&self, name: &str) -> String {
        if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) }
    }

    fn child(&self, key: String, content: Content) -> Self {
        Self { key, content, within_field: self.within_field, walk: self.walk }
    }

    fn origin(&self) -> Option<Origin> {
        match &self.content {
            Content::Given(value) => origin_of(value),
            Content::Missing | Content::Spoiled => None,
        }
    }

    /// Tells whether the value comes from where everything is text.
    fn is_text(&self) -> bool {
        self.origin().is_some_and(|origin| origin.is_text())
    }

    fn fault(&self, what: impl Into<String>, next_step: impl Into<String>) -> Fault {
        Fault::new(what, next_step).at(&self.key, self.origin())
    }

    /// Says what the value must be, and what it is.
    fn must_be(&self, must: &str, next_step: impl Into<String>) -> Fault {
        match &self.content {
            Content::Given(value) => {
                self.fault(format!("must be {must}, is {}", fault::described(value)), next_step)
            }
            Content::Missing | Content::Spoiled => self.fault("is missing", next_step),
        }
    }
}
