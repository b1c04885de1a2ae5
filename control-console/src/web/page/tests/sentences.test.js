import assert from "node:assert/strict";
import test from "node:test";
import { ageText, driveHint, driveNote, freshness, openStop, trouble, valueText } from "../sentences.js";

const LINK = { refused: null, age: 100, ended: false, alive: true, vehicle: null };
const STATE = { link: "up", fleet: [{ id: "rover-1" }] };
const ROVER = { id: "rover-1", presence: "ONLINE", fresh: "current", age_ms: 50, values: { mode: "standing", engine: true }, drive: {}, waits_for_clear: false };
const DRIVER = { role: "control", inControl: true };

test("the nearest trouble is named, and none while nothing is wrong or nothing was heard", () => {
  for (const [link, state, vehicle, expected] of [
    [{}, {}, {}, null],
    [{ age: null }, {}, {}, null],
    [{ refused: "Refused." }, {}, {}, "Refused."],
    [{ ended: true, alive: false }, {}, {}, "The console has ended."],
    [{ alive: false, age: 4200 }, { link: "down" }, {}, "The console has not been heard for 4 s."],
    [{}, { link: "down" }, {}, "The console has lost the broker: no reason known."],
    [{}, { link: "connecting" }, { presence: "OFFLINE" }, null],
    [{ vehicle: "rover-9" }, {}, {}, "Unknown vehicle rover-9:"],
    [{}, {}, { presence: "OFFLINE" }, "rover-1: offline."],
    [{}, {}, { fresh: "old", age_ms: 3000 }, "rover-1 has not been heard for 3 s."],
  ]) {
    const found = trouble({ ...LINK, ...link }, { ...STATE, ...state }, { ...ROVER, ...vehicle });
    assert.ok(expected === null ? found === null : found?.startsWith(expected), `${found} instead of ${expected}`);
  }
  assert.equal(trouble(LINK, STATE, null), null, "no vehicle is shown yet");
});

test("the hint says what to do next", () => {
  for (const [page, vehicle, expected] of [
    [{ role: null }, {}, "Not connected."],
    [{ role: "view" }, {}, "View only."],
    [{}, { values: { mode: "emergency_stop" } }, "Emergency stop. Clear it"],
    [{}, { waits_for_clear: true, values: { cause: "GUARD_LOST" } }, "Stopped by a failsafe (GUARD_LOST)."],
    [{ inControl: false }, { drive: { in_control: true } }, "Another page is in control"],
    [{ inControl: false }, {}, "Take control to drive"],
    [{ inControl: false }, { values: { engine: false } }, "Turn the engine on and take control"],
    [{}, { drive: { halt: "refused", reason: "NOT_NEUTRAL", detail: null } }, "The vehicle refused: NOT_NEUTRAL. Release the stick first."],
    [{}, { drive: { halt: "input_interrupted" } }, "Input was interrupted. Release the stick, then press again."],
    [{}, { drive: { halt: "new_word" } }, "new_word Release the stick"],
    [{}, { values: { engine: false } }, "The engine is off"],
    [{}, {}, "Hold to drive"],
  ]) {
    const hint = driveHint({ ...DRIVER, ...page }, { ...ROVER, ...vehicle });
    assert.ok(hint.startsWith(expected), `${hint} instead of ${expected}`);
  }
});

test("a stop that the console has not accepted is named, and one that it accepts at once is not", () => {
  const at = (state) => new Map([["rover-1", { state, requestedAt: 0 }]]);
  assert.equal(openStop(new Map(), 0), null);
  assert.match(openStop(at("unsent"), 0), /not sent yet/);
  assert.match(openStop(at("unknown"), 0), /not sent. Unknown vehicle rover-1/);
  assert.equal(openStop(at("sent"), 500), null);
  assert.match(openStop(at("sent"), 1500), /has not accepted it/);
});

test("values grow old with the console's silence as with the vehicle's", () => {
  const seen = (fresh, age) => freshness({ fresh }, age);
  assert.deepEqual([seen("current", 100), seen("current", 1500), seen("old", 100), seen("current", 31_000)], ["current", "old", "old", "gone"]);
  assert.equal(freshness(null, 100), "gone");
  assert.deepEqual([ageText("gone", null), ageText("gone", 40_000), ageText("current", 300), ageText("old", 5_000)], ["not heard yet", "last heard 40 s ago, values removed", "heard just now", "heard 5 s ago"]);
});

test("values and notes are short", () => {
  assert.deepEqual([valueText(null), valueText(true), valueText(2.55, "mph"), valueText(3), valueText("emergency_stop")], ["–", "on", "2.5 mph", "3", "emergency stop"]);
  assert.equal(driveNote(2, null), "Half the speed: the round trip is above 150 ms.");
  assert.equal(driveNote(undefined, "Xbox Wireless Controller (STANDARD)"), "Gamepad: Xbox Wireless Controller, button B stops");
});
