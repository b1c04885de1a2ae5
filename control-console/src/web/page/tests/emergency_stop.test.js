import assert from "node:assert/strict";
import test from "node:test";
import { EmergencyStops, STOP_LIFETIME_MS } from "../emergency_stop.js";

const NOTHING = { shown: null, fleet: [] };
const ROVER = { shown: "rover-1", fleet: ["rover-1"] };

/** Flushes to a connection that is there, or not, and returns what left. */
const flush = (stops, now, known, connected = true) => stops.flush(now, known, () => connected).sent;

test("a stop leaves at once, once, and again after a press", () => {
  const stops = new EmergencyStops();
  stops.request("rover-1", 0);
  assert.deepEqual(flush(stops, 0, ROVER), ["rover-1"]);
  assert.deepEqual(flush(stops, 1, ROVER), []);
  stops.request("rover-1", 2);
  assert.deepEqual(flush(stops, 2, ROVER), ["rover-1"]);
});

test("a stop without a connection leaves when there is one, to the vehicle that was meant", () => {
  const stops = new EmergencyStops();
  stops.request("rover-1", 0);
  assert.deepEqual(flush(stops, 0, ROVER, false), []);
  assert.equal(stops.open.get("rover-1").state, "unsent");
  assert.deepEqual(flush(stops, 100, { shown: "rover-2", fleet: ["rover-2"] }), ["rover-1"]);
});

test("a stop before any vehicle is known is for the first that is shown", () => {
  const stops = new EmergencyStops();
  stops.request(null, 0);
  assert.deepEqual(flush(stops, 1, NOTHING), []);
  assert.deepEqual(flush(stops, 2, ROVER), ["rover-1"]);
  stops.accept("rover-1");
  assert.equal(stops.open.size, 0);
});

test("a stop that was not accepted when its connection broke leaves again on the next one", () => {
  const stops = new EmergencyStops();
  stops.request("rover-1", 0);
  flush(stops, 0, ROVER);
  stops.disconnect();
  assert.deepEqual(flush(stops, 700, ROVER), ["rover-1"]);
  stops.accept("rover-1");
  stops.disconnect();
  assert.deepEqual(flush(stops, 1400, ROVER), []);
});

test("a vehicle that the console does not know yet is stopped once it does", () => {
  const stops = new EmergencyStops();
  stops.request("rover-9", 0);
  flush(stops, 0, ROVER);
  stops.postpone("rover-9");
  assert.deepEqual(flush(stops, 100, ROVER), []);
  assert.deepEqual(flush(stops, 200, { shown: "rover-1", fleet: ["rover-1", "rover-9"] }), ["rover-9"]);
});

test("a stop is given up after a minute, and that is said", () => {
  const stops = new EmergencyStops();
  stops.request("rover-1", 0);
  const { sent, expired } = stops.flush(STOP_LIFETIME_MS + 1, ROVER, () => true);
  assert.deepEqual([sent, expired, stops.open.size], [[], ["rover-1"], 0]);
});
