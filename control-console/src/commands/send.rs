//! `send` and `clear`: one command, one answer, one exit code.

use crate::cli::{ClearArgs, SendArgs};
use crate::client::{CommandClient, News};
use crate::commands::audit::control_notice;
use crate::commands::typed;
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::Output;
use crate::transaction::{Form, Outcome, Report};
use vehicle_protocol::{Command, CommandId, CommandName, Encoding, Topic, VehicleId};

/// Sends what was typed.
///
/// # Errors
/// If nothing could be begun.
pub(crate) async fn send(options: &Options, arguments: SendArgs, output: &Output) -> Result<Exit, Fault> {
    let command = match typed::command(&arguments) {
        Ok(command) => command,
        Err(fault) => {
            refuse(arguments, fault, output);
            return Ok(Exit::RefusedHere);
        }
    };
    let form = form(command.name(), arguments.plain);
    // The oldest form is JSON, and so is its answer.
    let encoding = if arguments.plain { Encoding::Json } else { options.encoding };
    let options = &Options { encoding, ..options.clone() };
    deliver(options, &arguments.vehicle, command, form, arguments.id, output).await
}

/// Ends an emergency stop.
///
/// # Errors
/// If nothing could be begun.
pub(crate) async fn clear(options: &Options, arguments: &ClearArgs, output: &Output) -> Result<Exit, Fault> {
    deliver(options, &arguments.vehicle, Command::ClearEmergencyStop, Form::Timed, None, output).await
}

/// Stops wait for no session, and a heartbeat only for that of a key.
pub(crate) const fn form(name: CommandName, plain: bool) -> Form {
    if plain {
        Form::Plain
    } else if name.is_stop() || matches!(name, CommandName::Heartbeat) {
        Form::Identified
    } else {
        Form::Timed
    }
}

fn refuse(arguments: SendArgs, fault: Fault, output: &Output) {
    output.report(&Report {
        vehicle: arguments.vehicle,
        command: arguments.command,
        id: arguments.id,
        outcome: Outcome::NotSent,
        reason: None,
        detail: Some(fault.advice.what),
        round_trip: None,
        next_step: Some(fault.advice.next_step),
        exit: fault.exit,
    });
}

/// The subscriptions of commands to these vehicles.
#[must_use]
pub(crate) fn subscriptions(options: &Options, vehicles: &[VehicleId]) -> Subscriptions {
    let topics = vehicles.iter().map(|vehicle| options.root.vehicle(vehicle.clone()));
    let filters = topics.flat_map(|topics| {
        [Topic::Presence, Topic::Session, Topic::Events, answers(options)]
            .map(|topic| (topics.of(topic), QoS::AtLeastOnce))
    });
    Subscriptions { filters: filters.collect(), settle: false }
}

/// The topic on which a vehicle publishes its limits.
pub(crate) fn description(options: &Options, vehicle: &VehicleId) -> (String, QoS) {
    (options.root.vehicle(vehicle.clone()).of(Topic::Description), QoS::AtLeastOnce)
}

/// The topic of the answers to our commands.
pub(crate) const fn answers(options: &Options) -> Topic {
    match options.encoding {
        Encoding::Json => Topic::ExecutedCommands,
        Encoding::Compact => Topic::Answers,
    }
}

async fn deliver(
    options: &Options,
    vehicle: &VehicleId,
    command: Command,
    form: Form,
    id: Option<CommandId>,
    output: &Output,
) -> Result<Exit, Fault> {
    let is_control = matches!(command, Command::TakeControl | Command::ReleaseControl);
    let mut subscriptions = subscriptions(options, std::slice::from_ref(vehicle));
    if command.name().is_motion() {
        // Its limits say how often a heartbeat must follow.
        subscriptions.filters.insert(0, description(options, vehicle));
    }
    let mut client = CommandClient::start(options, subscriptions)?;
    client.go_on(vehicle);
    client.begin(vehicle, command, form, id, options.silence())?;
    if let Some(fault) = client.unusable_key(vehicle).filter(|_| form != Form::Plain) {
        output.note(&format!("sent without a key: {fault}"));
    }
    let exit = loop {
        match client.next(None).await {
            News::Finished(report) => {
                output.report(&report);
                break report.exit;
            }
            News::Progress(vehicle, answer) => output.progress(&vehicle, &answer),
            News::Down(why) => output.note(&format!("{why}; trying again")),
            News::Leave(_) => output.talk("note: leaving; a second signal leaves at once"),
            News::Message { topic: Topic::Events, payload, .. } if is_control => {
                let notice = serde_json::from_slice(&payload).ok().and_then(|event| control_notice(&event));
                if let Some(notice) = notice {
                    output.note(&notice);
                }
            }
            News::Connected
            | News::Up
            | News::Settled
            | News::StopPublished(..)
            | News::Barred(_)
            | News::NotGranted(_)
            | News::Agreed(..)
            | News::Answer(..)
            | News::Message { .. }
            | News::Time => {}
        }
    };
    client.close().await;
    Ok(exit)
}
