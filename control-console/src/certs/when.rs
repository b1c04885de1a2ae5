//! Dates of certificates.

use crate::clock;
use crate::exit::{Exit, Fault};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;

const DAY: Duration = Duration::from_secs(86_400);

/// A second of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When(SystemTime);

impl When {
    pub(super) fn now() -> Self {
        Self(clock::wall())
    }

    /// The moment this many days later.
    ///
    /// # Errors
    /// If no calendar goes that far.
    pub(super) fn after(self, days: u32) -> Result<Self, Fault> {
        let later = DAY.checked_mul(days).and_then(|time| self.0.checked_add(time));
        later.map(Self).ok_or_else(|| Fault::new(Exit::Usage, "that is too long", "choose fewer days"))
    }

    /// Some days before, so that what begins now counts on machines whose clock is behind.
    pub(super) fn backdated(self) -> Self {
        Self(self.0.checked_sub(DAY.saturating_mul(2)).unwrap_or(self.0))
    }

    /// Whole days from `now` until then; none if it is past.
    pub(super) fn days_from(self, now: Self) -> Option<u64> {
        self.0.duration_since(now.0).ok()?.as_secs().checked_div(DAY.as_secs())
    }

    /// The day alone, as 2026-11-22.
    pub(super) fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl From<When> for OffsetDateTime {
    fn from(when: When) -> Self {
        when.0.into()
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_rfc3339_seconds(self.0))
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map(Self).map_err(de::Error::custom)
    }
}
