//! `doctor`: what keeps vehicles from being commanded, in the order in which a person would ask, and what to do about it.

mod broker;
mod files;
mod findings;
mod leftovers;
mod settings;
mod vehicles;
mod window;

use crate::cli::{DoctorArgs, Global};
use crate::clock;
use crate::exit::{Exit, Fault};
use crate::options::Options;
use crate::output::Output;
use findings::{Check, Findings};
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;
use vehicle_link::{UnixTime, day};

/// No machine that runs this has a right clock before: the first second of 2025.
const LONG_AGO: Duration = Duration::from_secs(1_735_689_600);

/// Looks at everything, as far as it gets, and gives the code of the worst that it found.
pub(crate) fn run(runtime: &Runtime, global: &Global, arguments: &DoctorArgs, output: &Output) -> Exit {
    let mut findings = Findings::new(output);
    let options = settings::read(global, &mut findings);
    window::look(&mut findings);
    match options {
        Some(options) => {
            runtime.block_on(examine(&options, arguments, &mut findings));
        }
        None => findings.skip_from(Check::Files, "first mend the configuration"),
    }
    findings.end()
}

async fn examine(options: &Options, arguments: &DoctorArgs, findings: &mut Findings<'_>) {
    files::look(options, findings);
    look_at_clock(findings);
    let named = arguments.vehicle.as_ref();
    let Some(reached) = broker::reach(options, named, findings).await else { return };
    let left = leftovers::look(options, named).await;
    match vehicles::examine(options, named, &reached, left.is_ok(), findings).await {
        Ok(echoes) => leftovers::examine(options, arguments, left, &echoes, findings).await,
        Err(fault) => {
            findings.fail(Check::Vehicles, &fault);
            findings.skip(Check::Retained, "ended before");
        }
    }
    findings.about(None);
}

/// Vehicles have clocks of their own that have nothing to do with the time of day; only certificates are judged by it.
fn look_at_clock(findings: &mut Findings<'_>) {
    let now = clock::wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let today = day(UnixTime::since_unix_epoch(now));
    if now < LONG_AGO {
        let fault = Fault::new(
            Exit::Other,
            format!("this machine takes today for {today}, so it takes good certificates for bad ones"),
            "set its clock: timedatectl set-ntp true",
        );
        findings.fail(Check::Clock, &fault);
    } else {
        let what = format!(
            "here it is {today}; only certificates are judged by that, vehicles count for themselves"
        );
        findings.ok(Check::Clock, &what);
    }
}
