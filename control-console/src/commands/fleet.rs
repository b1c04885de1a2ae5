//! `fleet`: every vehicle that the broker knows of.

mod natural_sort;
mod roster;

use crate::client::{CommandClient, News};
use crate::exit::{Exit, Fault};
use crate::link::{QoS, Subscriptions};
use crate::options::Options;
use crate::output::{Output, Tone};
pub(crate) use natural_sort::place;
use roster::Roster;
pub(crate) use roster::{Row, age};
use std::time::Duration;
use unicode_width::UnicodeWidthStr as _;
use vehicle_protocol::Advice;
use vehicle_protocol::Topic;

/// After the broker has sent what it had kept, silence for so long means that nothing more was kept.
const QUIET: Duration = Duration::from_millis(50);
/// Time that vehicles have to answer with their CLOCK; slower ones are shown without round trip.
const ANSWERS: Duration = Duration::from_secs(1);

/// Collects what is retained, asks who is online for its clock, and prints.
///
/// # Errors
/// If the broker is not reached.
pub(crate) async fn run(options: &Options, output: &Output) -> Result<Exit, Fault> {
    let rows = rows(options, options.silence()).await?;
    if output.is_json() {
        for row in &rows {
            output.object(row);
        }
        if rows.is_empty() {
            output.object(&serde_json::json!({ "vehicles": 0, "exit": Exit::Done }));
        }
    } else {
        print(&rows, output);
    }
    Ok(Exit::Done)
}

/// Every vehicle that the broker knows of, if it is reached within `silence`.
///
/// # Errors
/// If the broker is not reached.
pub(crate) async fn rows(options: &Options, silence: Duration) -> Result<Vec<Row>, Fault> {
    // QoS 0: brokers send all retained messages at once, instead of a few at a time between acknowledgements.
    let filters = [
        (Topic::Presence, QoS::AtMostOnce),
        (Topic::Status, QoS::AtMostOnce),
        (Topic::Session, QoS::AtLeastOnce),
    ];
    let filters = filters.map(|(topic, qos)| (options.root.every_vehicle(topic), qos));
    let mut client = CommandClient::start(options, Subscriptions { filters: filters.into(), settle: true })?;
    let mut roster = Roster::default();
    let gathered = gather(&mut client, &mut roster, silence).await;
    client.close().await;
    gathered.map(|()| roster.into_rows())
}

async fn gather(client: &mut CommandClient, roster: &mut Roster, silence: Duration) -> Result<(), Fault> {
    let mut failure = Advice::new("the broker did not answer in time", "check the address and that it runs");
    let mut end = client.clock.now().saturating_add(silence);
    let (mut settled, mut last) = (false, end);
    loop {
        while let Some(vehicle) = roster.to_ask() {
            client.want_session(&vehicle);
            roster.asked(&vehicle);
        }
        let now = client.clock.now();
        let done = settled && now >= last.saturating_add(QUIET) && roster.awaited() == 0;
        if done || (settled && now >= end) {
            return Ok(());
        }
        let next = if settled && roster.awaited() == 0 { last.saturating_add(QUIET) } else { end };
        match client.next(Some(next.min(end))).await {
            News::Message { vehicle, topic, payload, retained } => {
                let now = client.clock.now();
                if retained {
                    last = now;
                }
                roster.hear(&vehicle, topic, &payload);
            }
            News::Agreed(vehicle, agreement) => {
                last = client.clock.now();
                roster.agreed(&vehicle, agreement);
            }
            News::Settled => {
                settled = true;
                last = client.clock.now();
                end = last.saturating_add(ANSWERS.min(silence));
            }
            News::Barred(fault) | News::NotGranted(fault) => return Err(fault),
            News::Down(why) if settled => {
                tracing::info!("{why}");
                return Ok(());
            }
            News::Down(why) => failure = why,
            News::Time if !settled && client.clock.now() >= end => {
                return Err(Fault { exit: Exit::BrokerNotReached, advice: failure });
            }
            News::Leave(exit) => return Err(Fault::new(exit, "ended by a signal", "run it again")),
            News::Connected
            | News::Up
            | News::Time
            | News::StopPublished(..)
            | News::Progress(..)
            | News::Answer(..)
            | News::Finished(_) => {}
        }
    }
}

fn print(rows: &[Row], output: &Output) {
    if rows.is_empty() {
        output.talk("no vehicle is known on this broker\nnext: start one, or try control-console demo; is --root right? control-console config");
        return;
    }
    let heads = ["VEHICLE", "LINK", "AGE", "RTT", "MODE", "DRIVER", "SPEED", "ENGINE"].map(ToOwned::to_owned);
    let cells: Vec<[String; 8]> = rows.iter().map(Row::cells).collect();
    let mut widths = heads.each_ref().map(String::len);
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let line = |cells: &[String; 8]| {
        let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| filled(cell, width)).collect();
        padded.join("  ").trim_end().to_owned()
    };
    output.line(&output.paint(Tone::Faint, &line(&heads)));
    for (row, cells) in rows.iter().zip(&cells) {
        let text = line(cells);
        output.line(&if row.is_online() { text } else { output.paint(Tone::Faint, &text) });
    }
}

/// A text with blanks up to so many columns; what some scripts write takes two for a character.
fn filled(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_do_not_push_the_next_column_aside() {
        assert_eq!((filled("ab", 5).as_str(), filled("運転", 5).as_str()), ("ab   ", "運転 "));
        assert_eq!(filled("運転手", 5), "運転手");
    }
}
