// Draws what control.js knows, and passes on what a person asks for.

import { attach, chooseVehicle, gamepadName, leave, link, sendCommand, state, stick, stops, takeControl, vehicleId } from "./control.js";
import { strip, track } from "./charts.js";
import { show as showCommands } from "./commands.js";
import { reachOf } from "./drive_pad.js";
import { PRESENCE, ageText, driveHint, driveNote, freshness, openStop, trouble, valueText } from "./sentences.js";

const $ = (id) => document.getElementById(id);

const MODES = {
  off: ["○", "note", "engine off"], standing: ["■", "good", "standing"], driving: ["▶", "live", "driving"], braking: ["▽", "live", "braking"],
  autonomous: ["◆", "live", "driving itself"], failsafe: ["▲", "warn", "failsafe"], emergency_stop: ["✖", "bad", "EMERGENCY STOP"],
};
const DRIVE = { DISARMED: ["○", "note"], READY: ["■", "good"], DRIVING: ["▶", "live"], HOLD: ["▲", "warn"], ESTOP: ["✖", "bad"] };
const SHOWN = [
  ["mode", "Mode"], ["cause", "Cause"], ["engine", "Engine"], ["driver", "Driver"], ["target_speed_mph", "Target speed", "mph"], ["parking_brake", "Parking brake"],
  ["max_speed_mph", "Max speed", "mph"], ["min_speed_mph", "Min speed", "mph"], ["doors", "Doors"], ["headlights", "Headlights"], ["parking_lights", "Parking lights"],
  ["hazard_lights", "Hazard lights"], ["pose", "Position"], ["uptime_s", "Uptime", "s"],
];
const WEIGHTS = { note: "·", good: "✓", warning: "▲", alarm: "✖" };

let rows = []; // [performance time in s, speed, round trip, battery]
let points = [];
let notice = null; // a message to the person, and until when it is shown
let shownTrouble = null;
let refusedBy = null; // the vehicle that refused to be driven since somebody else drives it, and who that is
let shownVehicle = null;
let announcedStop = null;
let knob = null; // what the pad shows
const confirming = {}; // buttons that were pressed once, and until when that counts

function receiveEvent(name, data) {
  const now = performance.now() / 1000;
  if (name === "state") {
    if (data.vehicle && shownVehicle && shownVehicle !== data.vehicle.id) clearVehicle();
    shownVehicle = data.vehicle?.id ?? shownVehicle;
    render();
  } else if (name === "description") {
    showCommands($("commands"), data, sendCommand);
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

function clearVehicle() {
  rows = [];
  points = [];
  $("commands").replaceChildren();
}

function showNotice(text) {
  notice = { text: text.charAt(0).toUpperCase() + text.slice(1), until: performance.now() + 6000 };
  $("polite").textContent = notice.text;
  render();
}

function showStopSent() {
  $("stop").dataset.sent = "true";
  setTimeout(() => { $("stop").dataset.sent = "false"; }, 600);
}

/** The state of the vehicle that is shown; none while another one was chosen and has not come yet. */
function current() {
  return state?.vehicle?.id === vehicleId() ? state?.vehicle : null;
}

/** Moves the knob to where the vehicle is told to go. */
function renderKnob() {
  const moves = stick.moving && !stick.needsNeutral && !(stick.inControl && current()?.drive.halt);
  const [ahead, right] = moves ? [stick.sent.ahead / stick.speedLimit, stick.sent.right / stick.speedLimit] : [0, 0];
  const reach = moves ? reachOf($("pad")) : 0;
  const wanted = `translate(${right * reach}px, ${-ahead * reach}px)`;
  if (wanted === knob) return;
  knob = wanted;
  $("knob").style.transform = wanted;
  $("pad").dataset.held = String(moves);
}

function badge(id, [shape, tone, text]) {
  const place = $(id);
  place.dataset.tone = tone;
  place.firstElementChild.textContent = shape;
  place.lastElementChild.textContent = text;
}

/** Announces once that the vehicle is lost, and once that it is back. */
function checkLink() {
  const found = trouble(link, state, current());
  if (Boolean(found) !== Boolean(shownTrouble)) {
    $("alert").textContent = found ? `Lost. ${found}` : "Connected again.";
  }
  if (found !== shownTrouble) render(found);
  shownTrouble = found;
  freshen();
}

const currentFreshness = () => freshness(current(), link.age);

function freshen() {
  const fresh = currentFreshness();
  const card = document.querySelector(".status");
  if (card.dataset.fresh === fresh) return;
  card.dataset.fresh = fresh;
  renderStatus();
  draw();
}

function render(found = shownTrouble) {
  const vehicle = current();
  const silent = link.heardAt !== null && !link.alive;
  $("banner").hidden = !found;
  $("banner-text").textContent = found ?? "";
  $("name").textContent = vehicleId() ?? "No vehicle yet";
  $("broker").textContent = state ? state.broker : "connecting";
  document.title = vehicle ? `${vehicle.id} – Control console` : "Control console";
  const fresh = currentFreshness();
  badge("link-badge", silent ? ["▲", "bad", "console silent"] : state?.link === "down" ? ["▲", "bad", "broker lost"] : vehicle?.presence ? PRESENCE[vehicle.presence] ?? ["○", "note", vehicle.presence] : ["○", "note", "connecting"]);
  const mode = fresh === "gone" ? null : vehicle?.values.mode;
  const [shape, tone, text] = MODES[mode] ?? ["○", "note", "unknown"];
  badge("mode-badge", fresh === "current" ? [shape, tone, text] : [shape, "note", mode ? `~ ${text}` : "unknown"]);
  badge("role-badge", link.role === "control" ? ["◆", "good", "Can drive"] : ["○", "note", link.role ? "View only" : "Not connected"]);
  renderDrive(vehicle, found);
  renderStatus();
  renderFleet();
  renderCommands();
}

function renderDrive(vehicle, found) {
  const canDrive = link.role === "control";
  const drive = vehicle?.drive ?? {};
  const estop = vehicle?.values.mode === "emergency_stop";
  const word = estop ? "ESTOP" : stick.inControl ? drive.state ?? "DISARMED" : "DISARMED";
  badge("drive-badge", [...DRIVE[word], word]);
  const controlButton = $("control");
  controlButton.disabled = !canDrive || !link.alive || !vehicle || estop;
  controlButton.dataset.on = String(stick.inControl);
  controlButton.textContent = stick.inControl ? "Release control" : "Take control";
  const engine = vehicle?.values.engine === true;
  $("engine").disabled = !canDrive || !link.alive || !vehicle || estop || engine;
  $("engine").textContent = engine ? "Engine is on" : "Turn engine on";
  const clear = $("clear");
  clear.hidden = !vehicle?.waits_for_clear;
  clear.disabled = !canDrive || !link.alive;
  clear.textContent = confirming.clear ? "Press again to confirm" : estop ? "Clear emergency stop" : "Clear failsafe";
  renderHandover(vehicle, drive, word, canDrive);
  const open = openStop(stops.open, performance.now());
  if (open !== announcedStop) $("alert").textContent = open ?? "";
  announcedStop = open;
  $("drive-hint").textContent = open ?? currentNotice() ?? driveHint({ role: link.role, inControl: stick.inControl }, vehicle);
  $("cap").textContent = driveNote(drive.divisor, gamepadName);
  $("pad").dataset.ready = String(stick.inControl && link.alive && !(found && !link.alive) && (word === "READY" || word === "DRIVING"));
  renderKnob();
}

const currentNotice = () => notice && performance.now() < notice.until ? `${notice.text}${/[.!?]$/.test(notice.text) ? "" : "."}` : null;

// The status shows the driver all the time; the button comes only when somebody else's control stood in the way.
function renderHandover(vehicle, drive, word, canDrive) {
  const { driver, next_driver: next } = vehicle?.values ?? {};
  if (stick.inControl && driver && drive.reason === "NOT_IN_CONTROL") refusedBy = { id: vehicle.id, driver };
  else if (refusedBy && (refusedBy.id !== vehicle?.id || refusedBy.driver !== driver || word === "DRIVING")) refusedBy = null;
  const ask = $("ask");
  ask.hidden = !refusedBy;
  ask.disabled = !canDrive || !link.alive || Boolean(next);
  ask.textContent = next ? `${next} is about to get control` : confirming.ask ? "Press again to confirm" : `Ask ${driver} for control`;
}

const short = (value, places = 1) => typeof value === "number" ? value.toFixed(places) : "–";

function renderStatus() {
  const vehicle = current();
  const fresh = currentFreshness();
  const values = fresh === "gone" ? {} : vehicle?.values ?? {};
  document.querySelector(".status").dataset.fresh = fresh;
  $("speed").textContent = short(values.speed_mph);
  $("heading").textContent = short(values.heading_degrees, 0);
  $("battery").textContent = short(values.battery_pct, 0);
  $("trip").textContent = fresh === "current" ? short(vehicle.round_trip_ms, vehicle.round_trip_ms < 10 ? 1 : 0) : "–";
  const age = vehicle?.age_ms === null || !vehicle ? null : vehicle.age_ms + (link.alive ? 0 : link.age);
  $("age").textContent = ageText(fresh, age);
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
    button.setAttribute("aria-current", String(id === vehicleId()));
    const [shape, , there] = PRESENCE[presence] ?? ["○", "note", "not heard yet"];
    const doing = mode && presence === "ONLINE" ? MODES[mode]?.[2] ?? mode : there;
    const text = `${fresh === "old" ? "~ " : ""}${shape} ${doing}${fresh === "current" && speed ? ` ${speed.toFixed(1)} mph` : ""}`;
    if (button.lastChild.textContent !== text) button.lastChild.textContent = text;
  });
}

function choose(id) {
  if (!chooseVehicle(id)) return;
  clearVehicle();
  render();
}

function renderCommands() {
  const control = link.role === "control";
  const off = !control || !link.alive;
  for (const field of $("commands").querySelectorAll("button, input")) if (field.disabled !== off) field.disabled = off;
  const some = $("commands").childElementCount > 0;
  $("commands-note").textContent = !some ? "No description from the vehicle yet" : control ? "" : "View only";
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
  const vehicle = current();
  const fresh = currentFreshness();
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
let theme = "auto";
try {
  theme = localStorage.getItem("theme") ?? theme;
} catch {
  // A browser that keeps nothing follows the system.
}

function applyTheme(name) {
  theme = name;
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  $("theme").textContent = `Theme: ${name}`;
  requestAnimationFrame(draw);
}

function nextTheme() {
  applyTheme(THEMES[theme]);
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // It holds until the page is closed.
  }
}

$("control").addEventListener("click", () => {
  if (stick.inControl) leave("released here");
  else takeControl();
  render();
});
$("engine").addEventListener("click", () => sendCommand({ CMD: "TURN_ON_ENGINE" }));
/** A button that acts at its second press. */
function confirmed(name, command) {
  $(name).addEventListener("click", () => {
    if (confirming[name]) {
      clearTimeout(confirming[name]);
      confirming[name] = 0;
      sendCommand({ CMD: command });
    } else {
      confirming[name] = setTimeout(() => { confirming[name] = 0; render(); }, 4000);
    }
    render();
  });
}
confirmed("clear", "CLEAR_EMERGENCY_STOP");
confirmed("ask", "TAKE_CONTROL");
for (const choice of document.querySelectorAll("[name=speed-limit]")) choice.addEventListener("change", () => { stick.speedLimit = Number(choice.value); });
$("theme").addEventListener("click", nextTheme);
addEventListener("resize", () => requestAnimationFrame(draw));
matchMedia("(prefers-color-scheme: light)").addEventListener("change", draw);

applyTheme(theme);
render();
attach({
  changed: () => render(),
  notice: showNotice,
  event: receiveEvent,
  stickChanged: renderKnob,
  linkChecked: checkLink,
  stopSent: showStopSent,
  controlAcquired: () => $("pad").focus({ preventScroll: true }),
});
