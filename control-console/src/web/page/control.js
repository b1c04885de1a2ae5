// The way of stops and of the stick to the console. Imports nothing that draws, and catches what a screen throws:
// a page whose drawing is broken still stops.

import { bindGamepads, bindPad, bindSpace, bindStopButton } from "./drive_pad.js";
import { EmergencyStops } from "./emergency_stop.js";
import { Link, token } from "./link.js";
import { StickInput, keepAliveInterval } from "./stick.js";

const PRESENT_MS = 500;
// Kept for a screen that is loaded later than the first of them arrive; all else is drawn anew anyhow.
const RECORDED = new Set(["event", "notice"]);
const MISSED = 500;

export const link = new Link(token(), { event: receiveEvent, reply: receiveReply, tick: checkLink });
export const stick = new StickInput();
export const stops = new EmergencyStops();
export let state = null; // the newest one of the console
export let gamepadName = null;
let screen = null;
let missed = [];

bindSpace(requestStop);
bindStopButton(document.getElementById("stop"), requestStop);
const pollGamepads = bindGamepads(stick, {
  stop: requestStop,
  tick: update,
  nameChanged: (name) => { gamepadName = name; show("changed"); },
});
bindPad(document.getElementById("pad"), stick, {
  changed: update,
  release,
  leave,
  pressedWithoutControl: () => show("notice", "Press “Take control” first."),
});
setInterval(reportPresence, PRESENT_MS);
// Asked for before anything is drawn, which takes a phone longer than the answer takes.
link.open(null);

/** Connects what draws: { changed(), notice(text), event(name, data), stickChanged(), linkChecked(), stopSent() }. */
export function attach(newScreen) {
  screen = newScreen;
  const events = missed;
  missed = [];
  for (const [method, ...values] of events) show(method, ...values);
}

function show(method, ...values) {
  if (!screen) {
    if (RECORDED.has(method) && missed.length < MISSED) missed.push([method, ...values]);
    return;
  }
  try {
    screen[method](...values);
  } catch (error) {
    reportError(error);
  }
}

/** The vehicle that is shown, or is about to be. */
export function vehicleId() {
  return link.vehicle ?? state?.vehicle?.id ?? null;
}

function requestStop() {
  stops.request(vehicleId(), performance.now());
  sendStops();
  release();
  if (stops.open.size > 0) show("changed");
}

function sendStops() {
  const shown = { shown: vehicleId(), fleet: state?.fleet.map(({ id }) => id) ?? [] };
  const { sent, expired } = stops.flush(performance.now(), shown, (vehicle) => link.sendStop({ emergency_stop: vehicle }));
  if (sent.length) show("stopSent");
  for (const vehicle of expired) show("notice", `The emergency stop of ${vehicle ?? "the vehicle"} was never accepted by the console.`);
}

function dispatch(messages) {
  for (const { message, stops: isStop } of messages) {
    if (isStop) link.sendStop(message);
    else link.send(message);
  }
}

function update() {
  dispatch(stick.update(performance.now()));
  show("stickChanged");
}

function release() {
  dispatch(stick.release(performance.now()));
  show("stickChanged");
}

function acquire() {
  // A gamepad that leans already must not look like a fresh press at the next tick.
  pollGamepads();
  dispatch(stick.acquire(performance.now()));
}

/** Neutral at once, and control is released. */
export function leave(why) {
  const wasInControl = stick.inControl;
  dispatch(stick.leave());
  if (!wasInControl) return;
  show("stickChanged");
  show("notice", `Control released: ${why}.`);
}

function receiveEvent(name, data) {
  if (name === "state") {
    state = data;
    sendStops();
  } else if (name === "description") {
    stick.keepAlive = keepAliveInterval(data.limits?.max_hold_ms);
  }
  show("event", name, data);
}

function receiveReply({ role, control, stopping, unknown_vehicle: unknown, refused, closed }) {
  if (role || closed) stops.disconnect();
  if (role) sendStops();
  if (stopping) stops.accept(stopping);
  if (unknown) stops.postpone(unknown);
  if (control === true) acquire();
  if (control === false) {
    stick.leave();
    show("notice", "Another page is in control of this vehicle.");
  }
  if (closed) leave("the connection to the console broke");
  if (control) show("controlAcquired");
  if (refused) show("notice", refused);
  show("changed");
}

function checkLink() {
  if (link.heardAt !== null && !link.alive && stick.inControl) leave("the console is silent");
  show("linkChecked");
}

function reportPresence() {
  if (document.hidden || !document.hasFocus()) return;
  const vehicle = vehicleId();
  if (vehicle && link.role) link.send({ present: vehicle });
}

/** Sends a command to the vehicle that is shown. */
export function sendCommand(command) {
  const vehicle = vehicleId();
  if (!vehicle || !link.send({ send: { vehicle, command } })) show("notice", "Not sent: the console is not connected.");
}

export function takeControl() {
  const vehicle = vehicleId();
  if (!vehicle || !link.send({ take_control: vehicle })) show("notice", "Not sent: the console is not connected.");
}

export function chooseVehicle(vehicle) {
  if (vehicle === vehicleId()) return false;
  if (stick.inControl) leave("another vehicle was chosen");
  link.open(vehicle);
  return true;
}
