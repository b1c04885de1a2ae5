//! The socket of one page: stick, commands, stops.

#[cfg(test)]
mod tests;

use super::access::Role;
use super::connections::{Ticket, Web};
use super::messages::{Message, PageCommand, Reply};
use super::rate_limit::RateLimit;
use crate::clock::Moment;
use crate::operator::UiCommand;
use crate::teleop::StickPosition;
use axum::extract::State;
use axum::extract::ws::{Message as Frame, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use std::collections::BTreeSet;
use std::time::Duration;
use vehicle_protocol::{CommandName, VehicleId};

/// The longest message, in bytes.
const LONGEST: usize = 4096;
/// Time for a page to send its token.
const HELLO_TIMEOUT: Duration = Duration::from_secs(3);
/// Commands a second that a page may send; nobody clicks faster.
const COMMANDS: f64 = 10.0;
/// Messages a second beyond which a page is taken for broken and disconnected; a stick makes at most 60.
const MESSAGES: f64 = 200.0;
/// A page in control sends at least each half second; one that does not is gone.
const CONTROL_TIMEOUT: Duration = Duration::from_secs(2);
/// A page that controls nothing may be in the background.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) async fn open(State(web): State<Web>, upgrade: WebSocketUpgrade) -> Response {
    let Some(ticket) = web.ticket() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    };
    upgrade.max_message_size(LONGEST).on_upgrade(move |socket| async move {
        Page::new(web, ticket).serve(socket).await;
    })
}

/// Ends the connection to a page that breaks the rules.
#[derive(Debug, PartialEq, Eq)]
struct Disconnect;

/// One page, and what it controls.
struct Page {
    web: Web,
    ticket: Ticket,
    number: u64,
    role: Option<Role>,
    /// The vehicle that it controls.
    controls: Option<VehicleId>,
    /// The vehicles that it has set in motion by single commands.
    moved: BTreeSet<VehicleId>,
    commands: RateLimit,
    messages: RateLimit,
}

impl Drop for Page {
    /// Stops what was driven through the socket, whatever ends it.
    fn drop(&mut self) {
        self.release_control();
    }
}

impl Page {
    fn new(web: Web, ticket: Ticket) -> Self {
        let now = web.now();
        Self {
            number: web.number(),
            role: None,
            controls: None,
            moved: BTreeSet::new(),
            commands: RateLimit::new(COMMANDS, now),
            messages: RateLimit::new(MESSAGES, now),
            web,
            ticket,
        }
    }

    async fn serve(mut self, mut socket: WebSocket) {
        let mut handle = self.web.handle.clone();
        let clock = handle.clock;
        let mut heard = clock.now();
        loop {
            // A message that lies here was sent in time, however long this process slept: it goes before the timeout.
            let frame = tokio::select! {
                biased;
                frame = socket.recv() => frame,
                more = handle.changed() => {
                    if !more || handle.snapshot().leaving.is_some() {
                        return;
                    }
                    continue;
                }
                () = clock.reach(Some(heard.saturating_add(self.timeout()))) => return,
            };
            heard = clock.now();
            let text = match frame {
                Some(Ok(Frame::Text(text))) => text,
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => continue,
                Some(Ok(Frame::Binary(_) | Frame::Close(_)) | Err(_)) | None => return,
            };
            let Ok(reply) = self.receive(&text, heard) else { return };
            let Some(reply) = reply else { continue };
            let text = serde_json::to_string(&reply).unwrap_or_default();
            if socket.send(Frame::Text(Utf8Bytes::from(text))).await.is_err() {
                return;
            }
        }
    }

    fn timeout(&self) -> Duration {
        match self.role {
            None => HELLO_TIMEOUT,
            Some(_) if self.controls.is_none() && self.moved.is_empty() => IDLE_TIMEOUT,
            Some(_) => CONTROL_TIMEOUT,
        }
    }

    fn receive(&mut self, text: &str, now: Moment) -> Result<Option<Reply>, Disconnect> {
        let message = serde_json::from_str(text);
        // The limit comes after the stops: no quota stands before one.
        if let (Some(_), Ok(Message::EmergencyStop(vehicle))) = (self.role, &message) {
            return Ok(Some(self.stop(vehicle)));
        }
        if !self.messages.acquire(now) {
            return Err(Disconnect);
        }
        match (self.role, message) {
            (None, Ok(Message::Hello(token))) => {
                let role = self.web.role(token.as_deref()).ok();
                self.role = role.filter(|role| self.ticket.admit(*role));
                self.role.map(|role| Some(Reply::Role(role))).ok_or(Disconnect)
            }
            (None | Some(_), Err(_)) | (None, Ok(_)) => Err(Disconnect),
            (Some(role), Ok(message)) => Ok(self.handle(role, message, now)),
        }
    }

    /// Stops a vehicle for any page: as on the wire, whoever sees that it must stop may stop it.
    fn stop(&self, vehicle: &VehicleId) -> Reply {
        if !self.web.knows(vehicle) {
            return Reply::UnknownVehicle(vehicle.clone());
        }
        self.web.handle.order(UiCommand::EmergencyStop(vehicle.clone()));
        Reply::Stopping(vehicle.clone())
    }

    fn handle(&mut self, role: Role, message: Message, now: Moment) -> Option<Reply> {
        if let Some(vehicle) = message.vehicle().filter(|vehicle| !self.web.knows(vehicle)) {
            return Some(Reply::UnknownVehicle(vehicle.clone()));
        }
        match message {
            Message::EmergencyStop(vehicle) => Some(self.stop(&vehicle)),
            Message::Present(vehicle) => {
                if role == Role::Control {
                    self.web.handle.order(UiCommand::Present(vehicle));
                }
                None
            }
            Message::ReleaseControl => {
                self.release_control();
                None
            }
            Message::Hello(_) => Some(Reply::Role(role)),
            Message::TakeControl(_) | Message::Stick(_) | Message::ReleaseStick | Message::Send(_)
                if role < Role::Control =>
            {
                Some(refused("View only: driving needs the link that the console printed first."))
            }
            Message::TakeControl(vehicle) => Some(self.take_control(vehicle, now)),
            Message::Stick(position) => self.move_stick(position, now),
            Message::ReleaseStick => {
                if let Some(vehicle) = &self.controls {
                    self.web.handle.order(UiCommand::LetGo(vehicle.clone()));
                }
                None
            }
            Message::Send(command) => self.send(&command, now),
        }
    }

    fn take_control(&mut self, vehicle: VehicleId, now: Moment) -> Reply {
        if self.controls.as_ref().is_some_and(|controlled| *controlled != vehicle) {
            self.release_control();
        }
        let acquired = self.web.controls().acquire(&vehicle, self.number, now);
        if acquired {
            self.web.handle.order(UiCommand::Arm(vehicle.clone()));
            self.controls = Some(vehicle);
        }
        Reply::Control(acquired)
    }

    fn move_stick(&mut self, position: Option<StickPosition>, now: Moment) -> Option<Reply> {
        let vehicle = self.controls.clone()?;
        if !self.web.controls().acquire(&vehicle, self.number, now) {
            // It was silent for too long, and another page has taken control.
            self.controls = None;
            return Some(Reply::Control(false));
        }
        self.web.handle.order(UiCommand::Hand(vehicle, position));
        None
    }

    fn send(&mut self, page_command: &PageCommand, now: Moment) -> Option<Reply> {
        let vehicle = page_command.vehicle.clone();
        let command = match page_command.command() {
            Ok(command) => command,
            Err(why) => return Some(refused(&format!("Not sent: {why}."))),
        };
        let name = command.name();
        if name == CommandName::EmergencyStop {
            return Some(self.stop(&vehicle));
        }
        if name.is_on_drive_topic() {
            return Some(refused("Not sent: setpoints come from the stick alone."));
        }
        if !self.commands.acquire(now) && !name.is_stop() {
            return Some(refused("Not sent: too many commands at once; wait a second."));
        }
        if name.is_motion() {
            let holder = self.web.controls().holder(&vehicle, now);
            if holder.is_some_and(|holder| holder != self.number) {
                return Some(refused(&format!("Not sent: another page is in control of {vehicle}.")));
            }
            self.moved.insert(vehicle.clone());
        }
        self.web.handle.order(UiCommand::Send(vehicle, command));
        None
    }

    /// Stops everything that this page drives, and lets others take control.
    fn release_control(&mut self) {
        let vehicles: BTreeSet<VehicleId> =
            self.controls.take().into_iter().chain(std::mem::take(&mut self.moved)).collect();
        for vehicle in vehicles {
            let holder = self.web.controls().holder(&vehicle, self.web.now());
            if holder.is_none_or(|holder| holder == self.number) {
                self.web.handle.order(UiCommand::Disarm(vehicle.clone()));
            }
            self.web.controls().release(&vehicle, self.number);
        }
    }
}

fn refused(sentence: &str) -> Reply {
    Reply::Refused(sentence.to_owned())
}
