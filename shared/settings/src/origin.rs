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

    /// Writes the origin as the one string that `config` keeps with each value.
    pub(crate) fn tag(&self) -> String {
        match self {
            Self::File { file, line } => format!("file {line} {file}"),
            Self::Environment(name) => format!("environment {name}"),
            Self::Flag(name) => format!("flag {name}"),
        }
    }

    /// Reads back what [`Origin::tag`] wrote.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let (kind, rest) = tag.split_once(' ')?;
        match kind {
            "file" => {
                let (line, file) = rest.split_once(' ')?;
                Some(Self::File { file: file.to_owned(), line: line.parse().ok()? })
            }
            "environment" => Some(Self::Environment(rest.to_owned())),
            "flag" => Some(Self::Flag(rest.to_owned())),
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
    fn a_tag_gives_back_its_origin() {
        let origins = [
            Origin::File { file: "my settings/agent 2.toml".into(), line: 12 },
            Origin::Environment("VEHICLE_AGENT__BROKER__URL".into()),
            Origin::Flag("--broker".into()),
        ];
        for origin in origins {
            assert_eq!(Origin::from_tag(&origin.tag()), Some(origin));
        }
    }
}
