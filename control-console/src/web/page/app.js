// The page: shows what the console tells, and says what the person does.

import { Link, token } from "/link.js";
import { Hand } from "/hand.js";
import { strip, track } from "/charts.js";
import { show as showCommands } from "/commands.js";

const $ = (id) => document.getElementById(id);
const GONE_MS = 30_000; // old values are shown for so long
const DIM_MS = 1_000;
const STOP_WAITS_MS = 60_000; // as long as the console repeats a stop that is not answered

const MODES = {
  off: ["○", "note", "engine off"], standing: ["■", "good", "standing"], driving: ["▶", "live", "driving"], braking: ["▽", "live", "braking"],
  autonomous: ["◆", "live", "driving itself"], failsafe: ["▲", "warn", "failsafe"], emergency_stop: ["✖", "bad", "EMERGENCY STOP"],
};
const PRESENCE = {
  ONLINE: ["●", "good", "online"], OFFLINE: ["○", "warn", "offline"], SLEEPING: ["◐", "note", "sleeping"], CONNECTION_BROKEN: ["▲", "bad", "connection broken"],
};
const DRIVE = { DISARMED: ["○", "note"], READY: ["■", "good"], DRIVING: ["▶", "live"], HOLD: ["▲", "warn"], ESTOP: ["✖", "bad"] };
const HALTS = {
  Stopped: "Stopped here.", Disarmed: "Not armed.", Emergency: "Emergency stop.", Refused: "The vehicle refused", Lapsed: "The hand fell silent.",
  Silent: "The vehicle was not heard.", Unlinked: "The link was lost.",
};
const SHOWN = [
  ["mode", "Mode"], ["cause", "Cause"], ["engine", "Engine"], ["driver", "Driver"], ["target_speed_mph", "Target speed", "mph"], ["parking_brake", "Parking brake"],
  ["max_speed_mph", "Most speed", "mph"], ["min_speed_mph", "Least speed", "mph"], ["doors", "Doors"], ["headlights", "Headlights"], ["parking_lights", "Parking lights"],
  ["hazard_lights", "Hazard lights"], ["pose", "Position"], ["uptime_s", "Up for", "s"],
];
const WEIGHTS = { note: "·", good: "✓", warning: "▲", alarm: "✖" };

let state = null;
let rows = []; // [performance time in s, speed, round trip, battery]
let points = [];
let notice = null; // what the person is told about the stick, and until when
let trouble = null;
let barred = null; // the vehicle that refused the stick because somebody else drives it, and who that is
const sure = {}; // buttons that were pressed once, and until when that counts
let stopping = null; // since when a stop waits for the console to be there

const secret = token();
const link = new Link(secret, { event: take, word: answer, change: watch });
const hand = new Hand($("pad"), $("knob"), link, { stop, left: tell, changed: render });
// Asked for before anything is drawn, which takes a phone longer than the answer takes.
link.open(null);

function take(name, data) {
  const now = performance.now() / 1000;
  if (name === "state") {
    const known = state?.vehicle?.id;
    state = data;
    if (known && data.vehicle && known !== data.vehicle.id) forget();
    stopLate();
    render();
  } else if (name === "description") {
    showCommands($("commands"), data, send);
    renderCommands();
  } else if (name === "samples") {
    rows.push(...data.map(([age, ...values]) => [now - age, ...values]));
    rows = rows.filter(([at]) => now - at < 310);
    requestAnimationFrame(draw);
  } else if (name === "trail") {
    points = data.reset ? data.points : [...points, ...data.points].slice(-2000);
    requestAnimationFrame(draw);
  } else if (name === "log") {
    log(data);
  }
}

function answer(reply) {
  if (reply.stick !== undefined) {
    if (reply.stick) {
      hand.take();
      $("pad").focus({ preventScroll: true });
    } else {
      hand.holds = false;
      tell("another screen holds the stick of this vehicle");
    }
  }
  if (reply.refused) tell(reply.refused);
  if (reply.role) stopLate();
  if (reply.closed && (hand.holds || hand.leaning)) {
    hand.leave("the connection to the console broke");
  }
  render();
}

function forget() {
  rows = [];
  points = [];
  $("commands").replaceChildren();
}

function tell(text) {
  notice = { text: text.charAt(0).toUpperCase() + text.slice(1), until: performance.now() + 6000 };
  $("polite").textContent = notice.text;
  render();
}

function stop() {
  hand.letGo();
  stopping = performance.now();
  if (!stopLate()) tell("the console is not connected: the stop is sent as soon as it is; meanwhile the vehicle stops by itself when nobody drives it");
}

/** Sends a stop that was asked for; a hand may be faster than the connection. */
function stopLate() {
  if (stopping === null || performance.now() - stopping > STOP_WAITS_MS) return false;
  const id = state?.vehicle?.id;
  if (!id || !link.role || !link.sayStop({ stop: id })) return false;
  stopping = null;
  $("stop").dataset.sent = "true";
  setTimeout(() => { $("stop").dataset.sent = "false"; }, 600);
  return true;
}

function send(command) {
  const id = state?.vehicle?.id;
  if (!id || !link.say({ send: { vehicle: id, command } })) tell("not sent: the console is not connected");
}

function present() {
  if (document.hidden || !document.hasFocus()) return;
  const id = state?.vehicle?.id;
  if (id && link.role) link.say({ present: id });
}

function badge(id, [shape, tone, text]) {
  const place = $(id);
  place.dataset.tone = tone;
  place.firstElementChild.textContent = shape;
  place.lastElementChild.textContent = text;
}

/** What stands between the person and the vehicle, if anything does. */
function findTrouble() {
  const vehicle = state?.vehicle;
  if (link.refused) return link.refused;
  if (link.heard === null) return null;
  if (link.ended) return "The console has ended. Start it again and open its new link.";
  if (!link.alive) return `The console has not been heard for ${Math.round(link.age / 1000)} s. Nothing is sent; the vehicle stops by itself.`;
  if (state.link === "down") return `The console has lost the broker: ${state.why ?? "no reason known"}.`;
  if (state.link !== "up" || !vehicle) return null;
  if (vehicle.presence && vehicle.presence !== "ONLINE") return `${vehicle.id}: ${PRESENCE[vehicle.presence][2]}.`;
  if (vehicle.fresh !== "current" && vehicle.age_ms !== null) return `${vehicle.id} has not been heard for ${Math.round(vehicle.age_ms / 1000)} s.`;
  return null;
}

/** Told aloud once when it is lost and once when it is back. */
function watch() {
  const found = findTrouble();
  if (Boolean(found) !== Boolean(trouble)) {
    $("alert").textContent = found ? `Lost. ${found}` : "Connected again.";
  }
  if (found && !link.alive && hand.holds) hand.leave("the console was not heard");
  if (found !== trouble) render(found);
  trouble = found;
  freshen();
}

function freshness() {
  if (!state || link.age > GONE_MS) return "gone";
  const told = state.vehicle?.fresh ?? "gone";
  return told === "current" && link.age > DIM_MS ? "old" : told;
}

function freshen() {
  const fresh = freshness();
  const card = document.querySelector(".status");
  if (card.dataset.fresh === fresh) return;
  card.dataset.fresh = fresh;
  renderStatus();
  draw();
}

function render(found = trouble) {
  const vehicle = state?.vehicle;
  const silent = link.heard !== null && !link.alive;
  $("banner").hidden = !found;
  $("banner-text").textContent = found ?? "";
  $("name").textContent = vehicle?.id ?? "no vehicle yet";
  $("broker").textContent = state ? state.broker : "connecting";
  document.title = vehicle ? `${vehicle.id} – Control console` : "Control console";
  const fresh = freshness();
  badge("link-badge", silent ? ["▲", "bad", "console silent"] : state?.link === "down" ? ["▲", "bad", "broker lost"] : vehicle?.presence ? PRESENCE[vehicle.presence] : ["○", "note", "connecting"]);
  const mode = fresh === "gone" ? null : vehicle?.values.mode;
  const [shape, tone, text] = MODES[mode] ?? ["○", "note", "unknown"];
  badge("mode-badge", fresh === "current" ? [shape, tone, text] : [shape, "note", mode ? `~ ${text}` : "unknown"]);
  badge("role-badge", link.role === "control" ? ["◆", "good", "may drive"] : ["○", "note", link.role ? "looking only" : "not connected"]);
  renderDrive(vehicle, found);
  renderStatus();
  renderFleet();
  renderCommands();
}

function renderDrive(vehicle, found) {
  const control = link.role === "control";
  const drive = vehicle?.drive ?? {};
  const estop = vehicle?.values.mode === "emergency_stop";
  const word = estop ? "ESTOP" : hand.holds ? drive.state ?? "DISARMED" : "DISARMED";
  badge("drive-badge", [...DRIVE[word], word]);
  hand.halted = hand.holds && Boolean(drive.halt);
  hand.ready = hand.holds && link.alive && (word === "READY" || word === "DRIVING");
  const takeButton = $("take");
  takeButton.disabled = !control || !link.alive || !vehicle || estop;
  takeButton.dataset.on = String(hand.holds);
  takeButton.textContent = hand.holds ? "Give the stick back" : "Take the stick";
  const engine = vehicle?.values.engine === true;
  $("engine").disabled = !control || !link.alive || !vehicle || estop || engine;
  $("engine").textContent = engine ? "The engine is on" : "Turn the engine on";
  const clear = $("clear");
  clear.hidden = !vehicle?.waits_for_clear;
  clear.disabled = !control || !link.alive;
  clear.textContent = sure.clear ? "Really? Press once more" : estop ? "Clear emergency stop" : "Clear failsafe";
  renderControl(vehicle, drive, word, control);
  let hint = "Hold to drive, let go to stop. Space stops in emergency, any other key just stops.";
  if (!control) hint = link.role ? "This link may only look. STOP works from here too; driving needs the link that the console printed first." : "Not connected.";
  else if (estop) hint = "Stopped in emergency. Clear it when it is safe: that is a step of its own.";
  else if (vehicle?.waits_for_clear) hint = `Stopped by a failsafe (${vehicle.values.cause}). Look at the vehicle, then clear it.`;
  else if (!hand.holds) hint = drive.held ? "Another screen holds the stick of this vehicle." : `${engine ? "Take" : "Turn the engine on and take"} the stick to drive with pad, W A S D, arrows or a gamepad.`;
  else if (drive.halt) hint = drive.halt === "Refused" ? `The vehicle refused: ${drive.reason ?? ""} ${drive.detail ?? ""}. Let go first.` : `${HALTS[drive.halt] ?? drive.halt} Let go of the stick, then press again.`;
  else if (vehicle?.values.engine === false) hint = "The engine is off: turn it on, then hold to drive.";
  if (notice && performance.now() < notice.until) hint = `${notice.text}${/[.!?]$/.test(notice.text) ? "" : "."}`;
  $("drive-hint").textContent = hint;
  const cap = { 2: "Half the speed: the round trip is above 150 ms.", 4: "A quarter of the speed: the round trip is above 300 ms." }[drive.divisor];
  $("cap").textContent = [cap, hand.gamepad ? `Gamepad: ${hand.gamepad.slice(0, 24)}` : null].filter(Boolean).join(" ");
  if (found && !link.alive) hand.ready = false;
}

// Who drives is in the status all the time; the button comes only when that stood in the way.
function renderControl(vehicle, drive, word, control) {
  const { driver, next_driver: next } = vehicle?.values ?? {};
  if (hand.holds && driver && drive.reason === "NOT_IN_CONTROL") barred = { id: vehicle.id, driver };
  else if (barred && (barred.id !== vehicle?.id || barred.driver !== driver || word === "DRIVING")) barred = null;
  const ask = $("ask");
  ask.hidden = !barred;
  ask.disabled = !control || !link.alive || Boolean(next);
  ask.textContent = next ? `${next} is about to get control` : sure.ask ? "Really? Press once more" : `Ask ${driver} for control`;
}

const short = (value, places = 1) => typeof value === "number" ? value.toFixed(places) : "–";

function valueText(value, unit) {
  if (value === null || value === undefined || value === "") return "–";
  if (value === true) return "on";
  if (value === false) return "off";
  if (typeof value === "number") return `${Number.isInteger(value) ? value : value.toFixed(1)}${unit ? ` ${unit}` : ""}`;
  return String(value).replaceAll("_", " ");
}

function renderStatus() {
  const vehicle = state?.vehicle;
  const fresh = freshness();
  const values = fresh === "gone" ? {} : vehicle?.values ?? {};
  document.querySelector(".status").dataset.fresh = fresh;
  $("speed").textContent = short(values.speed_mph);
  $("heading").textContent = short(values.heading_degrees, 0);
  $("battery").textContent = short(values.battery_pct, 0);
  $("trip").textContent = fresh === "current" ? short(vehicle.round_trip_ms, vehicle.round_trip_ms < 10 ? 1 : 0) : "–";
  const age = vehicle?.age_ms === null || !vehicle ? null : vehicle.age_ms + (link.alive ? 0 : link.age);
  $("age").textContent = fresh === "gone" && age !== null ? `last heard ${Math.round(age / 1000)} s ago: values removed` : age === null ? "never heard" : age < 2000 ? "heard just now" : `heard ${Math.round(age / 1000)} s ago`;
  const known = SHOWN.filter(([key]) => key !== "cause" || values.cause);
  const list = $("values");
  if (list.childElementCount !== known.length) {
    list.replaceChildren(...known.map(([, name]) => {
      const box = document.createElement("div");
      box.append(Object.assign(document.createElement("dt"), { textContent: name }), document.createElement("dd"));
      return box;
    }));
  }
  known.forEach(([key, name, unit], index) => {
    const box = list.children[index];
    const text = valueText(values[key], unit);
    if (box.firstChild.textContent !== name) box.firstChild.textContent = name;
    if (box.lastChild.textContent !== text) box.lastChild.textContent = text;
  });
}

function renderFleet() {
  const fleet = state?.fleet ?? [];
  const list = $("fleet");
  $("fleet-note").textContent = fleet.length === 1 ? "1 vehicle" : `${fleet.length} vehicles`;
  const key = fleet.map(({ id }) => id).join();
  if (list.dataset.key !== key) {
    list.dataset.key = key;
    list.replaceChildren(...fleet.map(({ id }) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(document.createElement("span"), document.createElement("span"));
      button.firstChild.textContent = id;
      button.lastChild.className = "fleet-state";
      button.addEventListener("click", () => choose(id));
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
  }
  fleet.forEach(({ id, presence, mode, speed_mph: speed, fresh }, index) => {
    const button = list.children[index].firstChild;
    button.setAttribute("aria-current", String(id === state.vehicle?.id));
    const [shape, , there] = PRESENCE[presence] ?? ["○", "note", "never heard"];
    const doing = mode && presence === "ONLINE" ? MODES[mode]?.[2] ?? mode : there;
    const text = `${fresh === "old" ? "~ " : ""}${shape} ${doing}${fresh === "current" && speed ? ` ${speed.toFixed(1)} mph` : ""}`;
    if (button.lastChild.textContent !== text) button.lastChild.textContent = text;
  });
}

function choose(id) {
  if (id === state?.vehicle?.id) return;
  if (hand.holds) hand.leave("you looked at another vehicle");
  forget();
  link.open(id);
}

function renderCommands() {
  const control = link.role === "control";
  const off = !control || !link.alive;
  for (const field of $("commands").querySelectorAll("button, input")) if (field.disabled !== off) field.disabled = off;
  const some = $("commands").childElementCount > 0;
  $("commands-note").textContent = !some ? "the vehicle has not said yet what it can do" : control ? "" : "this link may only look";
}

function log(lines) {
  const list = $("log");
  const atTop = list.scrollTop < 8;
  for (const { age_ms: age, vehicle, weight, text } of lines) {
    const item = document.createElement("li");
    item.dataset.weight = weight;
    const when = new Date(Date.now() - age);
    const time = Object.assign(document.createElement("time"), { textContent: when.toTimeString().slice(0, 8), dateTime: when.toISOString() });
    const shape = Object.assign(document.createElement("span"), { className: "shape", textContent: WEIGHTS[weight] ?? "·" });
    shape.setAttribute("aria-hidden", "true");
    const words = Object.assign(document.createElement("span"), { className: "log-text", textContent: `${vehicle && state?.fleet.length > 1 ? `${vehicle}: ` : ""}${text}` });
    item.append(time, shape, words);
    list.prepend(item);
  }
  while (list.childElementCount > 300) list.lastElementChild.remove();
  if (atTop) list.scrollTop = 0;
}

function draw() {
  const vehicle = state?.vehicle;
  const fresh = freshness();
  const values = fresh === "gone" ? {} : vehicle?.values ?? {};
  const pair = (x, y) => typeof x === "number" && typeof y === "number" ? [x, y] : null;
  const pose = values.pose === "unknown" ? null : pair(values.x_m, values.y_m);
  track($("track"), points, { pose, heading: values.heading_degrees, safe: pair(values.safe_place_x_m, values.safe_place_y_m), fresh: fresh === "current" });
  $("place").textContent = pose ? `${pose[0].toFixed(1)} m right, ${pose[1].toFixed(1)} m ahead, ${values.pose}` : "";
  const column = (n) => rows.map((row) => [row[0], row[n]]);
  strip($("strip-speed"), column(1), { name: "Speed", unit: "mph", floor: 1 });
  strip($("strip-trip"), column(2), { name: "Round trip", unit: "ms", floor: 20, dash: [150, 300] });
  strip($("strip-battery"), column(3), { name: "Battery", unit: "%", floor: 100 });
}

const THEMES = { auto: "light", light: "dark", dark: "auto" };
function theme(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  $("theme").textContent = `Theme: ${name}`;
  localStorage.setItem("theme", name);
  requestAnimationFrame(draw);
}

$("stop").addEventListener("pointerdown", (event) => { if (event.button === 0) stop(); });
$("stop").addEventListener("click", (event) => { if (event.detail === 0) stop(); }); // by the Enter key
$("take").addEventListener("click", () => {
  if (hand.holds) hand.leave("you gave the stick back");
  else if (!link.say({ take: state.vehicle.id })) tell("not sent: the console is not connected");
  render();
});
$("engine").addEventListener("click", () => send({ CMD: "TURN_ON_ENGINE" }));
// What is done slowly: at the second press.
function slowly(name, command) {
  $(name).addEventListener("click", () => {
    if (sure[name]) {
      clearTimeout(sure[name]);
      sure[name] = 0;
      send({ CMD: command });
    } else {
      sure[name] = setTimeout(() => { sure[name] = 0; render(); }, 4000);
    }
    render();
  });
}
slowly("clear", "CLEAR_EMERGENCY_STOP");
slowly("ask", "TAKE_CONTROL");
for (const choice of document.querySelectorAll("[name=reach]")) choice.addEventListener("change", () => { hand.reach = Number(choice.value); });
$("theme").addEventListener("click", () => theme(THEMES[localStorage.getItem("theme") ?? "auto"]));
addEventListener("resize", () => requestAnimationFrame(draw));
matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);

theme(localStorage.getItem("theme") ?? "auto");
setInterval(present, 500);
render();
