//! The emergency stop's file: what it is to hold, and whether it does.

/// The state of the last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    Due,
    UnderWay,
    Done,
    Failed,
}

/// Follows the file, which others write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latch {
    wanted: bool,
    write: Write,
}

impl Latch {
    /// The file as it was found.
    pub(super) const fn new(set: bool) -> Self {
        Self { wanted: set, write: Write::Done }
    }

    /// Has the file hold it, set or not set.
    pub(super) fn write(&mut self, set: bool) {
        if self.wanted != set || self.write == Write::Failed {
            *self = Self { wanted: set, write: Write::Due };
        }
    }

    /// The write that is due after this step.
    pub(super) fn take_due(&mut self) -> Option<bool> {
        (self.write == Write::Due).then(|| {
            self.write = Write::UnderWay;
            self.wanted
        })
    }

    /// Tells whether a clearing is on its way to the file.
    pub(super) const fn is_clearing(self) -> bool {
        !self.wanted && matches!(self.write, Write::Due | Write::UnderWay)
    }

    /// Tells whether the file is known to hold it, set or not set.
    pub(super) fn holds(self, set: bool) -> bool {
        self.wanted == set && self.write == Write::Done
    }

    /// The file was written. Says whether it holds what it is to hold; an older write tells nothing.
    pub(super) fn written(&mut self, set: bool) -> bool {
        if set == self.wanted {
            self.write = Write::Done;
        }
        set == self.wanted
    }

    /// The file could not be written: a stop is in force all the same, a clearing is not. A clearing may have removed the
    /// file before it failed, so the stop is written again.
    pub(super) const fn failed(&mut self) {
        let write = if self.wanted { Write::Failed } else { Write::Due };
        *self = Self { wanted: true, write };
    }
}
