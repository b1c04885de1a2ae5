//! Connects, and connects again.

use super::connection::{Connection, Failed};
use super::error::LinkError;
use super::mailbox::Mailbox;
use super::presence::PresenceKeeper;
use super::vehicle::Vehicle;
use crate::clock::Clock;
use crate::trusted_time::TrustedTime;
use rumqttc::MqttOptions;
use std::sync::Arc;
use std::time::Duration;
use vehicle_link::{Backoff, Ending, Endpoint, EndpointError, vehicle_client_id};
use vehicle_protocol::{Epoch, Topics};

/// The first pause.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause while the vehicle could move.
const LONGEST_ARMED: Duration = Duration::from_secs(2);
/// The longest pause while it is parked, and the pause while a person has to change something.
const LONGEST: Duration = Duration::from_secs(60);
/// A connection that held so long was a success. Two vehicles of one name, who put each other out at once, pause longer
/// and longer.
const STABLE: Duration = Duration::from_secs(2);

/// Connects, and connects again.
pub(super) struct Supervisor<R> {
    vehicle: Vehicle,
    options: MqttOptions,
    clock: Clock,
    random: R,
    mailbox: Arc<Mailbox>,
    keeper: PresenceKeeper,
    backoff: Backoff,
    /// The last number that a broker may know.
    link: u32,
    /// The last complaint, so as to log it once.
    complaint: String,
    trusted_time: Arc<TrustedTime>,
    /// Of the vehicle's own certificate.
    ending: Option<Ending>,
    /// The last remark on the files, so as to log it once.
    remark: String,
}

impl<R: FnMut() -> u64> Supervisor<R> {
    pub(super) fn new(
        endpoint: &Endpoint,
        topics: &Topics,
        epoch: Epoch,
        (clock, trusted_time): (Clock, Arc<TrustedTime>),
        random: R,
        mailbox: Arc<Mailbox>,
    ) -> Result<Self, EndpointError> {
        let (options, ending) = prepared(endpoint, &vehicle_client_id(topics.id().as_str()), &trusted_time)?;
        Ok(Self {
            options,
            ending,
            trusted_time,
            remark: String::new(),
            vehicle: Vehicle::new(endpoint.clone(), topics.clone(), epoch),
            clock,
            random,
            mailbox,
            keeper: PresenceKeeper::default(),
            backoff: Backoff::new(FIRST_PAUSE, LONGEST),
            link: 0,
            complaint: String::new(),
        })
    }

    /// Goes on until the link is told to leave.
    pub(super) async fn run(mut self) {
        while !self.mailbox.is_leaving() {
            let Err(trouble) = self.connect_and_serve().await else { return };
            self.complain(&trouble);
            self.pause(trouble.is_permanent()).await;
            if trouble.is_permanent() {
                self.read_again().await;
            }
        }
    }

    /// Reads the TLS files once more: whoever has to change something may have.
    async fn read_again(&mut self) {
        let (endpoint, trusted_time) = (self.vehicle.endpoint.clone(), Arc::clone(&self.trusted_time));
        let id = self.options.client_id();
        // Beside the control loop, which never waits for a disk.
        let read = tokio::task::spawn_blocking(move || prepared(&endpoint, &id, &trusted_time)).await;
        match read {
            Ok(Ok((options, ending))) => (self.options, self.ending) = (options, ending),
            Ok(Err(error)) => self.remark(error.to_string()),
            Err(_) => {}
        }
    }

    /// A broker was good enough to connect to.
    fn note_certificates(&mut self) {
        if !self.vehicle.endpoint.url.is_tls() {
            return;
        }
        if let Some(time) = self.trusted_time.confirmed() {
            let trusted_time = Arc::clone(&self.trusted_time);
            tokio::task::spawn_blocking(move || {
                if let Err(error) = trusted_time.keep(time) {
                    tracing::warn!("the time is not kept for the next start: {error}");
                }
            });
        }
        let warning = self.ending.as_ref().and_then(|ending| ending.warning(self.trusted_time.now()));
        if let Some(warning) = warning {
            self.remark(warning.to_string());
        }
    }

    fn remark(&mut self, remark: String) {
        if remark != self.remark {
            tracing::warn!("{remark}");
            self.remark = remark;
        }
    }

    async fn connect_and_serve(&mut self) -> Result<(), LinkError> {
        // A number belongs to a last will. A broker may hold the will of an attempt that failed, and publish it while a
        // later connection stands: only if that has a higher number is the will void. An attempt that no broker can know
        // of leaves its number to the next, so that connections are counted as far as anyone can tell.
        let link = self.link.saturating_add(1);
        let mut options = self.options.clone();
        options.set_last_will(self.vehicle.will(link));
        let attempt = tokio::select! {
            biased;
            attempt = Connection::open(&self.vehicle, options, link) => attempt,
            () = left(&self.mailbox) => return Ok(()),
        };
        let connection = match attempt {
            Ok(connection) => connection,
            Err(Failed { trouble, may_have_a_will }) => {
                self.link = if may_have_a_will { link } else { self.link };
                return Err(trouble);
            }
        };
        self.link = link;
        self.complaint.clear();
        tracing::info!(broker = %self.vehicle.endpoint.url, link, "connected");
        self.note_certificates();
        let begin = self.clock.now();
        let end = connection.serve(&self.vehicle, &self.mailbox, &mut self.keeper, self.clock).await;
        if self.clock.now().since(begin) >= STABLE {
            self.backoff.reset();
        }
        end
    }

    fn complain(&mut self, trouble: &LinkError) {
        let complaint = trouble.to_string();
        let (dropped, shed) = (self.mailbox.counters().dropped, self.mailbox.shed());
        if complaint == self.complaint {
            tracing::debug!(dropped, shed, "still: {complaint}");
        } else if trouble.is_permanent() {
            tracing::error!("{complaint} (tried again every {} s)", LONGEST.as_secs());
        } else {
            tracing::warn!(dropped, shed, "{complaint}");
        }
        self.complaint = complaint;
    }

    /// Waits before the next attempt; shorter if the vehicle is armed meanwhile, unless the trouble needs a person.
    async fn pause(&mut self, permanent: bool) {
        let random = (self.random)();
        let begin = self.clock.now();
        loop {
            let armed = self.mailbox.is_armed();
            self.backoff.set_max(if armed { LONGEST_ARMED } else { LONGEST });
            let length = if permanent {
                Backoff::new(LONGEST, LONGEST).next(random)
            } else {
                // Not yet taken: a pause that is cut short is still one pause.
                self.backoff.clone().next(random)
            };
            tokio::select! {
                () = tokio::time::sleep_until(self.clock.until(begin.after(length))) => break,
                () = self.mailbox.posted() => {}
            }
            if self.mailbox.is_leaving() {
                return;
            }
        }
        if !permanent {
            self.backoff.next(random);
        }
    }
}

/// The options that follow from the TLS files.
fn prepared(
    endpoint: &Endpoint,
    client_id: &str,
    trusted_time: &Arc<TrustedTime>,
) -> Result<(MqttOptions, Option<Ending>), EndpointError> {
    let options = endpoint.options_by(client_id, Arc::<TrustedTime>::clone(trusted_time))?;
    Ok((options, endpoint.ending()?))
}

/// Waits until the link is told to leave.
async fn left(mailbox: &Mailbox) {
    while !mailbox.is_leaving() {
        mailbox.posted().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_protocol::Root;

    fn supervisor() -> Supervisor<impl FnMut() -> u64> {
        let endpoint = Endpoint::new("mqtt://localhost".parse().unwrap());
        let topics = Root::default().vehicle("rover-1".parse().unwrap());
        let mailbox = Arc::new(Mailbox::default());
        let trusted_time = Arc::new(TrustedTime::new(std::path::Path::new("/nowhere"), || Duration::ZERO));
        let times = (Clock::start(), trusted_time);
        Supervisor::new(&endpoint, &topics, Epoch::default(), times, || u64::MAX, mailbox).unwrap()
    }

    /// Milliseconds until the link tries again.
    async fn paused(supervisor: &mut Supervisor<impl FnMut() -> u64>, permanent: bool) -> u64 {
        let begin = supervisor.clock.now();
        supervisor.pause(permanent).await;
        // The timer has a grain of 1 ms.
        supervisor.clock.now().clock() / 10 * 10 - begin.clock() / 10 * 10
    }

    #[tokio::test(start_paused = true)]
    async fn a_parked_vehicle_pauses_longer_and_longer_up_to_a_minute() {
        let mut supervisor = supervisor();
        for expected in [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 60_000, 60_000] {
            assert_eq!(paused(&mut supervisor, false).await, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_armed_vehicle_pauses_two_seconds_at_most() {
        let mut supervisor = supervisor();
        supervisor.mailbox.set_armed(true);
        for expected in [100, 200, 400, 800, 1_600, 2_000, 2_000] {
            assert_eq!(paused(&mut supervisor, false).await, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn arming_cuts_a_long_pause_short_unless_a_person_has_to_act() {
        for (permanent, expected) in [(false, 5_000), (true, 60_000)] {
            let mut supervisor = supervisor();
            for _ in 0..20 {
                supervisor.backoff.next(0);
            }
            let mailbox = Arc::clone(&supervisor.mailbox);
            let arm = async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                mailbox.set_armed(true);
            };
            let ((), length) = tokio::join!(arm, paused(&mut supervisor, permanent));
            assert_eq!(length, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn leaving_ends_a_pause() {
        let mut supervisor = supervisor();
        supervisor.mailbox.leave();
        assert_eq!(paused(&mut supervisor, true).await, 0);
    }
}
