//! Asks vehicles for their status a few times; nothing of it moves anything.

use crate::client::{CommandClient, News};
use crate::commands::ping::{median, pause};
use crate::commands::send::subscriptions;
use crate::exit::{Exit, Fault};
use crate::link::QoS;
use crate::options::Options;
use crate::random;
use crate::transaction::{Agreement, Form, Report};
use std::collections::BTreeMap;
use std::time::Duration;
use vehicle_protocol::{Command, CommandName, Topic, VehicleId};

/// So many times: what delays small packets is not there at the beginning of a connection.
const ROUNDS: usize = 5;

/// The answers of a vehicle.
#[derive(Default)]
pub(super) struct Visit {
    /// The ends of the requests for its status; after one that failed there is no other.
    pub(super) reports: Vec<Report>,
    /// Round trips of the answered ones.
    pub(super) times: Vec<Duration>,
    /// Its answer to the first handshake.
    pub(super) agreement: Option<Agreement>,
    /// The outcome of an unsigned command that does nothing, where there is no key.
    pub(super) unsigned: Option<Report>,
    /// The fault that kept us from asking.
    pub(super) fault: Option<Fault>,
    /// Set if our own command came back to us: this login may read the topic of commands.
    pub(super) echo: bool,
}

impl Visit {
    fn goes_on(&self) -> bool {
        self.fault.is_none() && self.reports.iter().all(|report| report.exit == Exit::Done)
    }

    /// The time within which half of the answers came.
    pub(super) fn median(&self) -> Duration {
        let mut sorted = self.times.clone();
        sorted.sort_unstable();
        median(&sorted).unwrap_or_default()
    }

    fn take(&mut self, report: Report) {
        if report.command == CommandName::Cancel {
            self.unsigned = Some(report);
        } else {
            self.times.extend(report.round_trip);
            self.reports.push(report);
        }
    }
}

/// Visits them all side by side.
///
/// # Errors
/// If no connection is possible, or a signal has ended it.
pub(super) async fn all(
    options: &Options,
    vehicles: &[VehicleId],
    sees_commands: bool,
) -> Result<BTreeMap<VehicleId, Visit>, Fault> {
    let mut visits: BTreeMap<VehicleId, Visit> =
        vehicles.iter().map(|vehicle| (vehicle.clone(), Visit::default())).collect();
    if vehicles.is_empty() {
        return Ok(visits);
    }
    let mut wanted = subscriptions(options, vehicles);
    if sees_commands {
        let commands = |vehicle: &VehicleId| options.root.vehicle(vehicle.clone()).of(Topic::Commands);
        let commands = vehicles.iter().map(|vehicle| (commands(vehicle), QoS::AtLeastOnce));
        wanted.filters.splice(0..0, commands);
    }
    let mut client = CommandClient::start(options, wanted)?;
    let visited = rounds(options, &mut client, &mut visits).await;
    client.close().await;
    visited.map(|()| visits)
}

async fn rounds(
    options: &Options,
    client: &mut CommandClient,
    visits: &mut BTreeMap<VehicleId, Visit>,
) -> Result<(), Fault> {
    for _ in 0..ROUNDS {
        let mut open = 0_usize;
        for (vehicle, visit) in visits.iter_mut().filter(|(_, visit)| visit.goes_on()) {
            let begun = client.begin(vehicle, Command::ReportStatus, Form::Timed, None, options.silence());
            match begun {
                Ok(()) => open = open.saturating_add(1),
                Err(fault) => visit.fault = Some(fault),
            }
        }
        if open == 0 {
            return Ok(());
        }
        hear(client, visits, open).await?;
        if let Some(exit) = pause(client).await {
            return Err(left(exit));
        }
    }
    let mut open = 0_usize;
    for (vehicle, visit) in visits.iter() {
        if visit.goes_on() && matches!(options.keys.find(vehicle), Ok(None)) {
            let nothing = random::name()?.parse();
            let nothing =
                nothing.map_err(|_| Fault::new(Exit::Other, "a random name is no ID", "report this"))?;
            client.begin(vehicle, Command::Cancel(nothing), Form::Identified, None, options.silence())?;
            open = open.saturating_add(1);
        }
    }
    hear(client, visits, open).await
}

/// Until so many have come to their end.
async fn hear(
    client: &mut CommandClient,
    visits: &mut BTreeMap<VehicleId, Visit>,
    mut open: usize,
) -> Result<(), Fault> {
    while open > 0 {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the reports say the rest")]
        match client.next(None).await {
            News::Finished(report) => {
                open = open.saturating_sub(1);
                if let Some(visit) = visits.get_mut(&report.vehicle) {
                    visit.take(report);
                }
            }
            News::Agreed(vehicle, agreement) => {
                if let Some(visit) = visits.get_mut(&vehicle) {
                    visit.agreement = visit.agreement.or(Some(agreement));
                }
            }
            News::Message { vehicle, topic: Topic::Commands, .. } => {
                if let Some(visit) = visits.get_mut(&vehicle) {
                    visit.echo = true;
                }
            }
            News::Leave(exit) => return Err(left(exit)),
            _ => {}
        }
    }
    Ok(())
}

fn left(exit: Exit) -> Fault {
    Fault::new(exit, "ended by a signal", "run it again")
}
