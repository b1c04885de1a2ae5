//! `estop`: asks nothing, and keeps trying until each vehicle has answered.

use crate::cli::EstopArgs;
use crate::client::{CommandClient, News};
use crate::commands::send;
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::Output;
use crate::transaction::{Form, Report};
use std::collections::BTreeSet;
use std::time::Duration;
use vehicle_protocol::Advice;
use vehicle_protocol::{Command, Topic, VehicleId};

/// Default for the time that it keeps trying.
const TIMEOUT: Duration = Duration::from_secs(10);
/// After the broker has sent what it had kept, silence for so long means that no more vehicles will show up.
const QUIET: Duration = Duration::from_millis(300);

/// Stops the vehicles named, or all that the broker knows of.
///
/// # Errors
/// If nothing could be begun, or no vehicle is known.
pub(crate) async fn run(options: &Options, arguments: &EstopArgs, output: &Output) -> Result<Exit, Fault> {
    let subscriptions =
        if arguments.all { everybody(options) } else { send::subscriptions(options, &arguments.vehicles) };
    let silence = options.timeout.unwrap_or(TIMEOUT);
    let mut round = Round {
        client: CommandClient::start(options, subscriptions)?,
        output,
        silence,
        begun: BTreeSet::new(),
        open: 0,
        worst: Exit::Done,
        unsure: Vec::new(),
    };
    for vehicle in &arguments.vehicles {
        round.stop(vehicle)?;
    }
    let ended = round.run(arguments.all).await;
    round.client.close().await;
    if round.begun.len() > 1 && !round.unsure.is_empty() {
        let (unsure, all) = (round.unsure.len(), round.begun.len());
        output.talk(&format!("{unsure} of {all} not known to have stopped: {}", round.unsure.join(", ")));
    }
    ended.map(|()| round.worst)
}

fn everybody(options: &Options) -> Subscriptions {
    // QoS 0: brokers send all retained messages at once, instead of a few at a time between acknowledgements.
    let filters = [
        (Topic::Presence, QoS::AtMostOnce),
        (Topic::Status, QoS::AtMostOnce),
        (Topic::Session, QoS::AtLeastOnce),
        (send::answers(options), QoS::AtLeastOnce),
    ];
    let filters = filters.map(|(topic, qos)| (options.root.every_vehicle(topic), qos));
    Subscriptions { filters: filters.into(), settle: true }
}

struct Round<'a> {
    client: CommandClient,
    output: &'a Output,
    silence: Duration,
    begun: BTreeSet<VehicleId>,
    open: usize,
    worst: Exit,
    /// Those that are not known to have stopped.
    unsure: Vec<String>,
}

impl Round<'_> {
    fn stop(&mut self, vehicle: &VehicleId) -> Result<(), Fault> {
        if self.begun.insert(vehicle.clone()) {
            self.client.begin(vehicle, Command::EmergencyStop, Form::Identified, None, self.silence)?;
            if let Some(fault) = self.client.unusable_key(vehicle) {
                self.output.note(&format!("{vehicle} is stopped without a key: {fault}"));
            }
            self.open = self.open.saturating_add(1);
        }
        Ok(())
    }

    /// Until each vehicle has answered; with `all`, not before all can be known.
    async fn run(&mut self, all: bool) -> Result<(), Fault> {
        let end = self.client.clock.now().saturating_add(self.silence);
        let (mut settled, mut quiet) = (!all, all.then_some(end));
        let mut not_granted = None;
        let mut failure =
            Some(Advice::new("the broker did not answer in time", "check the address and that it runs"));
        while self.open > 0 || !settled {
            match self.client.next(quiet).await {
                News::Finished(report) => self.finished(&report),
                News::Message { vehicle, .. } if all => self.stop(&vehicle)?,
                News::Settled => quiet = Some(self.client.clock.now().saturating_add(QUIET)),
                News::Time => (settled, quiet) = (true, None),
                News::Down(why) => {
                    self.output.note(&format!("{why}; trying again"));
                    failure = Some(why);
                }
                News::Up => failure = None,
                News::Connected => {
                    failure = Some(Advice::new("the broker has not answered the subscriptions", "try again"));
                }
                News::NotGranted(fault) => {
                    self.output.note(&format!("{fault}; stops are published all the same"));
                    not_granted = Some(fault);
                    // Without all subscriptions the broker marks no end of what it had kept.
                    quiet = all.then(|| self.client.clock.now().saturating_add(QUIET));
                }
                News::Barred(fault) if self.begun.is_empty() => return Err(fault),
                News::Leave(exit) if self.begun.is_empty() => {
                    return Err(Fault::new(
                        exit,
                        "ended by a signal before any stop was sent",
                        "run it again",
                    ));
                }
                News::Barred(_) | News::Leave(_) => settled = true,
                News::StopPublished(..)
                | News::Progress(..)
                | News::Agreed(..)
                | News::Answer(..)
                | News::Message { .. } => {}
            }
        }
        if let Some(fault) = not_granted.filter(|_| self.begun.is_empty()) {
            return Err(fault);
        }
        match (self.begun.is_empty(), failure) {
            (true, Some(why)) => Err(Fault { exit: Exit::BrokerNotReached, advice: why }),
            (true, None) => {
                let step =
                    "name it: control-console estop VEHICLE; or is --root right? control-console config";
                Err(Fault::new(Exit::VehicleAway, "no vehicle is known on this broker", step))
            }
            (false, _) => Ok(()),
        }
    }

    fn finished(&mut self, report: &Report) {
        self.output.report(report);
        self.open = self.open.saturating_sub(1);
        self.worst = self.worst.max(report.exit);
        if report.exit != Exit::Done {
            let why = if report.exit == Exit::VehicleAway { " (offline)" } else { "" };
            self.unsure.push(format!("{}{why}", report.vehicle));
        }
    }
}
