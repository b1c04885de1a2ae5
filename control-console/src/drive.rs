//! `drive`: a stream of setpoints without a screen, as the hand on a stick sends them.

pub mod helm;
pub mod names;
mod report;
mod rhythm;
pub mod stick;
pub mod trip;

pub use report::{Outcome, Report};
pub use rhythm::Rhythm;

use crate::audit::control_notice;
use crate::chance;
use crate::cli::DriveArgs;
use crate::courier::{Courier, News};
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::Output;
use crate::send;
use crate::session::Form;
use std::time::Duration;
use stick::Wish;
use tokio::signal::unix::{Signal, SignalKind, signal};
use trip::{Deed, Input, Plan, Trip};
use vehicle_protocol::{Command, DegreesPerSecond, Envelope, Mph, Setpoint, Shape, Topic, VehicleId, json};

/// Drives as asked, and says what came of it.
///
/// # Errors
/// If nothing could be begun.
pub(crate) async fn run(options: &Options, arguments: &DriveArgs, output: &Output) -> Result<Exit, Fault> {
    let vehicle = &arguments.vehicle;
    let (rhythm, wish) = match checked(arguments) {
        Ok(checked) => checked,
        Err(fault) => {
            Report::not_begun(vehicle.clone(), &fault).tell(output);
            return Ok(fault.exit);
        }
    };
    let mut courier =
        Courier::start_as(options, subscriptions(options, vehicle), options.operator(vehicle)?.as_ref())?;
    let plan = Plan {
        vehicle: vehicle.clone(),
        wish,
        length: arguments.length.unwrap_or_default(),
        rhythm,
        silence: options.silence(),
        name: chance::name()?,
    };
    courier.go_on(vehicle);
    if let Some(fault) = courier.trouble(vehicle) {
        return Err(fault.clone());
    }
    let trip = Trip::new(plan, courier.clock.now());
    let travelled = travel(&mut courier, trip, options.silence(), output).await;
    if let Ok(report) = &travelled {
        report.tell(output);
    }
    // A trip that could not go on has said all it could; the vehicle stops when the hold is over.
    courier.close().await;
    travelled.map(|report| report.exit)
}

fn checked(arguments: &DriveArgs) -> Result<(Rhythm, Wish), Fault> {
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
    let rhythm = Rhythm::new(arguments.period, Duration::from_millis(arguments.hold_ms));
    let rhythm = rhythm.map_err(|why| refused(&why))?;
    let wish =
        Wish { speed: Mph::new(arguments.mph), turn_rate: DegreesPerSecond::new(arguments.degrees_per_s) };
    let setpoint = Setpoint { speed: wish.speed, turn_rate: wish.turn_rate, hold_ms: rhythm.hold_ms() };
    // The ranges stand in one place, where messages are read.
    let text = json::encode(&Envelope { command: Command::Drive(setpoint), shape: Shape::Plain });
    json::decode(text.as_bytes()).map_err(|error| refused(&error.detail))?;
    Ok((rhythm, wish))
}

fn subscriptions(options: &Options, vehicle: &VehicleId) -> Subscriptions {
    let mut subscriptions = send::subscriptions(options, std::slice::from_ref(vehicle));
    let telemetry = options.root.vehicle(vehicle.clone()).of(Topic::Telemetry);
    subscriptions.filters.push((telemetry, QoS::AtMostOnce));
    subscriptions
}

/// What a closed terminal sends.
fn hangup() -> Result<Signal, Fault> {
    signal(SignalKind::hangup())
        .map_err(|error| Fault::new(Exit::Other, format!("signals can't be caught: {error}"), "try again"))
}

async fn travel(
    courier: &mut Courier,
    mut trip: Trip,
    silence: Duration,
    output: &Output,
) -> Result<Report, Fault> {
    let mut hangup = hangup()?;
    loop {
        let deadline = trip.deadline();
        let news = tokio::select! {
            news = courier.next(deadline) => news,
            Some(()) = hangup.recv() => News::Leave(Exit::Terminated),
        };
        let input = match &news {
            News::Up => Input::Up,
            News::Down(why) => {
                output.note(&format!("{why}; trying again"));
                Input::Down(why)
            }
            News::Barred(fault) => Input::Barred(fault),
            News::Agreed(..) => Input::Agreed,
            News::Answer(_, heard) => Input::Answer(heard),
            News::Message { topic, payload, .. } => Input::Message(*topic, payload),
            News::Finished(report) => Input::Braked(report),
            News::Leave(exit) => Input::Leave(*exit),
            News::Time | News::Settled | News::Progress(..) => Input::Tick,
        };
        if let News::Message { topic: Topic::Events, payload, .. } = &news
            && let Some(notice) =
                serde_json::from_slice(payload).ok().and_then(|event| control_notice(&event))
        {
            output.note(&notice);
        }
        let (now, vehicle) = (courier.clock.now(), trip.vehicle().clone());
        let deeds = trip.handle(now, courier.channel(&vehicle), input);
        if let Some(report) = perform(courier, &mut trip, deeds, silence)? {
            return Ok(report);
        }
    }
}

/// Does what the trip wants; what the link can't take is dropped, since the next setpoint says more.
fn perform(
    courier: &mut Courier,
    trip: &mut Trip,
    deeds: Vec<Deed>,
    silence: Duration,
) -> Result<Option<Report>, Fault> {
    let vehicle = trip.vehicle().clone();
    for deed in deeds {
        match deed {
            Deed::Publish(sealed) => {
                let is_setpoint = sealed.topic == Topic::Drive;
                if courier.publish(&vehicle, sealed) && is_setpoint {
                    trip.count_sent();
                }
            }
            Deed::Brake => courier.begin(&vehicle, Command::Brake, Form::Identified, None, silence)?,
            Deed::Note(note) => tracing::info!("{vehicle}: {note}"),
            Deed::Finished(report) => return Ok(Some(report)),
        }
    }
    Ok(None)
}
