// The events of pointer, keys and gamepads, as the decisions of stick.js and gamepad.js want them.

import { readGamepads } from "./gamepad.js";
import { pointerPosition } from "./stick.js";

const TICK_MS = 16; // a gamepad has no events; a timer goes on where a page that is not drawn gets no animation frames
const KNOB = 34; // pixels from the middle of the knob to its edge

/** Pixels that a pointer or the knob can go from the middle of the pad. */
export const reachOf = (pad) => pad.clientWidth / 2 - KNOB;

/** Space goes before everything, in every field and on every button. */
export function bindSpace(stop) {
  window.addEventListener("keydown", (event) => {
    if (event.code !== "Space") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat) stop();
  }, true);
  window.addEventListener("keyup", (event) => {
    if (event.code === "Space") { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
}

const PRESS_MS = 1000; // a click so soon after the pointer went down is the end of the same press

/** The button stops when it goes down; a click alone is the Enter key or a screen reader. */
export function bindStopButton(button, stop) {
  let downAt = -Infinity;
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    downAt = event.timeStamp;
    stop();
  });
  button.addEventListener("click", (event) => {
    if (event.detail === 0 || event.timeStamp - downAt > PRESS_MS) stop();
  });
}

/** Reads gamepads on every tick, whatever else is held: the stop button first. Returns a function that reads them at once. */
export function bindGamepads(stick, { stop, tick, nameChanged }) {
  let pressed = new Set(), name = null;
  const read = () => {
    try {
      return navigator.getGamepads?.() ?? [];
    } catch {
      return []; // a policy of the browser forbids gamepads
    }
  };
  const poll = () => {
    const reading = readGamepads(read(), pressed);
    pressed = reading.pressed;
    if (reading.stopPressed) stop();
    stick.gamepad = reading.position;
    if (reading.name !== name) {
      name = reading.name;
      nameChanged(name);
    }
  };
  setInterval(() => {
    poll();
    tick();
  }, TICK_MS);
  return poll;
}

/** Pointer and keys. `on` is { changed(), release(), leave(why), pressedWithoutControl() }. */
export function bindPad(pad, stick, on) {
  let pointer = null;
  const drag = (event) => {
    const box = pad.getBoundingClientRect();
    const reach = reachOf(pad);
    const [x, y] = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    stick.pointer = pointerPosition(x / reach, y / reach);
    on.changed();
  };
  const lift = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = stick.pointer = null;
    on.changed();
  };
  pad.addEventListener("pointerdown", (event) => {
    if ((pointer !== null && stick.pointer) || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    pointer = event.pointerId;
    pad.focus({ preventScroll: true });
    pad.setPointerCapture(pointer);
    drag(event);
    if (!stick.inControl) on.pressedWithoutControl();
  });
  // After a stop the pointer may still be down; only a fresh press counts.
  pad.addEventListener("pointermove", (event) => { if (event.pointerId === pointer && stick.pointer) drag(event); });
  pad.addEventListener("pointerup", lift);
  pad.addEventListener("lostpointercapture", lift);
  pad.addEventListener("pointercancel", (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    on.release();
  });
  pad.addEventListener("contextmenu", (event) => event.preventDefault());

  window.addEventListener("keydown", (event) => {
    const { code, repeat, ctrlKey, altKey, metaKey } = event;
    const typing = Boolean(event.target.closest?.("input:not([type=radio]), select, textarea"));
    const effect = stick.keyDown({ code, repeat, typing, chord: ctrlKey || altKey || metaKey });
    if (effect === "steer") { event.preventDefault(); on.changed(); }
    if (effect === "release") on.release();
  });
  window.addEventListener("keyup", (event) => { if (stick.keys.delete(event.code)) on.changed(); });

  window.addEventListener("blur", () => on.leave("the page lost the focus"));
  window.addEventListener("pagehide", () => on.leave("the page was closed"));
  document.addEventListener("visibilitychange", () => { if (document.hidden) on.leave("the page was hidden"); });
  document.addEventListener("freeze", () => on.leave("the page was frozen"));
  window.addEventListener("gamepaddisconnected", () => on.release());
}
