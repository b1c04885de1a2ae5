// Decisions about the stick; no DOM and no clock, so that node can test them. Times are milliseconds.

export const MIN_INTERVAL_MS = 20; // between two changes of the position; the newest wins
export const NEUTRAL_INTERVAL_MS = 500; // tells the console that this page is still in control
const LONGEST_KEEP_ALIVE_MS = 50;
const CONSOLE_HOLD_MS = 300; // the console releases a stick that it has not heard of for so long
const KEYS = { KeyW: [1, 0], ArrowUp: [1, 0], KeyS: [-1, 0], ArrowDown: [-1, 0], KeyA: [0, -1], ArrowLeft: [0, -1], KeyD: [0, 1], ArrowRight: [0, 1] };
const MODIFIERS = new Set(["ShiftLeft", "ShiftRight", "CapsLock", "NumLock", "ScrollLock"]);
const KEY_TURN = 0.6; // a key has no halves, and the full turn rate is too much of a curve
const FLAT = 0.08; // a thumb that means straight ahead is never quite in the middle

const clamp = (value) => Math.max(-1, Math.min(1, value));
const round = (value) => Math.round(value * 1000) / 1000 || 0;

/** Milliseconds between two reports of an unchanged position: four in the time for which a setpoint holds. */
export function keepAliveInterval(maxHoldMs) {
  const hold = Math.min(CONSOLE_HOLD_MS, maxHoldMs || CONSOLE_HOLD_MS);
  return Math.max(MIN_INTERVAL_MS, Math.min(LONGEST_KEEP_ALIVE_MS, hold / 4));
}

/** The position of a pointer that is `x` to the right of the middle of a pad and `y` below it, both as shares of its reach. */
export function pointerPosition(x, y) {
  const flat = (value) => Math.abs(value) < FLAT ? 0 : clamp(value);
  return [flat(-y), flat(x)];
}

/** Pointer, keys and gamepad, and the messages that follow from them. */
export class StickInput {
  inControl = false;
  speedLimit = 0.5;
  keepAlive = LONGEST_KEEP_ALIVE_MS;
  pointer = null; // [ahead, right] while a pointer is down
  keys = new Map();
  gamepad = [0, 0];
  needsNeutral = false; // after a stop only a fresh press counts
  sent = null; // the position that the console knows; null at neutral
  sentAt = -Infinity;

  get moving() {
    return this.sent !== null;
  }

  /** The position that is asked for; null at neutral. */
  position() {
    let [ahead, right] = this.pointer ?? [0, 0];
    if (this.pointer === null) {
      for (const [a, r] of this.keys.values()) { ahead += a; right += r * KEY_TURN; }
      if (!ahead && !right) [ahead, right] = this.gamepad;
    }
    ahead = round(clamp(ahead) * this.speedLimit);
    right = round(clamp(right) * this.speedLimit);
    return ahead || right ? { ahead, right } : null;
  }

  /** Messages that are due now: a change at once, and the same position again before it lapses. */
  update(now) {
    const position = this.position();
    if (position === null) this.needsNeutral = false;
    const wanted = this.inControl && !this.needsNeutral ? position : null;
    const elapsed = now - this.sentAt;
    if (wanted === null) {
      const due = this.moving || (this.inControl && elapsed >= NEUTRAL_INTERVAL_MS);
      return due ? this.#report(null, now) : [];
    }
    const changed = wanted.ahead !== this.sent?.ahead || wanted.right !== this.sent?.right;
    const due = !this.moving || elapsed >= (changed ? MIN_INTERVAL_MS : this.keepAlive);
    return due ? this.#report(wanted, now) : [];
  }

  /** The console gave control. Neutral goes first, and what is held already counts only after a fresh press. */
  acquire(now) {
    this.inControl = true;
    this.needsNeutral = this.position() !== null;
    return this.#report(null, now);
  }

  /** Neutral at once, still in control. */
  release(now) {
    const moved = this.moving;
    this.#forget();
    return [...(moved ? [{ message: "release_stick", stops: true }] : []), ...this.update(now)];
  }

  /** Neutral at once, and others may take control. */
  leave() {
    this.#forget();
    this.inControl = false;
    this.sent = null;
    return [{ message: "release_control", stops: true }];
  }

  /** Tells the caller what a key does: "steer", "release" or null. Keys that are typed into a field, and repeats, do nothing. */
  keyDown({ code, repeat, typing, chord }) {
    if (repeat || typing) return null;
    if (KEYS[code] && !chord) {
      if (!this.inControl) return null;
      this.keys.set(code, KEYS[code]);
      return "steer";
    }
    return this.moving && !MODIFIERS.has(code) ? "release" : null;
  }

  #forget() {
    this.needsNeutral = this.position() !== null;
    this.pointer = null;
    this.keys.clear();
  }

  #report(position, now) {
    this.sent = position;
    this.sentAt = now;
    return [{ message: { stick: position }, stops: position === null }];
  }
}
