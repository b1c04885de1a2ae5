// Decisions about gamepads; no DOM, so that node can test them.

const STOP_BUTTON = 1; // B or circle on the standard layout
const DEAD_ZONE = 0.14; // a worn stick does not come back to zero

function axis(value) {
  if (!Number.isFinite(value) || Math.abs(value) < DEAD_ZONE) return 0;
  return (value - Math.sign(value) * DEAD_ZONE) / (1 - DEAD_ZONE);
}

/**
 * Reads what `navigator.getGamepads()` gave. `pressed` is the set of pads whose stop button was down at the reading before.
 * A button that is down when its pad appears counts as one press: browsers show a pad only once a button was pressed.
 */
export function readGamepads(pads, pressed) {
  const connected = [...pads].filter((pad) => pad?.connected);
  const down = connected.filter((pad) => pad.buttons?.[STOP_BUTTON]?.pressed).map((pad) => pad.index);
  const [first] = connected;
  const [x, y, turn] = first?.axes ?? [];
  return {
    stopPressed: down.some((index) => !pressed.has(index)),
    pressed: new Set(down),
    name: first ? first.id : null,
    position: [-axis(y) || 0, axis(x) || axis(turn)],
  };
}
