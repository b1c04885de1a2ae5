//! The vehicles: whether they are there, take commands from here, and answer soon.

mod visit;

use super::broker::Reached;
use super::findings::{Check, Findings};
use crate::commands::fleet::{age, place};
use crate::exit::{Exit, Fault};
use crate::options::Options;
use crate::transaction::{Report, in_milliseconds};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use vehicle_protocol::{
    Description, PROTOCOL_VERSION, Presence, PresenceState, Reason, Status, Topic, VehicleId,
};
use visit::Visit;

/// What a broker adds that waits for acknowledgements which the other side delays, from the shortest to the longest.
const NAGLE: std::ops::RangeInclusive<Duration> = Duration::from_millis(35)..=Duration::from_millis(120);
/// From here on driving by hand is slowed down.
const SLOW: Duration = Duration::from_millis(150);

/// Retained messages of a vehicle.
#[derive(Default)]
struct Known {
    presence: Option<Presence>,
    status: Option<Status>,
    description: Option<Description>,
}

impl Known {
    fn is_online(&self) -> bool {
        self.state() == Some(PresenceState::Online)
    }

    fn state(&self) -> Option<PresenceState> {
        self.presence.map(|presence| presence.state)
    }

    /// Age of the status, on the vehicle's own clock.
    fn age(&self, visit: &Visit) -> Option<u64> {
        let (presence, status) = (self.presence?, self.status.as_ref()?);
        let agreed = visit.agreement.filter(|_| presence.epoch == status.epoch)?;
        agreed.clock.checked_sub(status.time)
    }
}

fn known(options: &Options, reached: &Reached) -> BTreeMap<VehicleId, Known> {
    let mut vehicles = BTreeMap::<VehicleId, Known>::new();
    for message in &reached.messages {
        let Some((vehicle, topic)) = options.root.parse(&message.topic) else { continue };
        let known = vehicles.entry(vehicle).or_default();
        #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is retained in order")]
        match topic {
            Topic::Presence => known.presence = serde_json::from_slice(&message.payload).ok(),
            Topic::Status => known.status = serde_json::from_slice(&message.payload).ok(),
            Topic::Description => known.description = serde_json::from_slice(&message.payload).ok(),
            _ => {}
        }
    }
    vehicles
}

/// What came back of our own commands: who hears them may see what was left there.
#[derive(Default)]
pub(super) struct Echoes {
    /// The vehicles that took our commands while we did not hear them ourselves.
    pub(super) missing: BTreeSet<VehicleId>,
}

/// Looks at the one that is named, or at all that the broker knows of.
///
/// # Errors
/// If nothing could be asked, or a signal has ended it.
pub(super) async fn examine(
    options: &Options,
    named: Option<&VehicleId>,
    reached: &Reached,
    sees_commands: bool,
    findings: &mut Findings<'_>,
) -> Result<Echoes, Fault> {
    let mut known = known(options, reached);
    if let Some(named) = named {
        known.entry(named.clone()).or_default();
    } else if known.is_empty() {
        let what =
            format!("the broker knows of none under {}/, or does not let this login see them", options.root);
        let step = "start one (vehicle-agent run), or try control-console demo; is --root right? control-console config";
        findings.warn(Check::Vehicles, &what, step);
    }
    let asked: Vec<VehicleId> = known
        .iter()
        .filter(|(vehicle, known)| named == Some(vehicle) || known.is_online())
        .map(|(vehicle, _)| vehicle.clone())
        .collect();
    let visits = visit::all(options, &asked, sees_commands).await?;
    let mut echoes = Echoes::default();
    let mut known: Vec<_> = known.iter().collect();
    known.sort_by_cached_key(|(vehicle, _)| place(vehicle));
    for (vehicle, known) in known {
        findings.about(Some(vehicle));
        match visits.get(vehicle) {
            Some(visit) => {
                tell(options, vehicle, known, visit, reached.way, findings);
                if !visit.echo && !visit.times.is_empty() {
                    echoes.missing.insert(vehicle.clone());
                }
            }
            None => tell_of_absence(known, findings),
        }
    }
    findings.about(None);
    Ok(echoes)
}

fn tell_of_absence(known: &Known, findings: &mut Findings<'_>) {
    match known.state() {
        Some(PresenceState::ConnectionBroken) => {
            let step = "look at its power and network, then at its agent's log: journalctl -u vehicle-agent";
            findings.warn(Check::Presence, "gone without a word (CONNECTION_BROKEN)", step);
        }
        Some(state) => findings.ok(Check::Presence, &format!("not there, and has said so ({state})")),
        None => {
            let step = "name it to have it asked, or have its agent's list of topics allow presence";
            findings.warn(Check::Presence, "has never said whether it is there", step);
        }
    }
}

fn tell(
    options: &Options,
    vehicle: &VehicleId,
    known: &Known,
    visit: &Visit,
    way: Duration,
    findings: &mut Findings<'_>,
) {
    let failed = visit.reports.iter().find(|report| report.exit != Exit::Done);
    match known.state() {
        Some(PresenceState::Online) => {
            let last = known.age(visit).map(|age_ms| format!(", its last status is {} old", age(age_ms)));
            findings.ok(Check::Presence, &format!("ONLINE{}", last.unwrap_or_default()));
        }
        state => {
            let state = state.map_or("unknown to the broker", PresenceState::as_str);
            if visit.times.is_empty() {
                let step = "start its agent, or see who is there: control-console fleet; is --root right?";
                let what = format!("{vehicle} is not there ({state}), and does not answer");
                findings.fail(Check::Presence, &Fault::new(Exit::VehicleAway, what, step));
                findings.skip(Check::Answers, "it is not there");
                return;
            }
            let step = "restart its agent; it keeps its own presence true";
            findings.warn(Check::Presence, &format!("it answers, but its presence is {state}"), step);
        }
    }
    tell_of_protocol(known, findings);
    // What it says of a key that it does not know has no tag, and then no REASON counts; the exit code tells all the same.
    let key_failed = failed.filter(|report| report.exit == Exit::NotAuthorised);
    match (&visit.fault, failed) {
        (Some(fault), _) => findings.fail(Check::Key, fault),
        (None, Some(report)) if key_failed.is_none() => {
            findings.fail(Check::Answers, &unanswered(options, vehicle, report, visit));
        }
        (None, _) if !visit.times.is_empty() => tell_of_times(visit, way, findings),
        (None, _) => {}
    }
    if let Some(report) = key_failed {
        findings.fail(Check::Key, &fault_of(report));
    } else if failed.is_none() && visit.fault.is_none() {
        tell_of_key(options, vehicle, visit, findings);
    }
}

fn tell_of_protocol(known: &Known, findings: &mut Findings<'_>) {
    match &known.description {
        Some(is) if is.protocol == PROTOCOL_VERSION => {
            let what = format!("{}, agent {}, board {}", is.protocol, is.agent_version, is.board);
            findings.ok(Check::Protocol, &what);
        }
        Some(is) => {
            let what = format!("it speaks {}, this console {PROTOCOL_VERSION}", is.protocol);
            findings.warn(Check::Protocol, &what, "update the older of the two");
        }
        None => {
            let step = "allow this login to read its description topic, or update its agent";
            findings.warn(Check::Protocol, "it has not described itself, so nothing is known of it", step);
        }
    }
}

fn fault_of(report: &Report) -> Fault {
    let what = report.detail.clone().or_else(|| report.reason.map(|reason| reason.to_string()));
    let step = report.next_step.clone().unwrap_or_else(|| "control-console fleet".to_owned());
    Fault::new(report.exit, what.unwrap_or_else(|| report.outcome.to_string()), step)
}

/// A broker that drops what its access list forbids says nothing; how far the conversation came says where to look.
fn unanswered(options: &Options, vehicle: &VehicleId, report: &Report, visit: &Visit) -> Fault {
    let Fault { exit, advice } = fault_of(report);
    if report.reason.is_some() {
        return Fault { exit, advice };
    }
    let topic = |topic| options.root.filter(vehicle.as_str(), topic);
    let (write, read) = if visit.agreement.is_some() {
        (topic(Topic::Commands), topic(crate::commands::send::answers(options)))
    } else {
        (topic(Topic::SessionRequest), topic(Topic::Session))
    };
    let step = format!(
        "if others reach it, the broker drops what this login says: allow it to write {write} and to read {read}; if not, restart its agent"
    );
    Fault::new(exit, advice.what, step)
}

fn tell_of_times(visit: &Visit, way: Duration, findings: &mut Findings<'_>) {
    let (count, median) = (visit.times.len(), visit.median());
    let what = format!("{count} of {count} came, half of them within {:.1} ms", in_milliseconds(median));
    if NAGLE.contains(&median.saturating_sub(way)) {
        let step = "if the broker is mosquitto, give it the line `set_tcp_nodelay true`; else look at the way from broker to vehicle";
        let what = format!("{what}, and {:.1} ms to the broker", in_milliseconds(way));
        findings.warn(Check::Answers, &what, step);
    } else if median > SLOW {
        let step =
            "driving by hand is slowed down on such a way: look at the network, and at control-console ping";
        findings.warn(Check::Answers, &what, step);
    } else {
        findings.ok(Check::Answers, &what);
    }
}

fn tell_of_key(options: &Options, vehicle: &VehicleId, visit: &Visit, findings: &mut Findings<'_>) {
    if let Some(key) = options.keys.find(vehicle).ok().flatten() {
        findings.ok(Check::Key, &format!("it takes the key {} ({})", key.key, key.role));
        return;
    }
    match &visit.unsigned {
        Some(report) if report.reason == Some(Reason::Unsigned) => {
            let Fault { exit, advice } = fault_of(report);
            let what = "it wants commands signed, and there is no key for it here";
            let fault = Fault::new(exit, what, advice.next_step);
            findings.fail(Check::Key, &fault);
        }
        Some(report) if report.reason == Some(Reason::NotFound) && !options.endpoint.url.is_loopback() => {
            let step = format!("give it a key: control-console keys new {vehicle} --role driver");
            findings.warn(
                Check::Key,
                "none here and none needed: whoever reaches the broker may drive it",
                &step,
            );
        }
        Some(report) if report.reason == Some(Reason::NotFound) => {
            findings.ok(Check::Key, "none here and none needed");
        }
        _ => findings.skip(Check::Key, "none here; it did not say whether it wants one"),
    }
}
