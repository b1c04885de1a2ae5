//! The conversation by tables and by properties.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers are bounded by the strategies")]
#![expect(clippy::wildcard_enum_match_arm, reason = "whatever else comes is a failure")]

mod answers;
mod links;
mod shapes;
mod signed;
mod waiting;

use super::*;
use crate::clock::Moment;
use crate::exit::{Exit, Fault};
use std::time::Duration;
use vehicle_protocol::{
    Command, CommandName, Degrees, Encoding, Epoch, LimitsDescription, Nonce, Reason, Root, Setpoint, Shape,
    State, Topic, json,
};

const SILENCE: Duration = Duration::from_secs(5);

const fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

/// An exchange with its channel, and what the client does for both.
struct Talk {
    exchange: PendingCommand,
    channel: VehicleSession,
    /// The requests for a session that have left.
    requests: Vec<String>,
}

impl Talk {
    fn handle(&mut self, now: Moment, input: Input<'_>) -> Vec<Action> {
        if matches!(input, Input::Up) {
            self.channel.ask_anew();
        }
        let actions = self.exchange.handle(now, &mut self.channel, input);
        self.requests.extend(self.channel.ask(now).map(|request| String::from_utf8(request).unwrap()));
        actions
    }

    fn deadline(&self) -> Option<Moment> {
        self.exchange.deadline()
    }
}

fn exchange(command: Command, form: Form) -> Talk {
    let topics = Root::default().vehicle("rover-1".parse().unwrap());
    let [id, companion] = ["id-1", "id-2"].map(|id| id.parse().unwrap());
    let channel = VehicleSession::new(topics.id().clone(), None, Encoding::Json, Nonce([1; 16]));
    let errand = Request { topics, command, form, id, companion, silence: SILENCE };
    Talk { exchange: PendingCommand::new(errand, at(0)), channel, requests: Vec::new() }
}

fn session(nonce: u8, clock: u64) -> String {
    format!(r#"{{"NONCE":"{}","EPOCH":"{}","CLOCK":{clock}}}"#, Nonce([nonce; 16]), Epoch([7; 16]))
}

fn presence(state: &str) -> String {
    format!(r#"{{"state":"{state}","epoch":"{}","link":1}}"#, Epoch([7; 16]))
}

fn answer(name: &str, id: &str, state: &str) -> String {
    format!(r#"{{"CMD":"{name}","ID":"{id}","STATE":"{state}"}}"#)
}

fn hear(talk: &mut Talk, now: u64, topic: Topic, text: &str) -> Vec<Action> {
    match topic {
        Topic::Presence => {
            talk.channel.see(serde_json::from_str(text).unwrap());
            Vec::new()
        }
        Topic::Session => match talk.channel.agree(text.as_bytes(), at(now)) {
            Ok(Some(_)) => talk.handle(at(now), Input::Agreed),
            Ok(None) => Vec::new(),
            Err(_) => talk.handle(at(now), Input::Unreadable),
        },
        _ => match talk.channel.open(text.as_bytes(), at(now)) {
            Ok(heard) => talk.handle(at(now), Input::Answer(&heard.unwrap())),
            Err(_) => talk.handle(at(now), Input::Unreadable),
        },
    }
}

/// What was published, in words.
fn published(actions: &[Action]) -> Vec<(Purpose, Topic, &str)> {
    actions
        .iter()
        .map(|action| match action {
            Action::Publish(purpose, topic, text) => (*purpose, *topic, std::str::from_utf8(text).unwrap()),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn finished(actions: &[Action]) -> &Report {
    match actions {
        [Action::Finished(report)] => report,
        other => panic!("{other:?}"),
    }
}

/// An exchange whose timed command was sent at 100 ms.
fn sent(command: Command) -> Talk {
    let mut exchange = exchange(command, Form::Timed);
    exchange.handle(at(0), Input::Up);
    let actions = hear(&mut exchange, 100, Topic::Session, &session(1, 60_000));
    assert_eq!(published(&actions).first().map(|(purpose, ..)| *purpose), Some(Purpose::Command));
    exchange
}
