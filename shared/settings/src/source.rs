//! What a layer is made of: a whole TOML text, or one value of the environment or of a flag.

use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use config::{Map, Value, ValueKind};

use crate::document::Document;
use vehicle_protocol::Advice;

use crate::{Origin, Problem, Problems};

/// Values that lie over those of the layers below.
#[derive(Clone, Debug)]
pub(crate) struct Layer(Map<String, Value>);

impl Layer {
    /// Makes a layer of one value under a dotted key.
    pub(crate) fn entry(key: &str, origin: &Origin, value: String) -> Self {
        let tag = origin.tag();
        let mut parts = key.rsplit('.');
        let last = parts.next().unwrap_or(key);
        let value = Map::from_iter([(last.to_owned(), Value::new(Some(&tag), value))]);
        let nest = |inner, part: &str| Map::from_iter([(part.to_owned(), Value::new(Some(&tag), inner))]);
        Self(parts.fold(value, nest))
    }

    /// Lays its values over those of `below`. (`config` would do it too, but takes a key such as `a[9]` for a path, and
    /// makes as many elements as it says.)
    pub(crate) fn cover(self, below: &mut Value) {
        cover(below, Value::new(None, self.0));
    }
}

fn cover(below: &mut Value, above: Value) {
    match (&mut below.kind, above) {
        (ValueKind::Table(below), Value { kind: ValueKind::Table(above), .. }) => {
            for (key, value) in above {
                match below.entry(key) {
                    Entry::Occupied(entry) => cover(entry.into_mut(), value),
                    Entry::Vacant(entry) => {
                        entry.insert(value);
                    }
                }
            }
        }
        (_, above) => *below = above,
    }
}

/// A TOML text, on disk or at hand.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    File(PathBuf),
    Given { name: String, text: String },
}

impl Text {
    /// Reads and parses the text.
    pub(crate) fn layer(&self) -> Result<Layer, Vec<Problem>> {
        match self {
            Self::Given { name, text } => Document { name, text }.values().map(Layer),
            Self::File(path) => {
                let name = path.display().to_string();
                let text = fs::read_to_string(path).map_err(|error| vec![unreadable(&name, &error)])?;
                Document { name: &name, text: &text }.values().map(Layer)
            }
        }
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Problem {
    Problem {
        key: String::new(),
        origin: Some(Origin::File { file: name.to_owned(), line: 0 }),
        advice: Advice::new(
            format!("the file cannot be read: {error}"),
            "check its name and its permissions",
        ),
    }
}

/// Makes one layer per variable that begins with the prefix, sorted, so that nothing hangs on the environment's order.
pub(crate) fn environment(
    prefix: &str,
    variables: &[(OsString, OsString)],
    problems: &mut Problems,
) -> Vec<Layer> {
    let prefix = format!("{prefix}__");
    let mut layers = Vec::new();
    for (name, value) in variables {
        let Some((name, rest)) = name.to_str().and_then(|name| Some((name, name.strip_prefix(&prefix)?)))
        else {
            continue;
        };
        let key = rest.to_lowercase().replace("__", ".");
        let origin = Origin::Environment(name.to_owned());
        match value.to_str() {
            Some("") => {}
            Some(value) => {
                let layer = Layer::entry(&key, &origin, value.to_owned());
                layers.push((key, layer));
            }
            None => problems.push(Problem {
                key,
                origin: Some(origin),
                advice: Advice::new("is not UTF-8 text", "set the variable to plain text"),
            }),
        }
    }
    layers.sort_by(|a, b| a.0.cmp(&b.0));
    layers.into_iter().map(|(_, layer)| layer).collect()
}
