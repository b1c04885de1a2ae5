//! File, environment and flags, one over the other.

use std::ffi::OsString;
use std::fmt::Display;
use std::path::Path;

use config::{Map, Value};
use serde::Deserialize;

use crate::node::{Node, Walk};
use crate::source::{self, Layer, Text};
use crate::{Origin, Problems};

/// The sources of the settings: files below the environment, the environment below flags, whatever the order of
/// the calls.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    documents: Vec<Text>,
    prefix: Option<String>,
    variables: Vec<(OsString, OsString)>,
    flags: Vec<Layer>,
}

impl Layers {
    /// Starts without any source.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a TOML file, which must exist; a later one lies over an earlier one.
    #[must_use]
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        self.documents.push(Text::File(path.as_ref().to_owned()));
        self
    }

    /// Adds a TOML text under the `name` by which problems mention it.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.documents.push(Text::Given { name: name.into(), text: text.into() });
        self
    }

    /// Adds this process's environment: with the prefix `VEHICLE_AGENT`, the variable `VEHICLE_AGENT__BROKER__URL`
    /// sets `broker.url`. An empty variable counts as not set; a list is written with commas.
    #[must_use]
    pub fn environment(self, prefix: impl Into<String>) -> Self {
        self.variables(prefix, std::env::vars_os())
    }

    /// Adds the given variables instead of the process's own.
    #[must_use]
    pub fn variables<K, V>(
        mut self,
        prefix: impl Into<String>,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self
    where
        K: Into<OsString>,
        V: Into<OsString>,
    {
        self.prefix = Some(prefix.into());
        self.variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self
    }

    /// Sets `key` to the value of the flag `name`, if it was given; a list is written with commas.
    #[must_use]
    pub fn flag(
        mut self,
        name: impl Into<String>,
        key: impl Into<String>,
        value: Option<impl Display>,
    ) -> Self {
        if let Some(value) = value {
            let origin = Origin::Flag(name.into());
            self.flags.push(Layer::entry(&key.into(), &origin, value.to_string()));
        }
        self
    }

    /// Merges all sources, reads them as `R`, and has `validated` make the final settings of it.
    ///
    /// # Errors
    ///
    /// Gives every problem: those of the sources, those that `validated` adds. Only a file that cannot be read or
    /// parsed keeps the rest from being looked at.
    pub fn resolve<R, T>(self, validated: impl FnOnce(R, &mut Problems) -> Option<T>) -> Result<T, Problems>
    where
        R: for<'de> Deserialize<'de>,
    {
        let mut problems = Problems::default();
        let Some(root) = self.merge(&mut problems) else { return Err(problems.sorted()) };
        let walk = Walk::default();
        let raw = R::deserialize(Node::root(root, &walk));
        problems.extend(walk.into_problems());
        let settings = match raw {
            Ok(raw) => validated(raw, &mut problems),
            Err(fault) => {
                problems.push(fault.into_problem());
                None
            }
        };
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems.sorted()),
        }
    }

    fn merge(self, problems: &mut Problems) -> Option<Value> {
        let mut root = Value::new(None, Map::<String, Value>::new());
        for document in &self.documents {
            match document.layer() {
                Ok(layer) => layer.cover(&mut root),
                Err(found) => problems.extend(found),
            }
        }
        let environment =
            self.prefix.as_deref().map(|prefix| source::environment(prefix, &self.variables, problems));
        for layer in environment.into_iter().flatten().chain(self.flags) {
            layer.cover(&mut root);
        }
        problems.is_empty().then_some(root)
    }
}
