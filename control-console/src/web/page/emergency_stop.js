// Emergency stops that the console has not accepted yet; no DOM and no clock, so that node can test them. Times are milliseconds.

export const STOP_LIFETIME_MS = 60_000; // as long as the console repeats a stop that is not answered

/** Stops by vehicle; one that was requested before any vehicle was known is meant for the first that is shown. */
export class EmergencyStops {
  #stops = new Map(); // vehicle or null -> { requestedAt, state: "unsent" | "sent" | "unknown" }

  /** The stops that are not accepted yet: when they were requested, and how far they came. */
  get open() {
    return new Map(this.#stops);
  }

  /** Requests a stop of `vehicle`, or of the first one that will be shown. */
  request(vehicle, now) {
    this.#stops.set(vehicle, { requestedAt: now, state: "unsent" });
  }

  /** The console accepted it, and repeats it from now on. */
  accept(vehicle) {
    this.#stops.delete(vehicle);
  }

  /** The console does not know this vehicle; the stop goes out once the fleet has it. */
  postpone(vehicle) {
    const stop = this.#stops.get(vehicle);
    if (stop) stop.state = "unknown";
  }

  /** What left on a connection that broke may not have arrived. */
  disconnect() {
    for (const stop of this.#stops.values()) if (stop.state === "sent") stop.state = "unsent";
  }

  /** Gives the vehicles whose stop is due to `send`, which says whether it left; returns those that left and those that are too old. */
  flush(now, { shown, fleet }, send) {
    const result = { sent: [], expired: [] };
    for (const [vehicle, stop] of [...this.#stops]) {
      const target = vehicle ?? shown;
      if (now - stop.requestedAt > STOP_LIFETIME_MS) {
        this.#stops.delete(vehicle);
        result.expired.push(target);
      } else if (target !== null && (stop.state === "unsent" || (stop.state === "unknown" && fleet.includes(target))) && send(target)) {
        this.#stops.delete(vehicle);
        this.#stops.set(target, { ...stop, state: "sent" });
        result.sent.push(target);
      }
    }
    return result;
  }
}
