//! The IDs of the setpoints and questions of one drive.

use vehicle_protocol::CommandId;

/// Numbers the messages of one console to one vehicle.
#[derive(Debug)]
pub struct CommandIds {
    stem: String,
    last: u64,
}

impl CommandIds {
    /// IDs that begin with `stem`, which nobody else uses.
    #[must_use]
    pub const fn new(stem: String) -> Self {
        Self { stem, last: 0 }
    }

    /// The number of the next ID.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.last.saturating_add(1)
    }

    /// The number in an ID that was made here.
    #[must_use]
    pub fn number(&self, id: &CommandId) -> Option<u64> {
        id.as_str().strip_prefix(&self.stem)?.strip_prefix('-')?.parse().ok()
    }

    /// Makes an ID that was never made before.
    pub fn make(&mut self) -> Option<CommandId> {
        self.last = self.next_number();
        format!("{}-{}", self.stem, self.last).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_recognised_by_its_stem() {
        let mut names = CommandIds::new("ab".to_owned());
        assert_eq!(
            names.make().map(|id| (id.to_string(), names.number(&id))),
            Some(("ab-1".to_owned(), Some(1)))
        );
        for other in ["ab-", "ab1", "abc-1", "b-1"] {
            assert_eq!(names.number(&other.parse().unwrap()), None, "{other}");
        }
    }
}
