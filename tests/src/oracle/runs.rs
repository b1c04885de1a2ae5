//! Runs of lines with one cause: a command acts from the first to the last line of its run.

use crate::trace::TraceLine;

const BOOT: &str = "BOOT";

/// The outputs of a run. The core keeps the cause of motion and the cause of lights and doors apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Motion,
    Body,
}

/// The first line of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    pub(super) part: Part,
    pub(super) line: &'a TraceLine,
}

/// The beginnings of all runs, in the order of the trace.
pub(super) fn runs(trace: &[TraceLine]) -> Vec<Run<'_>> {
    let (mut motion, mut body) = (None, None);
    let mut runs = Vec::new();
    let mut before: Option<&TraceLine> = None;
    for line in trace {
        if line.cause == BOOT {
            // Also where all outputs are off already: from here on, what acts acts in another boot.
            (motion, body) = (None, None);
            runs.extend([Part::Motion, Part::Body].map(|part| Run { part, line }));
            before = Some(line);
            continue;
        }
        let part = if before.is_none_or(|before| before.power() != line.power()) {
            Part::Motion
        } else {
            Part::Body
        };
        let last = if part == Part::Motion { &mut motion } else { &mut body };
        let cause = (line.cause.as_str(), line.id.as_deref());
        if *last != Some(cause) {
            *last = Some(cause);
            runs.push(Run { part, line });
        }
        before = Some(line);
    }
    runs
}
