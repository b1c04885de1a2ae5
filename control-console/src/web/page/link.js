// The way to the console: a stream to look by, a socket to drive by. Nothing is queued; what can't leave now is dropped.

const SILENT_MS = 1000; // the console speaks every 400 ms
const RETRY_MS = 700;
const FULL_BYTES = 2048; // more than this waiting in the socket means that nothing arrives

/** The token of the link; it is kept for this tab alone and taken out of the address, which people copy. */
export function token() {
  const match = /^#(control|view)=([0-9a-f]+)$/.exec(location.hash);
  if (match) {
    sessionStorage.setItem("token", match[2]);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem("token");
}

export class Link {
  constructor(secret, on) {
    this.secret = secret;
    this.on = on; // { event(name, data), word(reply), change() }
    this.vehicle = null;
    this.heard = null;
    this.role = null;
    this.refused = null;
    this.ended = false;
    this.reading = null;
    this.socket = null;
    setInterval(() => this.on.change(), 200);
  }

  /** Milliseconds since the console was heard; null if it never was. */
  get age() {
    return this.heard === null ? null : performance.now() - this.heard;
  }

  get alive() {
    return this.heard !== null && this.age < SILENT_MS && !this.ended;
  }

  get canSend() {
    return this.alive && this.socket?.readyState === WebSocket.OPEN && this.role !== null && this.socket.bufferedAmount < FULL_BYTES;
  }

  open(vehicle) {
    this.vehicle = vehicle;
    this.reading?.abort();
    this.look();
    if (!this.socket) this.connect();
  }

  async look() {
    const reading = new AbortController();
    this.reading = reading;
    try {
      const path = this.vehicle ? `/events/${encodeURIComponent(this.vehicle)}` : "/events";
      const headers = this.secret ? { Authorization: `Bearer ${this.secret}` } : {};
      const answer = await fetch(path, { headers, signal: reading.signal, cache: "no-store" });
      if (!answer.ok) {
        this.refused = answer.status === 401 ? "This link may not look here any more: use the one that the console printed." : `The console refused: ${answer.status}.`;
        throw new Error(this.refused);
      }
      this.refused = null;
      await this.read(answer.body.getReader());
    } catch {
      // Whatever it was, it is tried again; that the console is silent is shown meanwhile.
    }
    if (!reading.signal.aborted) setTimeout(() => reading === this.reading && this.look(), RETRY_MS);
  }

  async read(reader) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      let end;
      while ((end = text.indexOf("\n\n")) >= 0) {
        this.take(text.slice(0, end));
        text = text.slice(end + 2);
      }
    }
  }

  take(block) {
    let name = "", data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("event:")) name = line.slice(6).trim();
      else if (line.startsWith("data:")) data += line.slice(5);
    }
    if (!data) return;
    this.heard = performance.now();
    this.ended = false;
    const value = JSON.parse(data);
    if (name === "state" && value.leaving) this.ended = true;
    this.on.event(name, value);
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/drive`);
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ hello: this.secret }));
    socket.onmessage = (message) => {
      const reply = JSON.parse(message.data);
      if (reply.role) this.role = reply.role;
      this.on.word(reply);
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      this.role = null;
      this.on.word({ closed: true });
      setTimeout(() => this.connect(), RETRY_MS);
    };
  }

  /** Says a word now or never; tells whether it left. */
  say(word) {
    if (!this.canSend) return false;
    this.socket.send(JSON.stringify(word));
    return true;
  }

  /** What stops is said even if nothing was heard for a while: it can only help. */
  sayStop(word) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(word));
    return true;
  }
}
