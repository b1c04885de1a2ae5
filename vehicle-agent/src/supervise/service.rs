//! Notifications to the service manager, in the way of systemd's Type=notify.

use crate::control::Moment;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use tracing::warn;

/// Patience that is asked for while parked: a watchdog of seconds would wake a parked board each second, and a hang matters
/// there only to the next command.
const PARKED: Duration = Duration::from_secs(60);

/// The service manager that started this process.
#[derive(Debug)]
pub struct Service {
    notifier: SystemdNotifier,
    watchdog: Option<Watchdog>,
    ready: bool,
}

/// The socket on which the manager listens. Every library waits for room in its queue, and a manager
/// that hangs must not hang the control loop.
#[derive(Debug)]
struct SystemdNotifier {
    socket: UnixDatagram,
    address: SocketAddr,
}

/// The manager's deadline for a sign of the control loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watchdog {
    /// The manager's patience while armed.
    armed_patience: Duration,
    armed: bool,
    fed: Moment,
}

/// A notification about the control loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notification {
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

    /// Chooses the notification after a step.
    fn report_step(&mut self, now: Moment, armed: bool) -> Notification {
        let changed = self.armed != armed;
        self.armed = armed;
        if !changed && now < self.deadline() {
            return Notification::None;
        }
        self.fed = now;
        if changed { Notification::Alive(Some(self.patience())) } else { Notification::Alive(None) }
    }
}

impl Service {
    /// The manager that the environment names, if any does.
    #[must_use]
    pub fn from_environment() -> Option<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let notifier = SystemdNotifier::open(&variable("NOTIFY_SOCKET")?)
            .inspect_err(|error| warn!("the service manager can't be told anything: {error}"))
            .ok()?;
        let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
        let another = number("WATCHDOG_PID").is_some_and(|id| id != u64::from(std::process::id()));
        let patience = number("WATCHDOG_USEC").filter(|_| !another).map(Duration::from_micros);
        Some(Self { notifier, watchdog: patience.map(Watchdog::new), ready: false })
    }

    /// Tells that the control loop has made a step: the first makes the service ready, whatever becomes of the broker.
    pub(super) fn report_step(&mut self, now: Moment, armed: bool) {
        let mut told = String::new();
        if !self.ready {
            self.ready = true;
            told.push_str("READY=1\n");
        }
        if let Some(Notification::Alive(patience)) =
            self.watchdog.as_mut().map(|dog| dog.report_step(now, armed))
        {
            if let Some(patience) = patience {
                // Writing to a text can't fail.
                let _ = writeln!(told, "WATCHDOG_USEC={}", patience.as_micros());
            }
            told.push_str("WATCHDOG=1\n");
        }
        self.notifier.notify(&told);
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        self.watchdog.map(Watchdog::deadline)
    }

    pub(super) fn notify_stopping(&self) {
        if self.ready {
            self.notifier.notify("STOPPING=1\n");
        }
    }
}

impl SystemdNotifier {
    fn open(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(name)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address })
    }

    fn notify(&self, news: &str) {
        if news.is_empty() {
            return;
        }
        if let Err(error) = self.socket.send_to_addr(news.as_bytes(), &self.address) {
            warn!("the service manager can't be told: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Moment {
        Moment::from_millis(millis)
    }

    #[test]
    fn a_manager_that_does_not_listen_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notifier");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = SystemdNotifier::open(path.as_os_str()).unwrap();
        // More than any queue of datagrams has room for.
        for _ in 0..5_000 {
            notifier.notify("WATCHDOG=1\n");
        }
        let mut heard = [0; 64];
        assert_eq!(manager.recv(&mut heard).unwrap(), 11);
        drop(manager);
        notifier.notify("WATCHDOG=1\n");
    }

    #[test]
    fn a_name_that_begins_with_an_at_is_no_file() {
        let name = format!("vehicle-agent-test-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        SystemdNotifier::open(OsStr::new(&format!("@{name}"))).unwrap().notify("READY=1\n");
        assert_eq!(manager.recv(&mut [0; 64]).unwrap(), 8);
    }

    #[test]
    fn while_armed_it_is_fed_at_half_the_patience_and_only_by_steps() {
        let mut watchdog = Watchdog::new(Duration::from_secs(2));
        assert_eq!(watchdog.deadline(), at(1_000));
        assert_eq!(watchdog.report_step(at(20), true), Notification::None);
        assert_eq!(watchdog.report_step(at(1_010), true), Notification::Alive(None));
        assert_eq!(watchdog.deadline(), at(2_010));
        assert_eq!(watchdog.report_step(at(2_000), true), Notification::None);
    }

    #[test]
    fn while_parked_it_asks_for_patience_and_while_armed_it_gives_that_back() {
        let mut watchdog = Watchdog::new(Duration::from_secs(2));
        let parked = Notification::Alive(Some(Duration::from_secs(60)));
        assert_eq!(watchdog.report_step(at(0), false), parked);
        assert_eq!(watchdog.deadline(), at(30_000));
        let armed = Notification::Alive(Some(Duration::from_secs(2)));
        assert_eq!(watchdog.report_step(at(7_000), true), armed);
        assert_eq!(watchdog.deadline(), at(8_000));
    }

    #[test]
    fn a_manager_with_more_patience_keeps_it() {
        let mut watchdog = Watchdog::new(Duration::from_secs(600));
        watchdog.report_step(at(0), false);
        assert_eq!(watchdog.deadline(), at(300_000));
    }
}
