//! The condition of `watch --until`.

use serde_json::Value;
use std::cmp::Ordering;
use std::str::FromStr;

/// A field, a comparison and a value, such as `speed_mph > 2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The field; parts of an object follow after points, as in `link.connections`.
    pub field: String,
    comparison: Comparison,
    value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// Two characters before one, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

/// The reason for which a text is not a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// None of the comparisons.
    #[error("write it as 'FIELD OP VALUE' with one of < <= > >= == !=, such as 'speed_mph > 2'")]
    NoComparison,
    /// Nothing, or nothing sensible, before the comparison.
    #[error("{0:?} is no field: use letters, digits, _ and points")]
    NoField(String),
    /// Nothing after the comparison.
    #[error("there is nothing to compare {0} with")]
    NoValue(String),
    /// An order of what has none.
    #[error("< and > compare numbers; {0:?} is none")]
    NoNumber(String),
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let at = text.find(['<', '>', '=', '!']).ok_or(ConditionError::NoComparison)?;
        let (field, rest) = text.split_at_checked(at).ok_or(ConditionError::NoComparison)?;
        let (comparison, value) = COMPARISONS
            .iter()
            .find_map(|(sign, comparison)| rest.strip_prefix(sign).map(|value| (*comparison, value.trim())))
            .ok_or(ConditionError::NoComparison)?;
        let field = field.trim();
        if field.is_empty() || !field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
            return Err(ConditionError::NoField(field.to_owned()));
        }
        if value.is_empty() {
            return Err(ConditionError::NoValue(field.to_owned()));
        }
        let value = literal(value);
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if ordered && !value.is_number() {
            return Err(ConditionError::NoNumber(text_of(&value)));
        }
        Ok(Self { field: field.to_owned(), comparison, value })
    }
}

/// A number, true, false, null, or else text, with or without quotes.
fn literal(text: &str) -> Value {
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(inner) = quoted('"').or_else(|| quoted('\'')) {
        return Value::String(inner.to_owned());
    }
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => value,
        _ => Value::String(text.to_owned()),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

impl Condition {
    /// Tells whether the condition holds for the field's value; a value of another kind never does.
    #[must_use]
    pub fn holds(&self, found: &Value) -> bool {
        let order = match (found, &self.value) {
            (Value::Number(found), Value::Number(value)) => {
                found.as_f64().zip(value.as_f64()).and_then(|(found, value)| found.partial_cmp(&value))
            }
            (found, value) if std::mem::discriminant(found) == std::mem::discriminant(value) => {
                return match self.comparison {
                    Comparison::Equal => found == value,
                    Comparison::NotEqual => found != value,
                    Comparison::Less
                    | Comparison::LessOrEqual
                    | Comparison::Greater
                    | Comparison::GreaterOrEqual => false,
                };
            }
            // A field that may be absent, such as the driver, differs from any text.
            _ => return self.comparison == Comparison::NotEqual,
        };
        order.is_some_and(|order| match self.comparison {
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
            Comparison::Equal => order == Ordering::Equal,
            Comparison::NotEqual => order != Ordering::Equal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn holds(condition: &str, found: &Value) -> bool {
        condition.parse::<Condition>().unwrap().holds(found)
    }

    #[test]
    fn numbers_words_and_truths_are_compared_each_with_its_kind() {
        for (condition, found, expected) in [
            ("speed_mph > 2", json!(2.5), true),
            ("speed_mph>2", json!(2), false),
            ("speed_mph >= 2", json!(2), true),
            ("speed_mph <= -1", json!(-1.5), true),
            ("speed_mph < 2", json!(2), false),
            ("speed_mph == 2", json!(2.0), true),
            ("speed_mph = 2", json!(2), true),
            ("speed_mph != 2", json!(3), true),
            ("mode == standing", json!("standing"), true),
            ("mode == 'standing'", json!("standing"), true),
            ("mode != standing", json!("standing"), false),
            ("engine == true", json!(true), true),
            ("engine == true", json!("true"), false),
            ("engine != true", json!(false), true),
            ("driver == null", Value::Null, true),
            ("driver != anna", Value::Null, true),
            ("speed_mph > 2", json!("3"), false),
        ] {
            assert_eq!(holds(condition, &found), expected, "{condition} with {found}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_the_reason() {
        for bad in
            ["", "speed_mph", "> 2", "speed_mph >", "mode > standing", "a b == 1", "speed_mph ! 2", "ä<1"]
        {
            assert!(bad.parse::<Condition>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_fail_otherwise_than_by_saying_so(text in ".*") {
            let _ = text.parse::<Condition>();
        }

        #[test]
        fn exactly_one_of_less_equal_and_greater_holds(a in -1e6f64..1e6, b in -1e6f64..1e6) {
            let found = json!(a);
            let count = ["<", "==", ">"].iter().filter(|sign| holds(&format!("x {sign} {b}"), &found)).count();
            prop_assert_eq!(count, 1);
        }
    }
}
