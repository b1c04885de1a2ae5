// Server-sent events from a stream of text; no DOM, so that node can test it.

/** Collects text and returns the events that are complete. */
export class EventParser {
  #text = "";

  push(text) {
    this.#text += text;
    const blocks = this.#text.split("\n\n");
    this.#text = blocks.pop();
    return blocks.map(parse).filter(Boolean);
  }
}

function parse(block) {
  let name = "", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data += line.slice(5);
  }
  return data ? { name, data: JSON.parse(data) } : null;
}
