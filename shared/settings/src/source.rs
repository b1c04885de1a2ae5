//! What a layer is made of: a whole TOML text, or one value of the environment or of a flag.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use config::{ConfigError, Map, Source, Value};

use crate::document::Document;
use crate::{Origin, Problem, Problems};

/// Values that `config` lays over those of the layers below.
#[derive(Clone, Debug)]
pub(crate) struct Layer(Map<String, Value>);

impl Layer {
    /// Makes a layer of one value under a dotted key.
    pub(crate) fn entry(key: String, origin: &Origin, value: String) -> Self {
        Self(Map::from_iter([(key, Value::new(Some(&origin.tag()), value))]))
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
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
        what: format!("the file cannot be read: {error}"),
        next_step: "check its name and its permissions".to_owned(),
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
            Some(value) => layers.push((key.clone(), Layer::entry(key, &origin, value.to_owned()))),
            None => problems.push(Problem {
                key,
                origin: Some(origin),
                what: "is not UTF-8 text".to_owned(),
                next_step: "set the variable to plain text".to_owned(),
            }),
        }
    }
    layers.sort_by(|a, b| a.0.cmp(&b.0));
    layers.into_iter().map(|(_, layer)| layer).collect()
}
