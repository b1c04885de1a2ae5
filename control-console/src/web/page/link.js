// The connection to the console: a stream of events to look by, a socket to drive by. Nothing is queued; what can't leave now is dropped.

import { EventParser } from "./events.js";

const SILENT_MS = 1000; // the console sends an event each 400 ms
const RETRY_MS = 700;
const FULL_BYTES = 2048; // more than this waiting in the socket means that nothing arrives

/** The token of the link; it is kept for this tab alone and taken out of the address, which people copy. */
export function token() {
  const fromAddress = /^#(?:control|view)=([0-9a-f]+)$/.exec(location.hash)?.[1] ?? null;
  if (fromAddress) history.replaceState(null, "", location.pathname);
  try {
    if (fromAddress) sessionStorage.setItem("token", fromAddress);
    return sessionStorage.getItem("token");
  } catch {
    return fromAddress; // a browser that keeps nothing asks for the link again after a reload
  }
}

export class Link {
  constructor(secret, on) {
    this.secret = secret;
    this.on = on; // { event(name, data), reply(reply), tick() }
    this.vehicle = null; // the one that a person chose
    this.heardAt = null;
    this.role = null;
    this.refused = null;
    this.ended = false;
    this.reading = null;
    this.socket = null;
    setInterval(() => this.on.tick(), 200);
  }

  /** Milliseconds since the last event of the console; null before the first. */
  get age() {
    return this.heardAt === null ? null : performance.now() - this.heardAt;
  }

  get alive() {
    return this.heardAt !== null && this.age < SILENT_MS && !this.ended;
  }

  get canSend() {
    return this.alive && this.socket?.readyState === WebSocket.OPEN && this.role !== null && this.socket.bufferedAmount < FULL_BYTES;
  }

  open(vehicle) {
    this.vehicle = vehicle;
    this.reading?.abort();
    this.subscribe();
    if (!this.socket) this.connect();
  }

  async subscribe() {
    const reading = new AbortController();
    this.reading = reading;
    try {
      const path = this.vehicle ? `/events/${encodeURIComponent(this.vehicle)}` : "/events";
      const headers = this.secret ? { Authorization: `Bearer ${this.secret}` } : {};
      const answer = await fetch(path, { headers, signal: reading.signal, cache: "no-store" });
      if (!answer.ok) {
        this.refused = answer.status === 401 ? "This link is no longer valid: use the one that the console printed." : `The console refused: ${answer.status}.`;
        throw new Error(this.refused);
      }
      this.refused = null;
      await this.read(answer.body.getReader());
    } catch {
      // Any failure is tried again; the page shows meanwhile that the console is silent.
    }
    if (!reading.signal.aborted) setTimeout(() => reading === this.reading && this.subscribe(), RETRY_MS);
  }

  async read(reader) {
    const decoder = new TextDecoder();
    const parser = new EventParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const { name, data } of parser.push(decoder.decode(value, { stream: true }))) {
        this.heardAt = performance.now();
        if (name === "state") this.ended = data.leaving;
        this.on.event(name, data);
      }
    }
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/drive`);
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ hello: this.secret }));
    socket.onmessage = (message) => {
      const reply = JSON.parse(message.data);
      if (reply.role) this.role = reply.role;
      this.on.reply(reply);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.role = null;
      setTimeout(() => this.connect(), RETRY_MS);
      this.on.reply({ closed: true });
    };
  }

  /** Sends a message now or never; returns whether it left. */
  send(message) {
    if (!this.canSend) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Sends what stops even if nothing was heard for a while: it can only help. */
  sendStop(message) {
    if (this.socket?.readyState !== WebSocket.OPEN || this.role === null) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}
