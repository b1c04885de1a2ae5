//! What the service manager is told, as systemd's services of Type=notify do it.

use crate::control::Moment;
use sd_notify::NotifyState;
use std::time::Duration;
use tracing::warn;

/// Patience that is asked for while parked: a watchdog of seconds would wake a parked board each second, and a hang matters
/// there only to the next command.
const PARKED: Duration = Duration::from_secs(60);

/// The service manager that started this process.
#[derive(Debug)]
pub struct Service {
    watchdog: Option<Watchdog>,
    ready: bool,
}

/// How often the control loop must show that it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watchdog {
    /// The manager's patience while armed.
    armed_patience: Duration,
    armed: bool,
    fed: Moment,
}

/// What the manager has to hear of the control loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    None,
    /// It goes on, and needs this patience from now on if one is given.
    Alive(Option<Duration>),
}

impl Watchdog {
    const fn new(patience: Duration) -> Self {
        // The manager's own patience holds until the first step.
        Self { armed_patience: patience, armed: true, fed: Moment::new(Duration::ZERO) }
    }

    fn patience(self) -> Duration {
        if self.armed { self.armed_patience } else { self.armed_patience.max(PARKED) }
    }

    /// Half of the manager's patience after it was last fed, as sd_watchdog_enabled(3) advises.
    fn deadline(self) -> Moment {
        self.fed.after(self.patience().checked_div(2).unwrap_or_default())
    }

    /// What to tell after a step.
    fn stepped(&mut self, now: Moment, armed: bool) -> News {
        let changed = self.armed != armed;
        self.armed = armed;
        if !changed && now < self.deadline() {
            return News::None;
        }
        self.fed = now;
        if changed { News::Alive(Some(self.patience())) } else { News::Alive(None) }
    }
}

impl Service {
    /// The manager that the environment names, if any does.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        std::env::var_os("NOTIFY_SOCKET")?;
        Some(Self { watchdog: sd_notify::watchdog_enabled().map(Watchdog::new), ready: false })
    }

    /// Tells that the control loop has made a step: the first makes the service ready, whatever becomes of the broker.
    pub(super) fn stepped(&mut self, now: Moment, armed: bool) {
        let mut told = Vec::new();
        if !self.ready {
            self.ready = true;
            told.push(NotifyState::Ready);
        }
        if let Some(News::Alive(patience)) = self.watchdog.as_mut().map(|dog| dog.stepped(now, armed)) {
            let micros = |patience: Duration| u32::try_from(patience.as_micros()).unwrap_or(u32::MAX);
            told.extend(patience.map(|patience| NotifyState::WatchdogUsec(micros(patience))));
            told.push(NotifyState::Watchdog);
        }
        tell(&told);
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.watchdog.map(Watchdog::deadline)
    }

    pub(super) fn stopping(&self) {
        if self.ready {
            tell(&[NotifyState::Stopping]);
        }
    }
}

fn tell(news: &[NotifyState<'_>]) {
    if news.is_empty() {
        return;
    }
    if let Err(error) = sd_notify::notify(news) {
        warn!("the service manager can't be told: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn while_armed_it_is_fed_at_half_the_patience_and_only_by_steps() {
        let mut watchdog = Watchdog::new(Duration::from_secs(2));
        assert_eq!(watchdog.deadline(), at(1_000));
        assert_eq!(watchdog.stepped(at(20), true), News::None);
        assert_eq!(watchdog.stepped(at(1_010), true), News::Alive(None));
        assert_eq!(watchdog.deadline(), at(2_010));
        assert_eq!(watchdog.stepped(at(2_000), true), News::None);
    }

    #[test]
    fn while_parked_it_asks_for_patience_and_while_armed_it_gives_that_back() {
        let mut watchdog = Watchdog::new(Duration::from_secs(2));
        let parked = News::Alive(Some(Duration::from_secs(60)));
        assert_eq!(watchdog.stepped(at(0), false), parked);
        assert_eq!(watchdog.deadline(), at(30_000));
        let armed = News::Alive(Some(Duration::from_secs(2)));
        assert_eq!(watchdog.stepped(at(7_000), true), armed);
        assert_eq!(watchdog.deadline(), at(8_000));
    }

    #[test]
    fn a_manager_with_more_patience_keeps_it() {
        let mut watchdog = Watchdog::new(Duration::from_secs(600));
        watchdog.stepped(at(0), false);
        assert_eq!(watchdog.deadline(), at(300_000));
    }
}
