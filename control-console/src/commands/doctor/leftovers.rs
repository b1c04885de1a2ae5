//! Commands that somebody has left at the broker with the retain flag: whoever subscribes is told them again.
//!
//! A vehicle of this contract refuses them; others may not, and each is an old order on its way to somebody.

use super::broker::{self, Refused, in_silence};
use super::findings::{Check, Findings};
use super::vehicles::Echoes;
use crate::cli::DoctorArgs;
use crate::clock::Clock;
use crate::exit::{Exit, Fault};
use crate::link::{self, Event, Message};
use crate::options::Options;
use crate::output::{Output, printable};
use std::io::{self, IsTerminal as _};
use vehicle_protocol::{Topic, VehicleId};

/// Topics that consoles write, on which nothing may be retained.
const TOPICS: [Topic; 3] = [Topic::Commands, Topic::Drive, Topic::SessionRequest];
/// Characters of a message that are shown.
const SHOWN: usize = 60;

/// Retained commands, as far as this login may read them.
pub(super) async fn look(options: &Options, named: Option<&VehicleId>) -> Result<Vec<Message>, Refused> {
    let mut found = broker::listen(options, named, &TOPICS).await?;
    found.sort_by(|one, other| one.topic.cmp(&other.topic));
    found.dedup_by(|one, other| one.topic == other.topic);
    Ok(found)
}

/// Tells of what was left, and has the broker forget it if a person wants that.
pub(super) async fn examine(
    options: &Options,
    arguments: &DoctorArgs,
    found: Result<Vec<Message>, Refused>,
    echoes: &Echoes,
    findings: &mut Findings<'_>,
) {
    let named = arguments.vehicle.as_ref();
    let sees = found.is_ok() && echoes.missing.is_empty();
    let found = found.unwrap_or_default();
    let forget: Vec<String> = found
        .iter()
        .filter(|message| arguments.clear_retained || is_wanted(message, findings.output()))
        .map(|message| message.topic.clone())
        .collect();
    let unseen = echoes
        .missing
        .iter()
        .flat_map(|vehicle| TOPICS.map(|topic| options.root.filter(vehicle.as_str(), topic)));
    let unseen: Vec<String> = unseen.filter(|_| arguments.clear_retained && !sees).collect();
    let mut left = Ok(Vec::new());
    if !forget.is_empty() || !unseen.is_empty() {
        left = clear(options, named, &[&forget[..], &unseen].concat()).await;
        if left.is_ok() && !forget.is_empty() {
            left = look(options, named).await;
        }
    }
    let left = match left {
        Ok(left) => left,
        Err(refused) => {
            findings.fail(Check::Retained, &refused.fault);
            Vec::new()
        }
    };
    for message in &found {
        let is_left = left.iter().any(|left| left.topic == message.topic);
        tell(message, arguments, forget.contains(&message.topic), is_left, findings);
    }
    match (sees, found.is_empty(), unseen.is_empty()) {
        (true, true, _) => findings.ok(Check::Retained, "no command was left at the broker"),
        (false, _, true) => {
            let vehicle = named.map_or_else(|| "VEHICLE".to_owned(), ToString::to_string);
            findings.skip(
                Check::Retained,
                &format!("this login may not read command topics, as is right; to have them emptied unseen: control-console doctor {vehicle} --clear-retained"),
            );
        }
        (false, _, false) => findings.ok(
            Check::Retained,
            &format!("the broker was told to forget what it kept on {}", unseen.join(", ")),
        ),
        (true, false, _) => {}
    }
}

fn shown(message: &Message) -> String {
    let text = printable(&String::from_utf8_lossy(&message.payload));
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short}{more}")
}

/// Asks who sits at the terminal, if somebody does.
fn is_wanted(message: &Message, output: &Output) -> bool {
    if output.is_json() || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return false;
    }
    output.talk(&format!(
        "{} keeps an old command: {}\nhave the broker forget it? [y/N]",
        message.topic,
        shown(message)
    ));
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn tell(message: &Message, arguments: &DoctorArgs, asked: bool, is_left: bool, findings: &mut Findings<'_>) {
    let (topic, shown) = (&message.topic, shown(message));
    if asked && !is_left {
        findings.ok(Check::Retained, &format!("{topic} kept {shown}, now forgotten"));
        return;
    }
    let fault = if asked {
        let step = format!("have the broker's access list allow this login to write {topic}");
        Fault::new(Exit::NotAuthorised, format!("{topic} still keeps {shown}"), step)
    } else {
        let vehicle = arguments.vehicle.as_ref().map(|vehicle| format!("{vehicle} ")).unwrap_or_default();
        let step = format!(
            "find who sends it with the retain flag, and: control-console doctor {vehicle}--clear-retained"
        );
        Fault::new(Exit::Other, format!("{topic} keeps an old command for whoever comes: {shown}"), step)
    };
    findings.fail(Check::Retained, &fault);
}

/// Has the broker forget what it keeps on these topics.
async fn clear(
    options: &Options,
    named: Option<&VehicleId>,
    topics: &[String],
) -> Result<Vec<Message>, Refused> {
    let mut link = broker::open(options, named, &[Topic::Events])?;
    let (clock, mut open) = (Clock::start(), topics.len());
    let ended = loop {
        tokio::select! {
            event = link.next() => match event {
                Event::Up => {
                    let taken = topics.iter().enumerate().filter(|(number, topic)| link.forget(*number, topic));
                    if taken.count() < topics.len() {
                        break Err(in_silence().into());
                    }
                }
                Event::Acknowledged(_) => open = open.saturating_sub(1),
                Event::Connected | Event::Settled | Event::Message(_) => {}
                Event::Barred(fault, cause) => break Err(Refused { fault, cause }),
                Event::Down(failure) | Event::NotGranted(failure) => break Err(link::fault(&failure).into()),
            },
            () = clock.reach(Some(options.silence())) => break Err(in_silence().into()),
        }
        if open == 0 {
            break Ok(Vec::new());
        }
    };
    link.close().await;
    ended
}
