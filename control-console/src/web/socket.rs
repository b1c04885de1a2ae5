//! The socket of one page: the hand on the stick, commands, stops.

use super::access::Role;
use super::connections::{Ticket, Web};
use super::messages::{Reply, Sending, Word};
use super::rate_limit::RateLimit;
use crate::clock::Moment;
use crate::operator::{StickPosition, UiCommand};
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use std::time::Duration;
use vehicle_protocol::{CommandName, VehicleId};

/// The longest word, in bytes.
const LONGEST: usize = 4096;
/// How long a page may take to say who it is.
const HELLO: Duration = Duration::from_secs(3);
/// Commands a second that a page may send; nobody clicks faster.
const COMMANDS: f64 = 10.0;
/// Words a second beyond which a page is taken for broken, and hung up on.
const WORDS: f64 = 200.0;
/// A page that drives speaks each half second; one that does not is gone.
const SILENCE: Duration = Duration::from_secs(2);
/// One that only looks may be in the background.
const IDLE: Duration = Duration::from_secs(120);

pub(super) async fn open(State(web): State<Web>, upgrade: WebSocketUpgrade) -> Response {
    let Some(ticket) = web.ticket() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    };
    upgrade.max_message_size(LONGEST).on_upgrade(move |socket| async move {
        let now = web.now();
        let page = Page {
            number: web.number(),
            role: None,
            holds: None,
            moved: None,
            commands: RateLimit::new(COMMANDS, now),
            words: RateLimit::new(WORDS, now),
            web,
        };
        page.serve(socket, ticket).await;
    })
}

/// The page is not to be talked to any longer.
struct HangUp;

/// One page that may drive.
struct Page {
    web: Web,
    number: u64,
    role: Option<Role>,
    /// The vehicle whose stick it holds.
    holds: Option<VehicleId>,
    /// The vehicle that it has set in motion by single commands.
    moved: Option<VehicleId>,
    commands: RateLimit,
    words: RateLimit,
}

impl Drop for Page {
    /// Whatever ends the socket stops what was driven through it.
    fn drop(&mut self) {
        self.leave();
    }
}

impl Page {
    async fn serve(mut self, mut socket: WebSocket, _ticket: Ticket) {
        let mut handle = self.web.handle.clone();
        let clock = handle.clock;
        let mut heard = clock.now();
        loop {
            let patience = match (self.role, &self.holds, &self.moved) {
                (None, ..) => HELLO,
                (Some(_), None, None) => IDLE,
                (Some(_), ..) => SILENCE,
            };
            // A page whose words lie here is there, however long this process slept.
            let message = tokio::select! {
                biased;
                message = socket.recv() => message,
                more = handle.changed() => {
                    if !more || handle.snapshot().leaving.is_some() {
                        return;
                    }
                    continue;
                }
                () = clock.reach(Some(heard.saturating_add(patience))) => return,
            };
            heard = clock.now();
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => return,
            };
            let Ok(reply) = self.hear(&text, heard) else { return };
            let Some(reply) = reply else { continue };
            let text = serde_json::to_string(&reply).unwrap_or_default();
            if socket.send(Message::Text(Utf8Bytes::from(text))).await.is_err() {
                return;
            }
        }
    }

    /// Takes one word, and says what to answer.
    fn hear(&mut self, text: &str, now: Moment) -> Result<Option<Reply>, HangUp> {
        let word = serde_json::from_str(text);
        if !self.words.take(now) && !matches!(word, Ok(Word::Stop(_))) {
            return Err(HangUp);
        }
        match (self.role, word) {
            (None, Ok(Word::Hello(token))) => {
                self.role = self.web.role(token.as_deref()).ok();
                self.role.map(|role| Some(Reply::Role(role))).ok_or(HangUp)
            }
            (None | Some(_), Err(_)) | (None, Ok(_)) => Err(HangUp),
            (Some(role), Ok(word)) => Ok(self.obey(role, word, now)),
        }
    }

    fn obey(&mut self, role: Role, word: Word, now: Moment) -> Option<Reply> {
        match word {
            // As on the wire: whoever sees that it must stop may stop it.
            Word::Stop(vehicle) => {
                self.web.handle.order(UiCommand::EmergencyStop(vehicle));
                None
            }
            Word::Present(vehicle) => {
                if role == Role::Control {
                    self.web.handle.order(UiCommand::Present(vehicle));
                }
                None
            }
            Word::Leave => {
                self.leave();
                None
            }
            Word::Hello(_) => Some(Reply::Role(role)),
            Word::Take(_) | Word::Hand(_) | Word::LetGo | Word::Send(_) if role < Role::Control => Some(
                Reply::Refused("this link may only look; driving needs the link with the token".to_owned()),
            ),
            Word::Take(vehicle) => Some(self.take(vehicle, now)),
            Word::Hand(leaning) => self.hand(leaning.map(StickPosition::from), now),
            Word::LetGo => {
                if let Some(vehicle) = &self.holds {
                    self.web.handle.order(UiCommand::LetGo(vehicle.clone()));
                }
                None
            }
            Word::Send(sending) => self.send(&sending, now),
        }
    }

    fn take(&mut self, vehicle: VehicleId, now: Moment) -> Reply {
        if self.holds.as_ref().is_some_and(|held| *held != vehicle) {
            self.leave();
        }
        let taken = self.web.sticks().take(&vehicle, self.number, now);
        if taken {
            self.web.handle.order(UiCommand::Arm(vehicle.clone()));
            self.holds = Some(vehicle);
        }
        Reply::Stick(taken)
    }

    fn hand(&mut self, lean: Option<StickPosition>, now: Moment) -> Option<Reply> {
        let vehicle = self.holds.clone()?;
        if !self.web.sticks().take(&vehicle, self.number, now) {
            // It was silent for too long, and another page has taken the stick.
            self.holds = None;
            return Some(Reply::Stick(false));
        }
        self.web.handle.order(UiCommand::Hand(vehicle, lean));
        None
    }

    fn send(&mut self, sending: &Sending, now: Moment) -> Option<Reply> {
        let vehicle = sending.vehicle.clone();
        let command = match sending.command() {
            Ok(command) => command,
            Err(why) => return Some(Reply::Refused(why)),
        };
        let name = command.name();
        if name.is_on_drive_topic() {
            return Some(Reply::Refused("setpoints come from the stick alone".to_owned()));
        }
        if !self.commands.take(now) && !name.is_stop() {
            return Some(Reply::Refused("too many commands at once; wait a second".to_owned()));
        }
        if name.is_motion() {
            let holder = self.web.sticks().holder(&vehicle, now);
            if holder.is_some_and(|holder| holder != self.number) {
                return Some(Reply::Refused(format!("another page holds the stick of {vehicle}")));
            }
            self.moved = Some(vehicle.clone());
        }
        if name == CommandName::EmergencyStop {
            self.web.handle.order(UiCommand::EmergencyStop(vehicle));
        } else {
            self.web.handle.order(UiCommand::Send(vehicle, command));
        }
        None
    }

    /// Attention is gone: what this page drives stops, and others may have its stick.
    fn leave(&mut self) {
        for vehicle in [self.holds.take(), self.moved.take()].into_iter().flatten() {
            let holder = self.web.sticks().holder(&vehicle, self.web.now());
            if holder.is_none_or(|holder| holder == self.number) {
                self.web.handle.order(UiCommand::Disarm(vehicle.clone()));
            }
            self.web.sticks().give(&vehicle, self.number);
        }
    }
}
