//! Connects, and connects again.

use super::connection::{Connection, Failed};
use super::desk::Desk;
use super::keeper::Keeper;
use super::trouble::Trouble;
use super::vehicle::Vehicle;
use crate::calendar::Calendar;
use crate::clock::Clock;
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
    desk: Arc<Desk>,
    keeper: Keeper,
    backoff: Backoff,
    /// The last number that a broker may know.
    link: u32,
    /// What was last complained of, so as to say it once.
    complaint: String,
    calendar: Arc<Calendar>,
    /// Of the vehicle's own certificate.
    ending: Option<Ending>,
    /// What was last said of the files, so as to say it once.
    remark: String,
}

impl<R: FnMut() -> u64> Supervisor<R> {
    pub(super) fn new(
        endpoint: &Endpoint,
        topics: &Topics,
        epoch: Epoch,
        (clock, calendar): (Clock, Arc<Calendar>),
        random: R,
        desk: Arc<Desk>,
    ) -> Result<Self, EndpointError> {
        let (options, ending) = prepared(endpoint, &vehicle_client_id(topics.id().as_str()), &calendar)?;
        Ok(Self {
            options,
            ending,
            calendar,
            remark: String::new(),
            vehicle: Vehicle::new(endpoint.clone(), topics.clone(), epoch),
            clock,
            random,
            desk,
            keeper: Keeper::default(),
            backoff: Backoff::new(FIRST_PAUSE, LONGEST),
            link: 0,
            complaint: String::new(),
        })
    }

    /// Goes on until the link is told to leave.
    pub(super) async fn run(mut self) {
        while !self.desk.is_leaving() {
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
        let (endpoint, calendar) = (self.vehicle.endpoint.clone(), Arc::clone(&self.calendar));
        let id = self.options.client_id();
        // Beside the control loop, which never waits for a disk.
        let read = tokio::task::spawn_blocking(move || prepared(&endpoint, &id, &calendar)).await;
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
        if let Some(time) = self.calendar.confirmed() {
            let calendar = Arc::clone(&self.calendar);
            tokio::task::spawn_blocking(move || {
                if let Err(error) = calendar.keep(time) {
                    tracing::warn!("the time is not kept for the next start: {error}");
                }
            });
        }
        let warning = self.ending.as_ref().and_then(|ending| ending.warning(self.calendar.now()));
        if let Some(warning) = warning {
            self.remark(warning);
        }
    }

    fn remark(&mut self, remark: String) {
        if remark != self.remark {
            tracing::warn!("{remark}");
            self.remark = remark;
        }
    }

    async fn connect_and_serve(&mut self) -> Result<(), Trouble> {
        // A number belongs to a last will. A broker may hold the will of an attempt that failed, and publish it while a
        // later connection stands: only if that has a higher number is the will void. An attempt that no broker can know
        // of leaves its number to the next, so that connections are counted as far as anyone can tell.
        let link = self.link.saturating_add(1);
        let mut options = self.options.clone();
        options.set_last_will(self.vehicle.will(link));
        let attempt = tokio::select! {
            biased;
            attempt = Connection::open(&self.vehicle, options, link) => attempt,
            () = left(&self.desk) => return Ok(()),
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
        let end = connection.serve(&self.vehicle, &self.desk, &mut self.keeper, self.clock).await;
        if self.clock.now().since(begin) >= STABLE {
            self.backoff.reset();
        }
        end
    }

    fn complain(&mut self, trouble: &Trouble) {
        let complaint = trouble.to_string();
        let (dropped, shed) = (self.desk.counters().dropped, self.desk.shed());
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
            let armed = self.desk.is_armed();
            self.backoff.set_max(if armed { LONGEST_ARMED } else { LONGEST });
            let length = if permanent {
                Backoff::new(LONGEST, LONGEST).next(random)
            } else {
                // Not yet taken: a pause that is cut short is still one pause.
                self.backoff.clone().next(random)
            };
            tokio::select! {
                () = tokio::time::sleep_until(self.clock.until(begin.after(length))) => break,
                () = self.desk.posted() => {}
            }
            if self.desk.is_leaving() {
                return;
            }
        }
        if !permanent {
            self.backoff.next(random);
        }
    }
}

/// What the TLS files amount to.
fn prepared(
    endpoint: &Endpoint,
    client_id: &str,
    calendar: &Arc<Calendar>,
) -> Result<(MqttOptions, Option<Ending>), EndpointError> {
    let options = endpoint.options_by(client_id, Arc::<Calendar>::clone(calendar))?;
    Ok((options, endpoint.ending()?))
}

/// Waits until the link is told to leave.
async fn left(desk: &Desk) {
    while !desk.is_leaving() {
        desk.posted().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vehicle_protocol::Root;

    fn supervisor() -> Supervisor<impl FnMut() -> u64> {
        let endpoint = Endpoint::new("mqtt://localhost".parse().unwrap());
        let topics = Root::default().vehicle("rover-1".parse().unwrap());
        let desk = Arc::new(Desk::default());
        let calendar = Arc::new(Calendar::new(std::path::Path::new("/nowhere"), || Duration::ZERO));
        let times = (Clock::start(), calendar);
        Supervisor::new(&endpoint, &topics, Epoch::default(), times, || u64::MAX, desk).unwrap()
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
        supervisor.desk.set_armed(true);
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
            let desk = Arc::clone(&supervisor.desk);
            let arm = async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                desk.set_armed(true);
            };
            let ((), length) = tokio::join!(arm, paused(&mut supervisor, permanent));
            assert_eq!(length, expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn leaving_ends_a_pause() {
        let mut supervisor = supervisor();
        supervisor.desk.leave();
        assert_eq!(paused(&mut supervisor, true).await, 0);
    }
}
