//! The request of `tests/faults`; without one, a pull request's share.

use std::env;

use anyhow::{Context, Result};

/// The number of runs, and the first seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) seed: Option<u64>,
    pub(crate) long: bool,
    count: Option<u64>,
}

impl Request {
    /// Reads what `tests/faults` has set.
    pub(crate) fn read() -> Result<Self> {
        let number = |name: &str| -> Result<Option<u64>> {
            let value = env::var(name).ok();
            value
                .map(|value| value.parse().with_context(|| format!("{name}={value} is no number")))
                .transpose()
        };
        Ok(Self {
            seed: number("FAULTS_SEED")?,
            long: env::var_os("FAULTS_LONG").is_some(),
            count: number("FAULTS_COUNT")?,
        })
    }

    /// Counts the runs of a row.
    pub(crate) fn count(self, short: u64, long: u64) -> u64 {
        self.count.unwrap_or(if self.long { long } else { short })
    }
}
