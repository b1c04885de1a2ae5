//! `ping`: how long a vehicle takes to answer.

use crate::cli::PingArgs;
use crate::client::{CommandClient, News};
use crate::commands::send::subscriptions;
use crate::exit::{Exit, Fault};
use crate::options::Options;
use crate::output::{Output, printable};
use crate::transaction::{Form, Outcome, Report, in_milliseconds};
use serde::Serialize;
use std::time::Duration;
use vehicle_protocol::{Command, VehicleId};

/// The pause between two, so that a vehicle's rate limit is not what is measured.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, Serialize)]
struct Summary<'a> {
    vehicle: &'a VehicleId,
    sent: u32,
    answered: usize,
    min_ms: Option<f64>,
    p50_ms: Option<f64>,
    max_ms: Option<f64>,
    exit: Exit,
}

/// Asks for the status again and again, and measures the answers.
///
/// # Errors
/// If nothing could be begun.
pub(crate) async fn run(options: &Options, arguments: &PingArgs, output: &Output) -> Result<Exit, Fault> {
    let vehicle = &arguments.vehicle;
    let mut client = CommandClient::start(options, subscriptions(options, std::slice::from_ref(vehicle)))?;
    let (mut times, mut worst, mut sent) = (Vec::new(), Exit::Done, 0_u32);
    while sent < arguments.count && !stops(worst) {
        if sent > 0
            && pause(&mut client).await.is_some_and(|exit| {
                worst = exit;
                true
            })
        {
            break;
        }
        sent = sent.saturating_add(1);
        client.begin(vehicle, Command::ReportStatus, Form::Identified, None, options.silence())?;
        let report = answer(&mut client, output).await;
        times.extend(report.round_trip);
        worst = worst.max(report.exit);
        tell(&report, sent, output);
    }
    client.close().await;
    times.sort_unstable();
    let exit = judge(worst, median(&times), arguments.max);
    summarise(&arguments.vehicle, sent, &times, exit, output);
    if exit == Exit::ConditionNotMet {
        let max = arguments.max.map(|max| humantime::format_duration(max).to_string()).unwrap_or_default();
        output.talk(&format!("error: the median round trip is above {max}\nnext: look at the network; control-console fleet shows who else is slow"));
    }
    Ok(exit)
}

/// After these there is nothing more to be learnt.
const fn stops(exit: Exit) -> bool {
    matches!(
        exit,
        Exit::BrokerNotReached | Exit::NotAuthorised | Exit::Usage | Exit::Interrupted | Exit::Terminated
    )
}

/// Lets the pause between two pass; gives the exit code if a signal asks to leave.
pub(crate) async fn pause(client: &mut CommandClient) -> Option<Exit> {
    let end = client.clock.now().saturating_add(PAUSE);
    loop {
        #[expect(clippy::wildcard_enum_match_arm, reason = "a pause hears nothing else")]
        match client.next(Some(end)).await {
            News::Time => return None,
            News::Leave(exit) => return Some(exit),
            _ => {}
        }
    }
}

async fn answer(client: &mut CommandClient, output: &Output) -> Report {
    loop {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the report says it all")]
        match client.next(None).await {
            News::Finished(report) => return report,
            News::Down(why) => output.note(&format!("{why}; trying again")),
            _ => {}
        }
    }
}

fn tell(report: &Report, number: u32, output: &Output) {
    match (report.round_trip, output.is_json()) {
        (_, true) => output.object(report),
        (Some(time), false) => {
            let state = if let Outcome::Answered(state) = report.outcome { state.as_str() } else { "" };
            output.line(&format!("{} {number}: {:.1} ms {state}", report.vehicle, in_milliseconds(time)));
        }
        (None, false) => {
            let detail = report.detail.as_deref().map(printable).unwrap_or_default();
            output.talk(&format!("error: {} {number}: {detail}", report.vehicle));
            if let Some(step) = &report.next_step {
                output.talk(&format!("next: {step}"));
            }
        }
    }
}

pub(crate) fn median(sorted: &[Duration]) -> Option<Duration> {
    // The lower one of an even count: a value that was measured.
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn judge(worst: Exit, median: Option<Duration>, max: Option<Duration>) -> Exit {
    match (worst, median, max) {
        (Exit::Done, Some(median), Some(max)) if median > max => Exit::ConditionNotMet,
        (worst, ..) => worst,
    }
}

fn summarise(vehicle: &VehicleId, sent: u32, sorted: &[Duration], exit: Exit, output: &Output) {
    let [min, p50, max] =
        [sorted.first().copied(), median(sorted), sorted.last().copied()].map(|t| t.map(in_milliseconds));
    if output.is_json() {
        let summary =
            Summary { vehicle, sent, answered: sorted.len(), min_ms: min, p50_ms: p50, max_ms: max, exit };
        output.object(&summary);
    } else if let (Some(min), Some(p50), Some(max)) = (min, p50, max) {
        let answered = sorted.len();
        output.line(&format!(
            "{vehicle}: {answered} of {sent} answered, min {min:.1} ms, p50 {p50:.1} ms, max {max:.1} ms"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_measured_value_and_the_limit_only_counts_when_all_have_answered() {
        let times = [1, 2, 3, 9].map(Duration::from_millis);
        assert_eq!(median(&times), Some(Duration::from_millis(2)));
        assert_eq!(median(&[]), None);
        let max = Some(Duration::from_millis(1));
        assert_eq!(judge(Exit::Done, median(&times), max), Exit::ConditionNotMet);
        assert_eq!(judge(Exit::NoAnswer, median(&times), max), Exit::NoAnswer);
        assert_eq!(judge(Exit::Done, median(&times), Some(Duration::from_millis(2))), Exit::Done);
    }
}
