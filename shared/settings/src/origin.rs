//! Where a value comes from.

use std::fmt;

/// Where a setting was given; sorts in the order in which a person looks: file by line, environment, flags.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A TOML file, with the line of the key, counted from 1.
    File {
        /// The file as it was named by the caller.
        file: String,
        /// The line, from 1; 0 where the whole file is meant.
        line: usize,
    },
    /// An environment variable, by its name.
    Environment(String),
    /// A flag of the command line, by its name.
    Flag(String),
}

impl Origin {
    /// Tells whether values from here are always text, so that numbers have to be parsed.
    pub(crate) fn is_text(&self) -> bool {
        match self {
            Self::File { .. } => false,
            Self::Environment(_) | Self::Flag(_) => true,
        }
    }

    /// Takes an optional origin apart for serde: source, name and line. Serde hands a [`crate::Field`] nothing but plain data.
    pub(crate) fn to_parts(origin: Option<Self>) -> (u64, String, u64) {
        match origin {
            None => (0, String::new(), 0),
            Some(Self::File { file, line }) => (1, file, line.try_into().unwrap_or(u64::MAX)),
            Some(Self::Environment(name)) => (2, name, 0),
            Some(Self::Flag(name)) => (3, name, 0),
        }
    }

    /// Puts together again what [`Origin::to_parts`] took apart.
    pub(crate) fn from_parts(source: u64, name: String, line: u64) -> Option<Self> {
        match source {
            1 => Some(Self::File { file: name, line: line.try_into().unwrap_or(usize::MAX) }),
            2 => Some(Self::Environment(name)),
            3 => Some(Self::Flag(name)),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line: 0 } => f.write_str(file),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_give_back_their_origin() {
        let origins = [
            Origin::File { file: "my settings/agent 2.toml".into(), line: 12 },
            Origin::Environment("VEHICLE_AGENT__BROKER__URL".into()),
            Origin::Flag("--broker".into()),
        ];
        for origin in origins {
            let (source, name, line) = Origin::to_parts(Some(origin.clone()));
            assert_eq!(Origin::from_parts(source, name, line), Some(origin));
        }
    }
}
