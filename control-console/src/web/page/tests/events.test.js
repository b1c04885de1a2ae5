import assert from "node:assert/strict";
import test from "node:test";
import { EventParser } from "../events.js";

test("events are complete however their text is cut", () => {
  const text = 'event: state\ndata: {"a":1}\n\n: comment\n\nevent: log\ndata: [2]\n\nevent: half';
  for (let cut = 0; cut <= text.length; cut += 1) {
    const parser = new EventParser();
    const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    assert.deepEqual(events, [{ name: "state", data: { a: 1 } }, { name: "log", data: [2] }], `cut at ${cut}`);
  }
});
