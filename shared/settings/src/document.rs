//! A TOML text as values that know their line.

use config::{Map, Value, ValueKind};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use vehicle_protocol::Advice;

use crate::{Origin, Problem};

/// A TOML text and the name under which problems mention it.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

impl Document<'_> {
    /// Reads the whole text, or says everything that is wrong with its syntax.
    pub(crate) fn values(self) -> Result<Map<String, Value>, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|error| self.syntax_problem(error)).collect());
        }
        Ok(self.table(root.into_inner()))
    }

    fn table(self, table: DeTable<'_>) -> Map<String, Value> {
        let mut values = Map::new();
        for (key, value) in table {
            let tag = self.origin(key.span().start).tag();
            values
                .insert(key.into_inner().into_owned(), Value::new(Some(&tag), self.kind(value.into_inner())));
        }
        values
    }

    fn kind(self, value: DeValue<'_>) -> ValueKind {
        match value {
            DeValue::String(text) => ValueKind::String(text.into_owned()),
            DeValue::Boolean(value) => ValueKind::Boolean(value),
            DeValue::Datetime(moment) => ValueKind::String(moment.to_string()),
            DeValue::Table(table) => ValueKind::Table(self.table(table)),
            DeValue::Array(array) => ValueKind::Array(self.array(array)),
            DeValue::Integer(number) => whole(&number),
            DeValue::Float(number) => ValueKind::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        }
    }

    fn array(self, array: DeArray<'_>) -> Vec<Value> {
        let element = |value: Spanned<DeValue<'_>>| {
            let tag = self.origin(value.span().start).tag();
            Value::new(Some(&tag), self.kind(value.into_inner()))
        };
        array.into_iter().map(element).collect()
    }

    fn syntax_problem(self, error: &toml::de::Error) -> Problem {
        let start = error.span().map_or(0, |span| span.start);
        let before = self.text.get(..start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let column = before.get(line_start..).unwrap_or("").chars().count().saturating_add(1);
        let line = self.text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        Problem {
            key: String::new(),
            origin: Some(self.origin(start)),
            advice: Advice::new(
                format!("column {column}: {}", error.message().replace('\n', ", ")),
                format!("correct the line `{}`", line.trim_end()),
            ),
        }
    }

    fn origin(self, at: usize) -> Origin {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count().saturating_add(1);
        Origin::File { file: self.name.to_owned(), line }
    }
}

/// Keeps a number of any size, so that it is refused by the range of the type that was asked for.
fn whole(number: &DeInteger<'_>) -> ValueKind {
    let (text, radix) = (number.as_str(), number.radix());
    let wide = || i128::from_str_radix(text, radix).map(ValueKind::I128);
    let kind = i64::from_str_radix(text, radix).map(ValueKind::I64).or_else(|_| wide());
    kind.unwrap_or(ValueKind::Float(f64::INFINITY))
}
