// Track and strips, drawn from what the console's ring holds; colours come from the style sheet.

const WINDOW_S = 300;

function surface(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "12px system-ui, sans-serif";
  return { context, width, height };
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

/** A step of 1, 2 or 5 times a power of ten, not below `least`. */
function step(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= least * 0.999);
}

const number = (value) => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value < 1 ? 2 : 1);

/** One value over five minutes. `rows` are [performance time in s, value]. */
export function strip(canvas, rows, { name, unit, floor, dash }) {
  const { context: c, width, height } = surface(canvas);
  const colour = colours();
  const now = performance.now() / 1000;
  const known = rows.filter(([, value]) => value !== null);
  const left = 44, right = width - 10, top = 10, bottom = height - 18;
  c.textBaseline = "middle";
  if (!known.length) {
    c.fillStyle = colour("soft");
    c.textAlign = "center";
    c.fillText("not reported", width / 2, height / 2);
    canvas.setAttribute("aria-label", `${name}: not reported`);
    return;
  }
  const values = known.map(([, value]) => value);
  const low = Math.min(0, ...values), high = Math.max(floor, ...values);
  const x = (at) => right - ((now - at) / WINDOW_S) * (right - left);
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  c.lineWidth = 1;
  c.strokeStyle = colour("grid");
  c.fillStyle = colour("soft");
  c.textAlign = "right";
  for (const value of [low, high]) {
    c.beginPath();
    c.moveTo(left, y(value));
    c.lineTo(right, y(value));
    c.stroke();
    c.fillText(number(value), left - 6, y(value));
  }
  c.textAlign = "center";
  for (let minute = 0; minute <= 5; minute += 1) {
    const at = right - (minute / 5) * (right - left);
    c.fillText(minute ? `−${minute}` : "now", Math.min(at, right - 10), height - 8);
  }
  for (const limit of dash ?? []) {
    if (limit >= high) continue;
    c.setLineDash([4, 4]);
    c.strokeStyle = colour("warn");
    c.beginPath();
    c.moveTo(left, y(limit));
    c.lineTo(right, y(limit));
    c.stroke();
    c.setLineDash([]);
  }
  c.strokeStyle = colour("trail");
  c.lineWidth = 2;
  c.lineJoin = "round";
  c.beginPath();
  let pen = false;
  for (const [at, value] of rows) {
    if (value === null || now - at > WINDOW_S) { pen = false; continue; }
    if (pen) c.lineTo(x(at), y(value)); else c.moveTo(x(at), y(value));
    pen = true;
  }
  c.stroke();
  const [last, value] = known[known.length - 1];
  c.fillStyle = colour("trail");
  c.beginPath();
  c.arc(Math.min(x(last), right), y(value), 3.5, 0, 2 * Math.PI);
  c.fill();
  canvas.setAttribute("aria-label", `${name} over five minutes: now ${number(value)} ${unit}, at most ${number(Math.max(...values))}`);
}

/** Where the vehicle went; ahead at boot is up. */
export function track(canvas, points, { pose, heading, safe, fresh }) {
  const { context: c, width, height } = surface(canvas);
  const colour = colours();
  const all = [...points, ...(pose ? [pose] : []), ...(safe ? [safe] : [])];
  if (!all.length) {
    c.fillStyle = colour("soft");
    c.textAlign = "center";
    c.fillText("no position reported", width / 2, height / 2);
    canvas.setAttribute("aria-label", "Track: no position reported");
    return null;
  }
  const xs = all.map(([x]) => x), ys = all.map(([, y]) => y);
  const middle = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const span = Math.max(4, (Math.max(...xs) - Math.min(...xs)) * 1.25 * Math.min(1, height / width), (Math.max(...ys) - Math.min(...ys)) * 1.25);
  const scale = Math.min(width / Math.max(4, (Math.max(...xs) - Math.min(...xs)) * 1.25), height / span);
  const at = ([x, y]) => [width / 2 + (x - middle[0]) * scale, height / 2 - (y - middle[1]) * scale];

  const grid = step(48 / scale);
  c.strokeStyle = colour("grid");
  c.lineWidth = 1;
  c.beginPath();
  const [west, north] = [middle[0] - width / 2 / scale, middle[1] + height / 2 / scale];
  for (let x = Math.ceil(west / grid) * grid; at([x, 0])[0] < width; x += grid) { c.moveTo(at([x, 0])[0], 0); c.lineTo(at([x, 0])[0], height); }
  for (let y = Math.floor(north / grid) * grid; at([0, y])[1] < height; y -= grid) { c.moveTo(0, at([0, y])[1]); c.lineTo(width, at([0, y])[1]); }
  c.stroke();

  if (safe) {
    const [x, y] = at(safe);
    c.strokeStyle = colour("good");
    c.lineWidth = 2;
    c.strokeRect(x - 10, y - 10, 20, 20);
    c.fillStyle = colour("good");
    c.font = "700 13px system-ui, sans-serif";
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillText("P", x, y + 0.5);
    c.font = "12px system-ui, sans-serif";
    c.textAlign = x > width - 90 ? "right" : "left";
    c.fillText("safe place", x > width - 90 ? x - 15 : x + 15, y);
  }
  c.lineJoin = "round";
  c.lineWidth = 2.5;
  c.strokeStyle = colour("trail");
  points.forEach((point, index) => {
    if (!index) return;
    c.globalAlpha = 0.25 + 0.75 * (index / points.length);
    c.beginPath();
    c.moveTo(...at(points[index - 1]));
    c.lineTo(...at(point));
    c.stroke();
  });
  c.globalAlpha = 1;
  if (pose) {
    const [x, y] = at(pose);
    c.save();
    c.translate(x, y);
    c.rotate(((heading ?? 0) * Math.PI) / 180);
    c.beginPath();
    c.moveTo(0, -15);
    c.lineTo(9, 10);
    c.lineTo(0, 5);
    c.lineTo(-9, 10);
    c.closePath();
    c.lineWidth = 2;
    c.strokeStyle = colour("card-2");
    c.fillStyle = colour(fresh ? "text" : "soft");
    if (fresh) c.fill();
    if (!fresh) c.strokeStyle = colour("soft");
    c.stroke();
    c.restore();
  }
  const bar = step(60 / scale);
  c.strokeStyle = c.fillStyle = colour("text");
  c.lineWidth = 2;
  c.beginPath();
  c.moveTo(14, height - 20);
  c.lineTo(14, height - 14);
  c.lineTo(14 + bar * scale, height - 14);
  c.lineTo(14 + bar * scale, height - 20);
  c.stroke();
  c.textAlign = "left";
  c.textBaseline = "alphabetic";
  c.fillText(`${number(bar)} m`, 18, height - 20);
  if (pose) canvas.setAttribute("aria-label", `Track: ${number(Math.abs(pose[0]))} m to the ${pose[0] < 0 ? "left" : "right"} and ${number(Math.abs(pose[1]))} m ${pose[1] < 0 ? "behind" : "ahead"} of where it was switched on`);
  return pose;
}
