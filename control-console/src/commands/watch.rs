//! `watch`: what vehicles report, as it comes.

mod condition;
pub mod vehicle_state;
mod view;

pub use condition::{Condition, ConditionError};

use crate::cli::WatchArgs;
use crate::client::{CommandClient, News};
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::Output;
use std::collections::BTreeMap;
use vehicle_protocol::Advice;
use vehicle_protocol::{Topic, VehicleId};
use vehicle_state::VehicleState;
use view::View;

/// The last one has nothing retained.
const TOPICS: [Topic; 4] = [Topic::Presence, Topic::Status, Topic::Telemetry, Topic::Events];

/// Prints what comes until the condition holds, the count is reached, time is up, or for ever.
///
/// # Errors
/// If the broker is not reached.
pub async fn run(options: &Options, arguments: WatchArgs, output: &Output) -> Result<Exit, Fault> {
    let filters = arguments.vehicles.iter().flat_map(|vehicle| {
        let topics = options.root.vehicle(vehicle.clone());
        TOPICS.map(|topic| (topics.of(topic), QoS::AtLeastOnce))
    });
    let mut client =
        CommandClient::start(options, Subscriptions { filters: filters.collect(), settle: false })?;
    let start = client.clock.now();
    let mut watch = Watch {
        pictures: arguments.vehicles.into_iter().map(|vehicle| (vehicle, VehicleState::default())).collect(),
        view: View::new(arguments.field, output),
        until: arguments.until,
        left: arguments.count,
        end: options.timeout.filter(|_| options.timeout_is_flag).map(|timeout| start.saturating_add(timeout)),
        reach_by: Some(start.saturating_add(options.silence())),
        failure: None,
        hinted: false,
    };
    let ended = watch.run(&mut client, output).await;
    client.close().await;
    ended
}

struct Watch<'a> {
    pictures: BTreeMap<VehicleId, VehicleState>,
    view: View<'a>,
    until: Option<Condition>,
    left: Option<u64>,
    /// The end, if a person has set a time.
    end: Option<Moment>,
    /// The moment by which the broker must have been reached for the first time.
    reach_by: Option<Moment>,
    failure: Option<Advice>,
    /// Set once a field that does not exist was reported.
    hinted: bool,
}

impl Watch<'_> {
    async fn run(&mut self, client: &mut CommandClient, output: &Output) -> Result<Exit, Fault> {
        loop {
            match client.next([self.end, self.reach_by].into_iter().flatten().min()).await {
                News::Message { vehicle, topic, payload, retained } => {
                    let now = client.clock.now();
                    if let Some(exit) = self.on_message(&vehicle, topic, &payload, retained, now, output) {
                        return Ok(exit);
                    }
                }
                News::Up => {
                    self.reach_by = None;
                    if self.failure.take().is_some() {
                        output.talk("note: connected again");
                    }
                }
                News::Down(why) => {
                    self.pictures.values_mut().for_each(VehicleState::lose_link);
                    output.note(&format!("{why}; trying again, values shown before are old"));
                    self.failure = Some(why);
                }
                News::Barred(fault) | News::NotGranted(fault) => return Err(fault),
                News::Leave(exit) => return Ok(exit),
                News::Time if self.reach_by.is_some() => return Err(self.unreached()),
                News::Time => return Ok(self.time_is_up(output)),
                News::Connected
                | News::Settled
                | News::Agreed(..)
                | News::Answer(..)
                | News::StopPublished(..)
                | News::Progress(..)
                | News::Finished(_) => {}
            }
        }
    }

    /// Shows a message; gives the exit code if it was the last one.
    fn on_message(
        &mut self,
        vehicle: &VehicleId,
        topic: Topic,
        payload: &[u8],
        retained: bool,
        now: Moment,
        output: &Output,
    ) -> Option<Exit> {
        let vehicle_state = self.pictures.get_mut(vehicle)?;
        match vehicle_state.take(topic, payload, retained, now) {
            Ok(changes) => {
                if self.view.show(vehicle, topic, vehicle_state, &changes, now) {
                    self.left = self.left.map(|left| left.saturating_sub(1));
                }
            }
            Err(why) => output.talk(&format!("note: {vehicle} sent something unreadable on {topic}: {why}")),
        }
        if topic == Topic::Status {
            self.hint(vehicle, output);
        }
        if self.is_met(now) {
            return Some(Exit::Done);
        }
        if self.left == Some(0) || output.is_broken() {
            return Some(if self.until.is_some() { Exit::ConditionNotMet } else { Exit::Done });
        }
        None
    }

    /// Says once what there is, where a field is asked for that there is not.
    fn hint(&mut self, vehicle: &VehicleId, output: &Output) {
        let Some(vehicle_state) = self.pictures.get(vehicle) else { return };
        let mut asked =
            self.view.field().into_iter().chain(self.until.as_ref().map(|until| until.field.as_str()));
        let missing = asked.find_map(|field| Some((field, vehicle_state.instead_of(field)?)));
        let Some((field, known)) = missing.filter(|_| !self.hinted) else { return };
        output.talk(&format!("note: {vehicle} reports no {field}; it reports {known}"));
        self.hinted = true;
    }

    fn is_met(&self, now: Moment) -> bool {
        self.until.as_ref().is_some_and(|until| {
            self.pictures.values().all(|vehicle_state| {
                vehicle_state.current(&until.field, now).is_some_and(|value| until.holds(&value))
            })
        })
    }

    fn time_is_up(&self, output: &Output) -> Exit {
        match (&self.until, self.left) {
            (None, None) => return Exit::Done,
            (Some(until), _) => {
                let now: Vec<String> = self
                    .pictures
                    .iter()
                    .map(|(id, vehicle_state)| format!("{id}: {}", vehicle_state.told(&until.field)))
                    .collect();
                output.talk(&format!("error: the condition was not met in time ({})", now.join(", ")));
            }
            (None, Some(left)) => output.talk(&format!("error: time is up, {left} lines short")),
        }
        output.talk("next: give it longer with --timeout, or see who is there: control-console fleet");
        Exit::ConditionNotMet
    }

    fn unreached(&self) -> Fault {
        let in_time =
            || Advice::new("the broker did not answer in time", "check the address and that it runs");
        Fault { exit: Exit::BrokerNotReached, advice: self.failure.clone().unwrap_or_else(in_time) }
    }
}
