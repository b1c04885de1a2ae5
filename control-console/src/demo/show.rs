//! The console's part of the demo: takes the vehicles on their tours, and shows it.

use super::summary::{Summary, Tally, Track};
use super::tour::Tour;
use super::view::View;
use crate::cli::DemoArgs;
use crate::client::{CommandClient, News};
use crate::clock::Moment;
use crate::commands::send;
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::Output;
use crate::transaction::Report;
use std::collections::{BTreeMap, BTreeSet};
use vehicle_protocol::{Presence, PresenceState, Root, Status, Telemetry, Topic, VehicleId};

/// A console with a script.
pub(super) struct Show<'a> {
    client: CommandClient,
    output: &'a Output,
    headless: bool,
    seed: u64,
    /// When it is over although vehicles would go on.
    until: Option<Moment>,
    guide: String,
    silence: std::time::Duration,
    tours: BTreeMap<VehicleId, Tour>,
    waiting: BTreeSet<VehicleId>,
    /// Those whose command under way has said that it takes time.
    slow: BTreeSet<VehicleId>,
    tracks: BTreeMap<VehicleId, Track>,
    tally: Tally,
    view: View,
}

impl<'a> Show<'a> {
    /// Begins to connect.
    pub(super) fn start(
        arguments: &DemoArgs,
        options: &Options,
        vehicles: &[VehicleId],
        output: &'a Output,
    ) -> Result<Self, Fault> {
        let mut subscriptions = send::subscriptions(options, vehicles);
        let topics = vehicles.iter().map(|vehicle| options.root.vehicle(vehicle.clone()));
        let watched =
            topics.flat_map(|topics| [Topic::Status, Topic::Telemetry].map(|topic| topics.of(topic)));
        subscriptions.filters.extend(watched.map(|topic| (topic, QoS::AtLeastOnce)));
        let length = arguments.length.unwrap_or_default();
        let tours = vehicles.iter().zip(arguments.seed..);
        Ok(Self {
            client: CommandClient::start(options, Subscriptions { settle: false, ..subscriptions })?,
            output,
            headless: arguments.headless || output.is_json(),
            seed: arguments.seed,
            until: arguments.length,
            guide: guide(options),
            silence: options.silence(),
            tours: tours.map(|(vehicle, seed)| (vehicle.clone(), Tour::new(seed, length))).collect(),
            waiting: vehicles.iter().cloned().collect(),
            slow: BTreeSet::new(),
            tracks: vehicles.iter().map(|vehicle| (vehicle.clone(), Track::default())).collect(),
            tally: Tally::default(),
            view: View::new(vehicles.first().cloned()),
        })
    }

    /// Plays until all tours are over; with a view it then goes on until somebody ends it.
    pub(super) async fn run(&mut self) -> Result<Exit, Fault> {
        if !self.headless {
            self.output.line(&self.guide);
        }
        let left = loop {
            if self.headless && self.tours.is_empty() {
                break None;
            }
            let until = self.until.filter(|_| self.tours.is_empty());
            match self.client.next(until).await {
                News::Message { vehicle, topic, payload, .. } => self.follow(&vehicle, topic, &payload)?,
                News::Progress(vehicle, _) => {
                    self.slow.insert(vehicle);
                }
                News::Finished(report) => self.finished(&report)?,
                News::Down(why) => self.output.note(&format!("{why}; trying again")),
                News::Barred(fault) | News::NotGranted(fault) => return Err(fault),
                News::Leave(exit) => break Some(exit),
                News::Time => break None,
                News::StopPublished(..)
                | News::Connected
                | News::Up
                | News::Settled
                | News::Agreed(..)
                | News::Answer(..) => {}
            }
        };
        Ok(self.end(left))
    }

    /// Takes leave of the broker.
    pub(super) async fn close(self) {
        self.client.close().await;
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no other topic is subscribed to for the view")]
    fn follow(&mut self, vehicle: &VehicleId, topic: Topic, payload: &[u8]) -> Result<(), Fault> {
        let Some(track) = self.tracks.get_mut(vehicle) else { return Ok(()) };
        match topic {
            Topic::Presence => {
                let online = |presence: Presence| presence.state == PresenceState::Online;
                if serde_json::from_slice(payload).is_ok_and(online) && self.waiting.remove(vehicle) {
                    self.go_on(vehicle)?;
                }
                return Ok(());
            }
            Topic::Status => {
                if let Ok(status) = serde_json::from_slice::<Status>(payload) {
                    track.follow_status(&status);
                    self.view.follow_status(vehicle, status);
                }
            }
            Topic::Telemetry => {
                if let Ok(telemetry) = serde_json::from_slice::<Telemetry>(payload) {
                    track.follow_telemetry(&telemetry);
                    self.view.follow_telemetry(vehicle, &telemetry);
                }
            }
            _ => return Ok(()),
        }
        if !self.headless {
            self.view.draw(self.client.clock.now(), self.output);
        }
        Ok(())
    }

    /// The next command of a vehicle's tour.
    fn go_on(&mut self, vehicle: &VehicleId) -> Result<(), Fault> {
        let now = self.client.clock.now();
        let Some(command) = self.tours.get_mut(vehicle).and_then(|tour| tour.next(now)) else {
            self.tours.remove(vehicle);
            if !self.headless && self.tours.is_empty() {
                self.view.say("The tour is over; now you. Ctrl-C ends the demo.", self.output);
            }
            return Ok(());
        };
        self.tally.sent();
        let form = send::form(command.name(), false);
        self.client.begin(vehicle, command, form, None, self.silence)
    }

    fn finished(&mut self, report: &Report) -> Result<(), Fault> {
        let at_once = !self.slow.remove(&report.vehicle);
        self.tally.finished(self.client.clock.now(), report, at_once);
        if !self.headless {
            self.view.say(&format!("{} {} {}", report.vehicle, report.command, report.outcome), self.output);
        }
        self.go_on(&report.vehicle)
    }

    fn end(&mut self, left: Option<Exit>) -> Exit {
        let summary = Summary::new(self.seed, self.client.clock.now(), &self.tally, &self.tracks);
        if self.output.is_json() {
            self.output.object(&summary);
        } else {
            self.view.say(&summary.told(), self.output);
        }
        match left {
            // With a view, Ctrl-C is how the demo ends.
            Some(Exit::Interrupted) if !self.headless => Exit::Done,
            Some(exit) => exit,
            None if summary.ok => Exit::Done,
            None => Exit::NotSucceeded,
        }
    }
}

fn guide(options: &Options) -> String {
    // As it was called, so that the lines can be copied whether it is installed or not.
    let mut console = std::env::args().next().unwrap_or_else(|| "control-console".to_owned());
    let (url, root) = (options.endpoint.url.to_string(), &options.root);
    console.extend([" --broker ", &url]);
    if *root != Root::default() {
        console.extend([" --root ", &root.to_string()]);
    }
    format!(
        "A broker, a simulated vehicle and this console run in one process.\n\
         The vehicle goes on a tour first. In another terminal you can command it yourself:\n\
         \n  {console} send rover-1 turn-on-engine\
         \n  {console} send rover-1 accelerate\
         \n  {console} watch rover-1\
         \n  {console} estop rover-1\
         \n  mosquitto_pub -p {port} -t {topic} -m '{{\"CMD\":\"TURN_ON_HEADLIGHTS\"}}'\n",
        port = url.rsplit(':').next().unwrap_or_default(),
        topic = root.filter("rover-1", Topic::Commands),
    )
}
