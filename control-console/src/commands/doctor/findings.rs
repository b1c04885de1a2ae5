//! Checks and findings, and how they are printed.

use crate::exit::{Exit, Fault};
use crate::output::{Output, Tone, printable_lines};
use serde::Serialize;
use serde_json::json;
use vehicle_protocol::VehicleId;

/// The checks, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Check {
    /// Flags, environment, file.
    Configuration,
    /// Its size, and what it tells of keys.
    Terminal,
    /// The terminal's abilities.
    Characters,
    /// Their permissions.
    Files,
    /// The time of day.
    Clock,
    /// The broker's.
    Address,
    /// The broker's.
    Port,
    /// TLS, or none.
    Encryption,
    /// As whom.
    Login,
    /// The topics that may be read.
    Topics,
    /// All of them.
    Vehicles,
    /// Its presence.
    Presence,
    /// Which contract it speaks.
    Protocol,
    /// Commands and answers, there and back.
    Answers,
    /// The key that it needs.
    Key,
    /// Commands left at the broker.
    Retained,
}

impl Check {
    /// Those about no vehicle in particular.
    const GENERAL: [Self; 12] = [
        Self::Configuration,
        Self::Terminal,
        Self::Characters,
        Self::Files,
        Self::Clock,
        Self::Address,
        Self::Port,
        Self::Encryption,
        Self::Login,
        Self::Topics,
        Self::Vehicles,
        Self::Retained,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Terminal => "terminal",
            Self::Characters => "characters",
            Self::Files => "files",
            Self::Clock => "clock",
            Self::Address => "address",
            Self::Port => "port",
            Self::Encryption => "encryption",
            Self::Login => "login",
            Self::Topics => "topics",
            Self::Vehicles => "vehicles",
            Self::Presence => "presence",
            Self::Protocol => "protocol",
            Self::Answers => "answers",
            Self::Key => "key",
            Self::Retained => "retained",
        }
    }
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Ok,
    Warn,
    Fail,
    Skipped,
}

impl Mark {
    const fn told(self) -> (&'static str, Option<Tone>) {
        match self {
            Self::Ok => ("ok", None),
            Self::Warn => ("warn", None),
            Self::Fail => ("FAIL", Some(Tone::Bad)),
            Self::Skipped => ("-", Some(Tone::Faint)),
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    check: Check,
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicle: Option<&'a VehicleId>,
    mark: Mark,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_step: Option<&'a str>,
    exit: Exit,
}

/// The findings so far; each is printed at once.
pub(super) struct Findings<'a> {
    output: &'a Output,
    vehicle: Option<VehicleId>,
    warnings: u32,
    failures: u32,
    worst: Exit,
}

impl<'a> Findings<'a> {
    pub(super) const fn new(output: &'a Output) -> Self {
        Self { output, vehicle: None, warnings: 0, failures: 0, worst: Exit::Done }
    }

    /// The streams, to ask something.
    pub(super) const fn output(&self) -> &'a Output {
        self.output
    }

    /// Sets the vehicle that the following findings are about.
    pub(super) fn about(&mut self, vehicle: Option<&VehicleId>) {
        self.vehicle = vehicle.cloned();
    }

    pub(super) fn ok(&self, check: Check, what: &str) {
        self.tell(check, Mark::Ok, what, None, Exit::Done);
    }

    pub(super) fn warn(&mut self, check: Check, what: &str, next_step: &str) {
        self.warnings = self.warnings.saturating_add(1);
        self.tell(check, Mark::Warn, what, Some(next_step), Exit::Done);
    }

    pub(super) fn fail(&mut self, check: Check, fault: &Fault) {
        self.failures = self.failures.saturating_add(1);
        self.worst = self.worst.max(fault.exit);
        self.tell(check, Mark::Fail, &fault.advice.what, Some(&fault.advice.next_step), fault.exit);
    }

    pub(super) fn skip(&self, check: Check, why: &str) {
        self.tell(check, Mark::Skipped, &format!("skipped: {why}"), None, Exit::Done);
    }

    /// Skips all that come after this check.
    pub(super) fn skip_after(&self, last: Check, why: &str) {
        for check in Check::GENERAL.into_iter().filter(|check| *check > last) {
            self.skip(check, why);
        }
    }

    /// Skips this check and all that come after it.
    pub(super) fn skip_from(&self, first: Check, why: &str) {
        for check in Check::GENERAL.into_iter().filter(|check| *check >= first) {
            self.skip(check, why);
        }
    }

    fn tell(&self, check: Check, mark: Mark, what: &str, next_step: Option<&str>, exit: Exit) {
        if self.output.is_json() {
            self.output.object(&Line { check, vehicle: self.vehicle.as_ref(), mark, what, next_step, exit });
            return;
        }
        let (word, tone) = mark.told();
        let vehicle = self.vehicle.as_ref().map(|vehicle| format!("{vehicle} ")).unwrap_or_default();
        let head = format!("{word:<5} {:<17}", format!("{vehicle}{}", check.word()));
        self.fold(&head, what, tone);
        if let Some(step) = next_step {
            self.fold("      next:", step, None);
        }
    }

    fn fold(&self, head: &str, text: &str, tone: Option<Tone>) {
        let words: Vec<String> = printable_lines(text).split_whitespace().map(ToOwned::to_owned).collect();
        self.output.folded(head, &words, tone);
    }

    /// Sums up, and gives the code of the worst.
    pub(super) fn end(self) -> Exit {
        let Self { output, warnings, failures, worst, .. } = self;
        if output.is_json() {
            output.object(&json!({ "warnings": warnings, "failures": failures, "exit": worst }));
            return worst;
        }
        let count = |number: u32, one: &str, more: &str| match number {
            1 => format!("1 {one}"),
            number => format!("{number} {more}"),
        };
        let failed = if failures == 0 {
            "nothing has failed".to_owned()
        } else {
            count(failures, "failure", "failures")
        };
        output.line(&format!("\n{failed}, {}", count(warnings, "warning", "warnings")));
        worst
    }
}
