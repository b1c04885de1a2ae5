//! `drive`: a stream of setpoints without a screen, as the hand on a stick sends them.

use crate::cli::DriveArgs;
use crate::client::{CommandClient, News};
use crate::commands::audit::control_notice;
use crate::commands::send;
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::{Output, Tone, printable};
use crate::random;
use crate::teleop::Report;
use crate::teleop::scripted::{ScriptAction, ScriptConfig, ScriptInput, ScriptedDrive};
use crate::teleop::timing::RequestedTiming;
use crate::transaction::Form;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use vehicle_protocol::{
    Command, DegreesPerSecond, Envelope, MIN_HOLD_MS, Mph, Setpoint, Shape, Topic, VehicleId, json,
};

/// Drives as asked, and says what came of it.
///
/// # Errors
/// If nothing could be begun.
pub(crate) async fn run(options: &Options, arguments: &DriveArgs, output: &Output) -> Result<Exit, Fault> {
    let vehicle = &arguments.vehicle;
    let (timing, setpoint) = match checked(arguments) {
        Ok(checked) => checked,
        Err(fault) => {
            print(&Report::not_begun(vehicle.clone(), &fault), output);
            return Ok(fault.exit);
        }
    };
    let mut client = CommandClient::start_as(
        options,
        subscriptions(options, vehicle),
        options.operator(vehicle)?.as_ref(),
    )?;
    let config = ScriptConfig {
        vehicle: vehicle.clone(),
        setpoint,
        length: arguments.length.unwrap_or_default(),
        timing,
        silence: options.silence(),
        id_stem: random::name()?,
    };
    client.go_on(vehicle);
    if let Some(fault) = client.unusable_key(vehicle) {
        return Err(fault.clone());
    }
    let drive = ScriptedDrive::new(config, client.clock.now());
    let driven = follow(&mut client, drive, options.silence(), output).await;
    if let Ok(report) = &driven {
        print(report, output);
    }
    // A drive that could not go on has said all it could; the vehicle stops when the hold is over.
    client.close().await;
    driven.map(|report| report.exit)
}

fn checked(arguments: &DriveArgs) -> Result<(RequestedTiming, Setpoint), Fault> {
    let refused = |why: &str| {
        let step = format!(
            "usage: control-console drive {} --mph N --degrees-per-s N --for 10s [--hold-ms 300] [--period 50ms]",
            arguments.vehicle
        );
        Fault::new(Exit::RefusedHere, format!("drive refused here: {why}"), step)
    };
    if !arguments.mph.is_finite() || !arguments.degrees_per_s.is_finite() {
        return Err(refused("a speed and a turn rate are finite numbers"));
    }
    let timing =
        RequestedTiming { period: arguments.period, hold: arguments.hold_ms.map(Duration::from_millis) };
    // The longest hold is the vehicle's to say, once its description is known.
    timing.check().map_err(|why| refused(&why))?;
    let setpoint = Setpoint {
        speed: Mph::new(arguments.mph),
        turn_rate: DegreesPerSecond::new(arguments.degrees_per_s),
        hold_ms: MIN_HOLD_MS,
    };
    // The ranges stand in one place, where messages are read.
    let text = json::encode(&Envelope { command: Command::Drive(setpoint), shape: Shape::Plain });
    json::decode(text.as_bytes()).map_err(|error| refused(&error.detail))?;
    Ok((timing, setpoint))
}

fn subscriptions(options: &Options, vehicle: &VehicleId) -> Subscriptions {
    let mut subscriptions = send::subscriptions(options, std::slice::from_ref(vehicle));
    let telemetry = options.root.vehicle(vehicle.clone()).of(Topic::Telemetry);
    subscriptions.filters.push((telemetry, QoS::AtMostOnce));
    subscriptions.filters.push(send::description(options, vehicle));
    subscriptions
}

/// The signal of a closed terminal.
/// Prints the report of a drive.
fn print(report: &Report, output: &Output) {
    if output.is_json() {
        output.object(report);
        return;
    }
    let tone = if report.exit == Exit::Done { Tone::Good } else { Tone::Bad };
    let mut line = format!("{} DRIVE {}", report.vehicle, output.paint(tone, report.outcome.word()));
    if let Some(reason) = report.reason {
        line = format!("{line} {reason}");
    }
    if report.setpoints_sent > 0 {
        line = format!("{line} {:.1} s, {} setpoints", report.driven.as_secs_f64(), report.setpoints_sent);
    }
    output.line(&line);
    if let Some(detail) = &report.detail {
        output.talk(&format!(
            "{}: {}",
            if report.exit == Exit::Done { "note" } else { "error" },
            printable(detail)
        ));
    }
    if let Some(step) = &report.next_step {
        output.talk(&format!("next: {step}"));
    }
}

fn hangup() -> Result<Signal, Fault> {
    signal(SignalKind::hangup())
        .map_err(|error| Fault::new(Exit::Other, format!("signals can't be caught: {error}"), "try again"))
}

async fn follow(
    client: &mut CommandClient,
    mut drive: ScriptedDrive,
    silence: Duration,
    output: &Output,
) -> Result<Report, Fault> {
    let mut hangup = hangup()?;
    loop {
        let deadline = drive.deadline();
        let news = tokio::select! {
            news = client.next(deadline) => news,
            Some(()) = hangup.recv() => News::Leave(Exit::Terminated),
        };
        let why;
        let input = match &news {
            News::Up => ScriptInput::LinkUp,
            News::Down(advice) => {
                why = advice.to_string();
                output.note(&format!("{why}; trying again"));
                ScriptInput::LinkDown(&why)
            }
            News::Barred(fault) | News::NotGranted(fault) => ScriptInput::Barred(fault),
            News::Agreed(..) => ScriptInput::SessionGranted,
            News::Answer(_, heard) => ScriptInput::Answer(heard),
            News::Message { topic, payload, .. } => ScriptInput::Message(*topic, payload),
            News::Finished(report) => ScriptInput::Braked(report),
            News::Leave(exit) => ScriptInput::Leave(*exit),
            News::Time | News::Connected | News::Settled | News::Progress(..) | News::StopPublished(..) => {
                ScriptInput::Tick
            }
        };
        if let News::Message { topic: Topic::Events, payload, .. } = &news
            && let Some(notice) =
                serde_json::from_slice(payload).ok().and_then(|event| control_notice(&event))
        {
            output.note(&notice);
        }
        let (now, vehicle) = (client.clock.now(), drive.vehicle().clone());
        let actions = drive.handle(now, client.session(&vehicle), input);
        if let Some(report) = perform(client, &mut drive, actions, silence)? {
            return Ok(report);
        }
    }
}

/// Does what the drive wants; what the link can't take is dropped, since the next setpoint says more.
fn perform(
    client: &mut CommandClient,
    drive: &mut ScriptedDrive,
    actions: Vec<ScriptAction>,
    silence: Duration,
) -> Result<Option<Report>, Fault> {
    let vehicle = drive.vehicle().clone();
    for action in actions {
        match action {
            ScriptAction::Publish(sealed) => {
                let is_setpoint = sealed.topic == Topic::Drive;
                if client.publish(&vehicle, sealed) && is_setpoint {
                    drive.count_sent();
                }
            }
            ScriptAction::Brake => client.begin(&vehicle, Command::Brake, Form::Identified, None, silence)?,
            ScriptAction::Log(note) => tracing::info!("{vehicle}: {note}"),
            ScriptAction::Finished(report) => return Ok(Some(report)),
        }
    }
    Ok(None)
}
