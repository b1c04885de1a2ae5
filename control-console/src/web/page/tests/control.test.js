// The scripts of a stop as they run in a browser, with a stub in its place.

import assert from "node:assert/strict";
import test from "node:test";

const listeners = {};
const element = () => ({
  clientWidth: 200, listeners: {}, focus() {}, setPointerCapture() {},
  addEventListener(name, handler) { this.listeners[name] = handler; },
});
const elements = { pad: element(), stop: element() };
const timers = [];
const pads = [];
const sent = [];
const reported = [];

class Socket {
  static OPEN = 1;
  static newest = null;
  readyState = 1;
  bufferedAmount = 0;
  constructor() { Socket.newest = this; }
  send(text) { sent.push(JSON.parse(text)); }
}

const page = {
  document: { getElementById: (id) => elements[id], addEventListener() {}, hasFocus: () => true, hidden: false },
  history: { replaceState() {} },
  location: { hash: "", protocol: "http:", host: "localhost", pathname: "/" },
  navigator: { getGamepads: () => pads },
  reportError: (error) => reported.push(error.message),
  sessionStorage: { getItem() { throw new Error("blocked"); } },
  setInterval: (callback, ms) => timers.push({ callback, ms }),
  WebSocket: Socket,
  window: { addEventListener: (name, handler) => (listeners[name] ??= []).push(handler) },
  // A stream that only ever gives what a test lays into it.
  fetch: async () => ({ ok: true, body: { getReader: () => ({ read: () => new Promise((resolve) => { page.arrive = resolve; }) }) } }),
};
for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });

const control = await import("../control.js");
const tick = () => timers.find(({ ms }) => ms === 16).callback();
const stops = () => sent.splice(0).filter((message) => message.emergency_stop);
const STOP = [{ emergency_stop: "rover-1" }];

function key(code, kind = "keydown") {
  const event = { code, repeat: false, target: {}, preventDefault() {}, stopImmediatePropagation() { this.ended = true; } };
  for (const handler of listeners[kind]) if (!event.ended) handler(event);
}

async function receive(name, data) {
  await new Promise((resolve) => setTimeout(resolve));
  page.arrive({ done: false, value: new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`) });
  await new Promise((resolve) => setTimeout(resolve));
}

const reply = (message) => Socket.newest.onmessage({ data: JSON.stringify(message) });
const gamepad = (stop, y = 0) => ({ id: "Stub", index: 0, connected: true, axes: [0, y], buttons: [{}, { pressed: stop }] });

test("a stop that is pressed before anything is known leaves as soon as a vehicle is", async () => {
  key("Space");
  reply({ role: "view" });
  assert.deepEqual(stops(), []);
  await receive("state", { vehicle: { id: "rover-1", drive: {} }, fleet: [{ id: "rover-1" }] });
  assert.deepEqual(stops(), STOP);
  reply({ stopping: "rover-1" });
});

test("a page that may only look stops by the gamepad's button, once a press", () => {
  pads[0] = gamepad(false);
  tick();
  pads[0] = gamepad(true);
  tick();
  tick();
  assert.deepEqual(stops(), STOP);
  pads[0] = gamepad(false);
  tick();
  pads[0] = gamepad(true);
  tick();
  assert.deepEqual(stops(), STOP);
});

test("a page that drives stops by the gamepad's button, whatever else is held", () => {
  reply({ role: "control" });
  reply({ control: true });
  for (const hold of [() => key("KeyW"), () => { pads[0] = gamepad(false, -1); }]) {
    pads[0] = gamepad(false);
    tick();
    sent.length = 0;
    hold();
    tick();
    assert.ok(sent.some(({ stick }) => stick?.ahead > 0), "it moves");
    pads[0] = gamepad(true, pads[0].axes[1]);
    tick();
    const [first, ...others] = sent.filter((message) => !message.stick);
    assert.deepEqual(first, STOP[0], "the stop goes before what releases the stick");
    assert.deepEqual(others, ["release_stick", { stick: null }]);
    stops();
    tick();
    assert.deepEqual(stops(), []);
    key("KeyW", "keyup");
  }
});

test("a gamepad that leans already when control comes moves nothing before it was at neutral", () => {
  control.leave("test");
  pads[0] = gamepad(false);
  tick();
  pads[0] = gamepad(false, -1); // between two ticks
  reply({ control: true });
  sent.length = 0;
  tick();
  assert.deepEqual(sent, []);
  pads[0] = gamepad(false);
  tick();
  pads[0] = gamepad(false, -1);
  tick();
  assert.equal(sent.length, 1);
});

test("a page whose drawing throws stops by key, button and gamepad", async () => {
  pads[0] = gamepad(false);
  tick();
  const broken = () => { throw new Error("drawing"); };
  control.attach(new Proxy({}, { get: () => broken }));
  for (const press of [
    () => key("Space"),
    () => elements.stop.listeners.pointerdown({ button: 0, timeStamp: 5 }),
    () => elements.stop.listeners.click({ detail: 0, timeStamp: 9 }), // the Enter key
    () => elements.stop.listeners.click({ detail: 1, timeStamp: 9000 }), // a screen reader
    () => { pads[0] = gamepad(true); tick(); },
  ]) {
    stops();
    press();
    assert.deepEqual(stops(), STOP);
  }
  // And the stream of events goes on.
  await receive("state", { vehicle: { id: "rover-2", drive: {} }, fleet: [{ id: "rover-2" }] });
  await receive("state", { vehicle: { id: "rover-1", drive: {} }, fleet: [{ id: "rover-1" }] });
  assert.equal(control.vehicleId(), "rover-1");
  assert.ok(reported.length > 3 && reported.every((message) => message === "drawing"));
});

test("the click that ends a press of the button is no second stop", () => {
  stops();
  elements.stop.listeners.pointerdown({ button: 0, timeStamp: 20_000 });
  elements.stop.listeners.click({ detail: 1, timeStamp: 20_100 });
  assert.deepEqual(stops(), STOP);
});

test("a stop goes to the vehicle that was chosen, though its first state has not come yet", () => {
  control.chooseVehicle("rover-2");
  key("Space");
  assert.deepEqual(stops(), [{ emergency_stop: "rover-2" }]);
});
