import assert from "node:assert/strict";
import test from "node:test";
import { readGamepads } from "../gamepad.js";

const pad = (axes, stop, index = 0) => ({ id: "Stub", index, connected: true, axes, buttons: [{}, { pressed: stop }] });

/** Numbers of the readings at which a stop was pressed. */
function stopsOf(readings) {
  let pressed = new Set();
  return readings.flatMap((pads, n) => {
    const reading = readGamepads(pads, pressed);
    pressed = reading.pressed;
    return reading.stopPressed ? [n] : [];
  });
}

test("a held stop button is one press, and a second press is another one", () => {
  const [up, down] = [[pad([0, 0], false)], [pad([0, 0], true)]];
  assert.deepEqual(stopsOf([up, down, down, down, up, down]), [1, 5]);
});

test("a button that is down when its pad appears is one press, also when the pad comes back", () => {
  const down = [pad([0, 0], true)];
  assert.deepEqual(stopsOf([[], down, down, [], down]), [1, 4]);
});

test("the stop button of every pad counts, and a pad without buttons or axes hurts nothing", () => {
  const empty = { id: "Pedals", index: 0, connected: true, axes: [], buttons: [] };
  assert.deepEqual(stopsOf([[empty, null], [empty, pad([0, 0], true, 1)], [pad([0, 0], true, 0), pad([0, 0], true, 1)]]), [1, 2]);
  assert.deepEqual(readGamepads([empty], new Set()).position, [0, 0]);
});

test("the stick counts outside its dead zone, and reaches the full range", () => {
  const position = (axes) => readGamepads([pad(axes, false)], new Set()).position;
  assert.deepEqual(position([0.1, -0.1]), [0, 0]);
  assert.deepEqual(position([1, -1]), [1, 1]);
  assert.deepEqual(position([0, 0, -1]), [0, -1], "the other stick turns too");
  assert.deepEqual(position([NaN, undefined]), [0, 0]);
  const [ahead] = position([0, -0.57]);
  assert.ok(Math.abs(ahead - 0.5) < 1e-9, String(ahead));
});

test("a pad that is not connected is none", () => {
  assert.equal(readGamepads([{ ...pad([0, -1], true), connected: false }], new Set()).name, null);
});
