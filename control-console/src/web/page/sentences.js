// What the page says about link, vehicle, control and stops; no DOM and no clock, so that node can test it.

const DIM_MS = 1_000; // older values are shown as old
const GONE_MS = 30_000; // and still older ones not at all
const ACCEPT_MS = 1_000; // a console on the same machine accepts a stop within milliseconds

export const PRESENCE = {
  ONLINE: ["●", "good", "online"], OFFLINE: ["○", "warn", "offline"], SLEEPING: ["◐", "note", "sleeping"], CONNECTION_BROKEN: ["▲", "bad", "connection broken"],
};
const HALTS = {
  stopped: "Stopped from this page.", not_in_control: "This page was not in control.", emergency_stop: "Emergency stop.",
  input_interrupted: "Input was interrupted.", vehicle_silent: "The vehicle is silent.", link_lost: "The link was lost.",
};
const DIVIDED = { 2: "Half the speed: the round trip is above 150 ms.", 4: "A quarter of the speed: the round trip is above 300 ms." };

const seconds = (ms) => Math.round(ms / 1000);
const unknownVehicle = (id) => `Unknown vehicle ${id}: neither the settings of the console nor the broker know it.`;

/** "current", "old" or "gone"; `age` is that of the newest event of the console. */
export function freshness(vehicle, age) {
  if (!vehicle || age === null || age > GONE_MS) return "gone";
  return vehicle.fresh === "current" && age > DIM_MS ? "old" : vehicle.fresh;
}

/** What keeps the person from the vehicle, or null. */
export function trouble(link, state, vehicle) {
  if (link.refused) return link.refused;
  if (link.age === null || !state) return null;
  if (link.ended) return "The console has ended. Start it again and open its new link.";
  if (!link.alive) return `The console has not been heard for ${seconds(link.age)} s. Nothing is sent; the vehicle stops by itself.`;
  if (state.link === "down") return `The console has lost the broker: ${state.why ?? "no reason known"}.`;
  if (state.link !== "up") return null;
  if (link.vehicle && !state.fleet.some(({ id }) => id === link.vehicle)) return unknownVehicle(link.vehicle);
  if (!vehicle) return null;
  if (vehicle.presence && vehicle.presence !== "ONLINE") return `${vehicle.id}: ${PRESENCE[vehicle.presence]?.[2] ?? vehicle.presence}.`;
  if (vehicle.fresh !== "current" && vehicle.age_ms !== null) return `${vehicle.id} has not been heard for ${seconds(vehicle.age_ms)} s.`;
  return null;
}

/** An emergency stop that the console has not accepted, or null. `open` is that of EmergencyStops. */
export function openStop(open, now) {
  for (const [vehicle, { state, requestedAt }] of open) {
    if (state === "unknown") return `Emergency stop of ${vehicle} not sent. ${unknownVehicle(vehicle)}`;
    if (state === "unsent") return "Emergency stop not sent yet: the console is not connected. It leaves as soon as the console answers; a vehicle that nobody drives stops by itself.";
    if (now - requestedAt > ACCEPT_MS) return `Emergency stop of ${vehicle} sent, but the console has not accepted it yet.`;
  }
  return null;
}

/** What to do next. `page` is { role, inControl }. */
export function driveHint({ role, inControl }, vehicle) {
  const drive = vehicle?.drive ?? {};
  const { mode, engine, cause } = vehicle?.values ?? {};
  if (role === null) return "Not connected.";
  if (role !== "control") return "View only. STOP works from here too; driving needs the link that the console printed first.";
  if (mode === "emergency_stop") return "Emergency stop. Clear it when it is safe: that is a step of its own.";
  if (vehicle?.waits_for_clear) return `Stopped by a failsafe (${cause}). Look at the vehicle, then clear it.`;
  if (!inControl && drive.in_control) return "Another page is in control of this vehicle.";
  if (!inControl) return `${engine ? "Take" : "Turn the engine on and take"} control to drive with pad, W A S D, arrows or a gamepad.`;
  if (drive.halt === "refused") return `The vehicle refused: ${[drive.reason, drive.detail].filter(Boolean).join(" ")}. Release the stick first.`;
  if (drive.halt) return `${HALTS[drive.halt] ?? drive.halt} Release the stick, then press again.`;
  if (engine === false) return "The engine is off: turn it on, then hold to drive.";
  return "Hold to drive, release to stop. Space is the emergency stop; any other key stops the drive.";
}

/** What limits the speed, and which gamepad is read. */
export function driveNote(divisor, gamepad) {
  return [DIVIDED[divisor], gamepad && `Gamepad: ${gamepad.slice(0, 24)}, button B stops`].filter(Boolean).join(" ");
}

/** How old the values are that are shown. */
export function ageText(fresh, age) {
  if (age === null) return "not heard yet";
  if (fresh === "gone") return `last heard ${seconds(age)} s ago, values removed`;
  return age < 2000 ? "heard just now" : `heard ${seconds(age)} s ago`;
}

/** A value of the status. */
export function valueText(value, unit) {
  if (value === null || value === undefined || value === "") return "–";
  if (value === true) return "on";
  if (value === false) return "off";
  if (typeof value === "number") return `${Number.isInteger(value) ? value : value.toFixed(1)}${unit ? ` ${unit}` : ""}`;
  return String(value).replaceAll("_", " ");
}
