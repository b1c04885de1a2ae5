// The hand on the stick: pad, keys and gamepad become one lean, which is said 20 times a second while it is not neutral.

const SAY_MS = 50;
const KEEP_MS = 500; // at neutral: the stick is still held here
const DEAD = 0.14; // of a gamepad's axis that never comes back to zero
const KEYS = { KeyW: [1, 0], ArrowUp: [1, 0], KeyS: [-1, 0], ArrowDown: [-1, 0], KeyA: [0, -1], ArrowLeft: [0, -1], KeyD: [0, 1], ArrowRight: [0, 1] };
const MODIFIERS = new Set(["ShiftLeft", "ShiftRight", "CapsLock", "NumLock", "ScrollLock"]);
const TURN = 0.6; // a key has no halves; all the way round is too much of a curve

const clamp = (value) => Math.max(-1, Math.min(1, value));
const round = (value) => Math.round(value * 1000) / 1000;

export class Hand {
  constructor(pad, knob, link, on) {
    this.pad = pad;
    this.knob = knob;
    this.link = link;
    this.on = on; // { stop(), left(why), changed() }
    this.holds = false; // whether the server gave us the stick
    this.ready = false; // whether the stick would move anything now
    this.halted = false; // whether the server has let go until the hand was at neutral
    this.reach = 0.5;
    this.pointer = null;
    this.dragged = [0, 0];
    this.keys = new Map();
    this.gamepad = null;
    this.barred = false; // let go by a stop: only a fresh press counts
    this.leaning = false;
    this.said = 0;
    this.listen();
    setInterval(() => this.tick(), SAY_MS);
  }

  /** What the hand asks for; null at neutral. */
  lean() {
    let [ahead, right] = this.dragged;
    if (this.pointer === null) {
      [ahead, right] = [0, 0];
      for (const [a, r] of this.keys.values()) { ahead += a; right += r * TURN; }
      if (!ahead && !right) [ahead, right] = this.readGamepad();
    }
    ahead = round(clamp(ahead) * this.reach);
    right = round(clamp(right) * this.reach);
    return ahead || right ? { ahead, right } : null;
  }

  readGamepad() {
    const pads = navigator.getGamepads ? [...navigator.getGamepads()].filter(Boolean) : [];
    const pad = pads.find((each) => each.connected);
    const name = pad ? pad.id : null;
    if (name !== this.gamepad) { this.gamepad = name; this.on.changed(); }
    if (!pad) return [0, 0];
    if (pad.buttons[1]?.pressed) { this.on.stop(); return [0, 0]; }
    const axis = (value = 0) => Math.abs(value) < DEAD ? 0 : (value - Math.sign(value) * DEAD) / (1 - DEAD);
    return [-axis(pad.axes[1]), axis(pad.axes[0]) || axis(pad.axes[2])];
  }

  tick() {
    const lean = this.lean();
    if (lean === null) this.barred = false;
    const wanted = this.holds && !this.barred ? lean : null;
    const now = performance.now();
    if (wanted !== null) {
      this.leaning = true;
      this.link.say({ hand: wanted });
      this.said = now;
    } else if (this.leaning) {
      this.leaning = false;
      this.link.sayStop({ hand: null });
      this.said = now;
    } else if (this.holds && now - this.said >= KEEP_MS) {
      this.link.say({ hand: null });
      this.said = now;
    }
    this.draw(wanted);
  }

  draw(lean) {
    const half = this.pad.clientWidth / 2 - 34;
    const moves = lean && !this.halted;
    const [ahead, right] = moves ? [lean.ahead / this.reach, lean.right / this.reach] : [0, 0];
    this.knob.style.transform = `translate(${right * half}px, ${-ahead * half}px)`;
    this.pad.dataset.held = String(Boolean(moves));
    this.pad.dataset.ready = String(this.ready);
  }

  /** The stick is given to this hand. That it is at neutral goes before everything: what is held already counts only after a fresh press. */
  take() {
    this.holds = true;
    this.barred = this.lean() !== null;
    this.link.say({ hand: null });
    this.said = performance.now();
  }

  /** Neutral at once, with the stick still in the hand; only a fresh press goes on. */
  letGo() {
    const leant = this.leaning;
    this.forget();
    if (leant) this.link.sayStop("let_go");
    this.tick();
  }

  /** Attention is gone: neutral at once, and the stick is given back. */
  leave(why) {
    const held = this.holds || this.leaning;
    this.forget();
    this.link.sayStop("leave");
    this.holds = false;
    this.leaning = false;
    if (held) this.on.left(why);
    this.draw(null);
  }

  forget() {
    this.barred = this.lean() !== null;
    if (this.pointer !== null && this.pad.hasPointerCapture(this.pointer)) this.pad.releasePointerCapture(this.pointer);
    this.pointer = null;
    this.dragged = [0, 0];
    this.keys.clear();
  }

  listen() {
    const { pad } = this;
    pad.addEventListener("pointerdown", (event) => {
      if (this.pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
      event.preventDefault();
      pad.focus({ preventScroll: true });
      pad.setPointerCapture(event.pointerId);
      this.pointer = event.pointerId;
      this.drag(event);
      if (!this.holds) this.on.left("press “Take the stick” first");
    });
    pad.addEventListener("pointermove", (event) => { if (event.pointerId === this.pointer) this.drag(event); });
    const lift = (event) => {
      if (event.pointerId !== this.pointer) return;
      this.pointer = null;
      this.dragged = [0, 0];
      this.tick();
    };
    pad.addEventListener("pointerup", lift);
    pad.addEventListener("lostpointercapture", lift);
    pad.addEventListener("pointercancel", (event) => { if (event.pointerId === this.pointer) this.letGo(); });
    pad.addEventListener("contextmenu", (event) => event.preventDefault());

    // Space goes before everything, in every field and on every button.
    window.addEventListener("keydown", (event) => {
      if (event.code !== "Space") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!event.repeat) this.on.stop();
    }, true);
    window.addEventListener("keyup", (event) => {
      if (event.code === "Space") { event.preventDefault(); event.stopImmediatePropagation(); }
    }, true);
    window.addEventListener("keydown", (event) => this.press(event));
    window.addEventListener("keyup", (event) => { if (this.keys.delete(event.code)) this.tick(); });

    window.addEventListener("blur", () => this.leave("the page lost the focus"));
    window.addEventListener("pagehide", () => this.leave("the page was closed"));
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.leave("the page was hidden"); });
    document.addEventListener("freeze", () => this.leave("the page was frozen"));
    window.addEventListener("gamepaddisconnected", () => this.letGo());
  }

  press(event) {
    if (event.repeat || event.target.closest?.("input, select, textarea")) return;
    const way = KEYS[event.code];
    const chord = event.ctrlKey || event.altKey || event.metaKey;
    if (way && !chord) {
      if (!this.holds) return;
      event.preventDefault();
      this.keys.set(event.code, way);
      this.tick();
    } else if (this.leaning && !MODIFIERS.has(event.code)) {
      this.letGo();
    }
  }

  drag(event) {
    const box = this.pad.getBoundingClientRect();
    const half = box.width / 2 - 34;
    const right = (event.clientX - box.left - box.width / 2) / half;
    const ahead = -(event.clientY - box.top - box.height / 2) / half;
    // A thumb that means straight on is never quite in the middle.
    const flat = (value) => Math.abs(value) < 0.08 ? 0 : clamp(value);
    this.dragged = [flat(ahead), flat(right)];
  }
}
