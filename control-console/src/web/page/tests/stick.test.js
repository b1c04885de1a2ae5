import assert from "node:assert/strict";
import test from "node:test";
import { StickInput, keepAliveInterval, pointerPosition } from "../stick.js";

const AHEAD = { stick: { ahead: 0.5, right: 0 } };
const NEUTRAL = { stick: null };

function inControl() {
  const stick = new StickInput();
  stick.acquire(0);
  return stick;
}

const messages = (sent) => sent.map(({ message }) => message);
const press = (stick, code, more = {}) => stick.keyDown({ code, repeat: false, typing: false, chord: false, ...more });

test("a press leaves at once, and so does its release", () => {
  const stick = inControl();
  assert.equal(press(stick, "KeyW"), "steer");
  assert.deepEqual(stick.update(1), [{ message: AHEAD, stops: false }]);
  stick.keys.delete("KeyW");
  assert.deepEqual(stick.update(2), [{ message: NEUTRAL, stops: true }]);
  assert.deepEqual(stick.update(3), []);
});

test("changes leave at most each 20 ms, and the newest one is never lost", () => {
  const stick = inControl();
  const sent = [];
  for (let now = 1; now <= 100; now += 1) {
    if (now <= 90) stick.pointer = [now / 100, 0];
    for (const { message } of stick.update(now)) sent.push([now, message.stick.ahead]);
  }
  assert.deepEqual(sent, [[1, 0.005], [21, 0.105], [41, 0.205], [61, 0.305], [81, 0.405]]);
  assert.deepEqual(messages(stick.update(101)), [{ stick: { ahead: 0.45, right: 0 } }], "the last one follows");
});

test("a held position is kept alive at the pace of the vehicle", () => {
  for (const [maxHold, pace] of [[undefined, 50], [2000, 50], [300, 50], [120, 30], [100, 25], [10, 20]]) {
    assert.equal(keepAliveInterval(maxHold), pace, `hold of ${maxHold} ms`);
  }
  const stick = inControl();
  stick.keepAlive = 25;
  press(stick, "KeyW");
  const times = [];
  for (let now = 1; now <= 101; now += 1) if (stick.update(now).length) times.push(now);
  assert.deepEqual(times, [1, 26, 51, 76, 101]);
});

test("who is in control at neutral says so each half second, and who is not says nothing", () => {
  const stick = inControl();
  assert.deepEqual(stick.update(499), []);
  assert.deepEqual(messages(stick.update(500)), [NEUTRAL]);
  const other = new StickInput();
  other.pointer = [1, 0];
  assert.deepEqual(other.update(500), []);
  assert.equal(press(other, "KeyW"), null);
});

test("what is held when control comes, or when a stop comes, counts only after a fresh press", () => {
  const stick = new StickInput();
  stick.gamepad = [1, 0];
  assert.deepEqual(messages(stick.acquire(0)), [NEUTRAL]);
  assert.deepEqual(stick.update(10), []);
  stick.gamepad = [0, 0];
  stick.update(20);
  stick.gamepad = [1, 0];
  assert.deepEqual(messages(stick.update(30)), [AHEAD]);
  assert.deepEqual(messages(stick.release(40)), ["release_stick", NEUTRAL]);
  assert.deepEqual(stick.update(50), []);
  stick.gamepad = [0, 0];
  stick.update(60);
  stick.gamepad = [1, 0];
  assert.deepEqual(messages(stick.update(70)), [AHEAD]);
});

test("a held key does not go on after a release, for its repeats do not count", () => {
  const stick = inControl();
  press(stick, "KeyW");
  stick.update(1);
  stick.release(2);
  assert.equal(press(stick, "KeyW", { repeat: true }), null);
  assert.deepEqual(stick.update(100), []);
  press(stick, "KeyW");
  assert.deepEqual(messages(stick.update(101)), [AHEAD]);
});

test("leaving says that control is released, and only once in control again anything moves", () => {
  const stick = inControl();
  press(stick, "KeyW");
  stick.update(1);
  assert.deepEqual(stick.leave(), [{ message: "release_control", stops: true }]);
  stick.gamepad = [1, 0];
  assert.deepEqual(stick.update(600), []);
});

test("a key that steers nothing stops while something moves, unless it is a modifier or typed into a field", () => {
  const stick = inControl();
  assert.equal(press(stick, "KeyX"), null, "nothing moves");
  press(stick, "KeyW");
  stick.update(1);
  assert.equal(press(stick, "KeyX"), "release");
  assert.equal(press(stick, "KeyS", { chord: true }), "release", "a shortcut of the browser");
  assert.equal(press(stick, "ShiftLeft"), null);
  assert.equal(press(stick, "KeyX", { typing: true }), null);
});

test("the pointer goes before keys, keys before the gamepad, and the speed limit holds for all", () => {
  const stick = inControl();
  stick.gamepad = [-1, 0];
  assert.deepEqual(stick.position(), { ahead: -0.5, right: 0 });
  press(stick, "KeyW");
  press(stick, "KeyD");
  assert.deepEqual(stick.position(), { ahead: 0.5, right: 0.3 });
  stick.pointer = [0, 0];
  assert.equal(stick.position(), null, "a finger in the middle is at neutral");
  stick.pointer = [5, -5];
  stick.speedLimit = 1;
  assert.deepEqual(stick.position(), { ahead: 1, right: -1 });
});

test("a pointer near the middle or near an axis means straight", () => {
  assert.deepEqual(pointerPosition(0.05, -0.6), [0.6, 0]);
  assert.deepEqual(pointerPosition(-3, 0.02), [0, -1]);
});
