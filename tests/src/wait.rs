//! Waiting for a condition instead of for a time.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The limit for what takes milliseconds on an idle machine and may take many seconds on a busy one.
pub const SOON: Duration = Duration::from_secs(60);

/// How often a condition is looked at that nobody announces, such as a line in a file.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks again and again until `look` gives a value, and returns it.
///
/// # Errors
///
/// When `look` fails, or when it gave nothing for the whole `limit`: the message then names `what` was awaited.
pub async fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let looking = async {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Some(value) = look()? {
                return Ok(value);
            }
        }
    };
    within(what, limit, looking).await
}

/// Runs `work` for at most `limit`.
///
/// # Errors
///
/// When `work` fails, or does not end in time: the message then names `what` was awaited.
pub async fn within<T>(what: &str, limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(limit, work).await.with_context(|| format!("waited {limit:?} in vain for {what}"))?
}
