// Buttons for the commands in a vehicle's description, with the ranges that it gives.

import { ELSEWHERE, GROUPS, TEXTS } from "./groups.js";

// "Take control" is the button beside the pad; these two are about the lock at the vehicle.
const NAMES = { TAKE_CONTROL: "Take control lock", RELEASE_CONTROL: "Release control lock" };
const FIRST = { DEGREES: 90, DURATION_MS: 500 };

const words = (name) => NAMES[name] ?? name.toLowerCase().replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());

function input(key, attributes, unit) {
  const label = document.createElement("label");
  const field = document.createElement("input");
  Object.assign(field, attributes);
  field.dataset.key = key;
  label.append(field, unit);
  return [label, field];
}

function argument(name, { key, unit, min, max, optional }) {
  // Limits are thousandths; rounding inwards keeps what is typed within them.
  const [low, high] = [Math.ceil(min * 1000) / 1000, Math.floor(max * 1000) / 1000];
  const first = FIRST[key] ?? (name === "SET_MAX_SPEED" ? high : low);
  const [label, field] = input(key, { type: "number", min: low, max: high, step: "any", value: first, required: !optional }, unit);
  field.setAttribute("aria-label", `${words(name)}: ${unit}, ${low} to ${high}`);
  field.title = `${low} to ${high} ${unit}`;
  return [label, field];
}

function entry({ name, arguments: wanted = [] }, send) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words(name);
  button.dataset.command = name;
  const fields = wanted.map((each) => argument(name, each));
  if (TEXTS[name]) {
    const [label, field] = input(TEXTS[name], { type: "text", required: true, maxLength: 64, spellcheck: false }, "");
    field.setAttribute("aria-label", `${words(name)}: ${TEXTS[name] === "ID" ? "ID of the command" : "name of the key"}`);
    field.placeholder = TEXTS[name] === "ID" ? "ID" : "key";
    fields.push([label, field]);
  }
  button.addEventListener("click", () => {
    const command = { CMD: name };
    for (const [, field] of fields) {
      if (!field.reportValidity()) return;
      if (field.value !== "") command[field.dataset.key] = field.type === "number" ? Number(field.value) : field.value;
    }
    send(command);
  });
  if (!fields.length) return button;
  const box = document.createElement("span");
  box.className = "asking";
  box.append(button, ...fields.map(([label]) => label));
  for (const [, field] of fields) field.addEventListener("keydown", (event) => { if (event.key === "Enter") button.click(); });
  return box;
}

/** Fills `place` with what `description` lists. */
export function show(place, description, send) {
  const known = new Map(description.commands.filter(({ name }) => !ELSEWHERE.includes(name)).map((each) => [each.name, each]));
  const groups = GROUPS.map(([title, names]) => [title, names.filter((name) => known.has(name))]);
  const grouped = new Set(GROUPS.flatMap(([, names]) => names));
  groups.push(["More", [...known.keys()].filter((name) => !grouped.has(name))]);
  place.replaceChildren(...groups.filter(([, names]) => names.length).map(([title, names]) => {
    const group = document.createElement("div");
    group.className = "group";
    const head = document.createElement("h3");
    head.textContent = title;
    const row = document.createElement("div");
    row.className = "row";
    row.append(...names.map((name) => entry(known.get(name), send)));
    group.append(head, row);
    return group;
  }));
}
