//! `audit`: who asked a vehicle for what, when, and what came of it, as the vehicle tells it.

use crate::cli::AuditArgs;
use crate::client::{CommandClient, News};
use crate::clock::{self, Moment};
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::{Output, Tone, printable};
use serde::Serialize;
use vehicle_protocol::Advice;
use vehicle_protocol::{Event, EventKind, State, Topic, VehicleId};

/// One line for programs.
#[derive(Serialize)]
struct Line<'a> {
    /// Wall clock at receipt; `time` is the vehicle's own clock.
    heard: String,
    vehicle: &'a VehicleId,
    #[serde(flatten)]
    event: &'a Event,
}

/// Prints the events of vehicles as they come, until the count is reached, time is up, or for ever.
///
/// # Errors
/// If the broker is not reached.
pub(crate) async fn run(options: &Options, arguments: &AuditArgs, output: &Output) -> Result<Exit, Fault> {
    let filters = arguments
        .vehicles
        .iter()
        .map(|vehicle| (options.root.vehicle(vehicle.clone()).of(Topic::Events), QoS::AtLeastOnce));
    let mut client =
        CommandClient::start(options, Subscriptions { filters: filters.collect(), settle: false })?;
    let ended = follow(&mut client, options, arguments.count, output).await;
    client.close().await;
    ended
}

async fn follow(
    client: &mut CommandClient,
    options: &Options,
    count: Option<u64>,
    output: &Output,
) -> Result<Exit, Fault> {
    let start = client.clock.now();
    let end =
        options.timeout.filter(|_| options.timeout_is_flag).map(|timeout| start.saturating_add(timeout));
    let mut reach_by: Option<Moment> = Some(start.saturating_add(options.silence()));
    let mut left = count.unwrap_or(u64::MAX);
    let mut failure = Advice::new("the broker did not answer in time", "check the address and that it runs");
    while left > 0 && !output.is_broken() {
        match client.next([end, reach_by].into_iter().flatten().min()).await {
            News::Up => {
                reach_by = None;
                output.note("listening; what happened before is in the agent's log, or in a record");
            }
            News::Down(why) => {
                output.note(&format!("{why}; trying again, and what happens meanwhile is not heard"));
                failure = why;
            }
            News::Barred(fault) | News::NotGranted(fault) => return Err(fault),
            News::Leave(exit) => return Ok(exit),
            News::Time if reach_by.is_some() => {
                return Err(Fault { exit: Exit::BrokerNotReached, advice: failure });
            }
            News::Time => return Ok(if count.is_some() { Exit::ConditionNotMet } else { Exit::Done }),
            News::Message { vehicle, topic: Topic::Events, payload, .. } => {
                match serde_json::from_slice::<Event>(&payload) {
                    Ok(event) => {
                        tell(&vehicle, &event, output);
                        left = left.saturating_sub(1);
                    }
                    Err(error) => {
                        output.talk(&format!("note: {vehicle} sent an event that is none: {error}"));
                    }
                }
            }
            News::Message { .. }
            | News::Connected
            | News::Settled
            | News::Agreed(..)
            | News::Answer(..)
            | News::StopPublished(..)
            | News::Progress(..)
            | News::Finished(_) => {}
        }
    }
    Ok(Exit::Done)
}

fn tell(vehicle: &VehicleId, event: &Event, output: &Output) {
    let heard = humantime::format_rfc3339_seconds(clock::wall()).to_string();
    if output.is_json() {
        output.object(&Line { heard, vehicle, event });
        return;
    }
    let tone = match (event.event, event.state) {
        (EventKind::Command, Some(State::Succeeded)) => Tone::Good,
        (EventKind::Command | EventKind::Intrusion | EventKind::EmergencyStop, _) => Tone::Bad,
        _ => Tone::Faint,
    };
    output.line(&format!("{heard} {vehicle} {}", output.paint(tone, &words(event))));
}

/// Consumer, what, and what came of it.
pub(crate) fn words(event: &Event) -> String {
    let who = event.by.as_deref().map_or_else(|| "-".to_owned(), printable);
    let what = match (event.event, event.command) {
        (EventKind::Command, Some(command)) => command.to_string(),
        (EventKind::Command, None) => "several commands".to_owned(),
        (kind, Some(command)) => format!("{kind} {command}"),
        (kind, None) => kind.to_string(),
    };
    let parts = [
        event.state.map(|state| state.to_string()),
        event.cause.map(|cause| cause.to_string()),
        event.count.filter(|count| *count > 1).map(|count| format!("{count} times")),
        event.id.as_ref().map(|id| format!("id {}", printable(id.as_str()))),
        event.detail.as_deref().map(printable),
    ];
    let came = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    format!("{who:<12} {what:<22} {came}").trim_end().to_owned()
}

/// The notice about control for those who drive or ask for it.
pub(crate) fn control_notice(event: &Event) -> Option<String> {
    let by = event.by.as_deref().map_or_else(|| "nobody".to_owned(), printable);
    let why = event.detail.as_deref().map(|detail| format!(" ({})", printable(detail))).unwrap_or_default();
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others say nothing of control")]
    match event.event {
        EventKind::ControlRequested => {
            Some(format!("{by} asks for control{why}; the vehicle stops before it changes hands"))
        }
        EventKind::ControlChanged => Some(format!("in control now: {by}{why}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_asked_for_what_and_what_came_of_it() {
        let event = |text: &str| {
            let epoch = vehicle_protocol::Epoch([7; 16]);
            let text = format!(r#"{{"time":1,"epoch":"{epoch}",{text}}}"#);
            words(&serde_json::from_str(&text).unwrap())
        };
        assert_eq!(
            event(
                r#""event":"command","by":"tablet","command":"PARK","state":"REJECTED","cause":"NOT_IN_CONTROL","count":3"#
            ),
            "tablet       PARK                   REJECTED NOT_IN_CONTROL 3 times"
        );
        assert_eq!(
            event(r#""event":"key_revoked","by":"desk","detail":"a\u001b[2J""#),
            "desk         key_revoked            a\u{fffd}[2J"
        );
    }
}
