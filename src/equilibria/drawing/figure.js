// Draws the record of a figure (drawing/figure.py) as SVG: draw(figure, language) gives an element of a page.
// Axes have the currentColor, so dark pages work.

const SVG = "http://www.w3.org/2000/svg";
const COLORS = {
  real: "#888888", fake: "#ee6677", critic: "#4477aa", generator: "#228833", theory: "#777777",
  a: "#4477aa", b: "#ee6677", c: "#aa3377", d: "#ccbb44", e: "#66ccee", f: "#228833",
};
const DASHES = { theory: "5 3", b: "6 2", c: "6 2 1 2", d: "1 2", e: "8 2 2 2 2 2", f: "3 2" };
const CIVIDIS = [0x00224e, 0x123570, 0x3b496c, 0x575d6d, 0x707173, 0x8a8678, 0xa59c74, 0xc3b369, 0xe1cc55, 0xfee838];
const HEIGHT = 250, LEFT = 58, RIGHT = 12, TOP = 10, BOTTOM = 44, LINEAR = 1e-3; // symlog is linear up to LINEAR

export const element = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const finite = Number.isFinite;

export const say = (text, language) => (text ? text[language === "zh" ? 1 : 0] : "");

export function number(value) {
  if (!finite(value)) return "-";
  const size = Math.abs(value);
  if (value && (size >= 1e5 || size < 1e-3)) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(4)));
}

export function draw(figure, language) {
  const word = (text) => say(text, language), panels = figure.panels.map((panel) => drawPanel({ marks: [], ...panel }, word));
  const caption = [figure.title, figure.note].map(word).filter(Boolean).join(". ");
  return element("figure", { class: "figure" }, element("div", { class: "panels" }, ...panels), element("figcaption", {}, caption));
}

function drawPanel(panel, word) { // word: a text in the language
  const width = Math.round(LEFT + RIGHT + (HEIGHT - TOP - BOTTOM) * panel.aspect);
  const area = { x: [LEFT, width - RIGHT], y: [TOP, HEIGHT - BOTTOM] }, { marks } = panel, box = bounds(panel);
  if (panel.equal) equalize(box, panel.aspect);
  const x = scale(panel.x.scale, box.x, ...area.x), y = scale(panel.y.scale, box.y, HEIGHT - BOTTOM, TOP);
  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", tabindex: 0, "aria-label": sentence(panel, word) });
  axes(root, panel, box, x, y, width, word);
  const view = [LEFT, TOP, width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM]; // cuts off what is outside
  const inside = svg("svg", { x: LEFT, y: TOP, width: view[2], height: view[3], viewBox: view, class: "marks" });
  for (const mark of marks) DRAW[mark.mark]((...shape) => inside.append(colored(mark, ...shape)), mark, x, y, area);
  root.append(inside);
  const live = element("p", { class: "live", "aria-live": "polite" });
  cursor(root, marks, x, live, word);
  const table = element("details", {}, element("summary", {}, word(["Table", "表格"])));
  table.addEventListener("toggle", () => table.append(asTable(marks, word)), { once: true });
  const node = element("section", { class: "panel" }, element("h3", {}, word(panel.title)), root, legend(marks, word), live, table);
  Object.assign(node.style, { flex: `${width} 1 ${width}px`, maxWidth: `${1.5 * width}px` });
  return node;
}

const BOUNDS = { // the values of a mark that both axes must hold
  contours: (m) => [m.lines.flatMap(([xs]) => xs), m.lines.flatMap(([, ys]) => ys)],
  rule: (m) => (m.across === "x" ? [[m.at], []] : [[], [m.at]]),
  bars: (m) => [[-0.6, m.heights.length - 0.4], [0, ...m.heights.map((h, i) => h + (m.errors?.[i] ?? 0))]],
  steps: (m) => [m.edges, [0, ...m.heights]],
  arrows: (m) => [[...m.x, ...sums(m.x, m.dx)], [...m.y, ...sums(m.y, m.dy)]],
  band: (m) => [m.x, [...m.low, ...m.high]],
};
const sums = (a, b) => a.map((v, i) => v + b[i]);

// The ranges of the axes: the panel's, or those of the marks with a margin.
function bounds(panel) {
  const values = panel.marks.map((m) => BOUNDS[m.mark]?.(m) ?? [m.x, m.y]), fields = panel.marks.some((m) => m.mark === "field");
  const [x, y] = [0, 1].map((i) => range(i ? panel.y : panel.x, values.flatMap((pair) => pair[i]), fields));
  return { x, y };
}

function range(axis, values, tight) {
  const log = axis.scale === "log";
  const all = values.filter((v) => finite(v) && (!log || v > 0));
  let low = Math.min(...all), high = Math.max(...all);
  if (!all.length) [low, high] = log ? [1, 10] : [0, 1];
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const share = tight || axis.scale === "symlog" ? 0 : 0.04, pad = log ? (high / low) ** share : (high - low) * share;
  [low, high] = log ? [low / pad, high * pad] : [low - pad, high + pad];
  return [axis.low ?? low, axis.high ?? high];
}

function equalize(box, aspect) {
  const wide = box.x[1] - box.x[0], high = (box.y[1] - box.y[0]) * aspect;
  const grow = ([low, up], length) => [(low + up - length) / 2, (low + up + length) / 2];
  if (wide < high) box.x = grow(box.x, high); else box.y = grow(box.y, wide / aspect);
}

const FORWARD = { linear: (v) => v, log: (v) => Math.log10(Math.max(v, 1e-300)), symlog: (v) => Math.sign(v) * Math.log10(1 + Math.abs(v) / LINEAR) };

function scale(kind = "linear", [low, high], from, to) {
  const f = FORWARD[kind], start = f(low), share = (to - from) / (f(high) - start || 1);
  return (v) => (v === null || (kind === "log" && v <= 0) ? NaN : from + (f(v) - start) * share);
}

function ticks(kind = "linear", [low, high]) {
  if (kind === "linear") {
    const raw = (high - low) / 5, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].find((m) => m * power >= raw) * power;
    const first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: 7 }, (_, i) => (first + i) * step).filter((v) => v <= high + step * 1e-6);
  }
  const powers = Array.from({ length: 61 }, (_, i) => 10 ** (i - 30)), outer = powers.filter((p) => p >= LINEAR);
  let all = kind === "log" ? powers : [...outer.map((p) => -p).reverse(), 0, ...outer];
  all = all.filter((v) => v >= low * (low > 0 ? 0.999 : 1.001) && v <= high * 1.001);
  if (kind === "log" && all.length < 2) all = powers.flatMap((p) => [p, 2 * p, 5 * p]).filter((v) => v >= low && v <= high);
  const every = Math.ceil(all.length / 6);
  return all.filter((_, i) => i % every === 0);
}

function axes(root, panel, box, x, y, width, word) {
  const bottom = HEIGHT - BOTTOM, right = width - RIGHT, group = svg("g", { class: "axes" });
  const bars = panel.marks.find((mark) => mark.mark === "bars"), many = bars?.names.length > 5;
  const add = (...shape) => group.append(svg(...shape));
  const write = (x, y, anchor, text, more) => add("text", { x, y, "text-anchor": anchor, ...more }, text);
  const [across, up] = [panel.x, panel.y].map((axis) => word(axis.label));
  if (across && !bars) for (const v of ticks(panel.x.scale, box.x)) {
    add("path", { d: `M${x(v)} ${TOP}V${bottom}`, class: "grid" });
    write(x(v), bottom + 14, "middle", number(v));
  }
  bars?.names.forEach((name, i) =>
    write(x(i), bottom + 14, many ? "end" : "middle", word(name), many && { transform: `rotate(-25 ${x(i)} ${bottom + 10})` }));
  if (up) for (const v of ticks(panel.y.scale, box.y)) {
    add("path", { d: `M${LEFT} ${y(v)}H${right}`, class: "grid" });
    write(LEFT - 5, y(v) + 3.5, "end", number(v));
  }
  add("path", { d: `M${LEFT} ${TOP}V${bottom}H${right}`, class: "frame" });
  write((LEFT + right) / 2, HEIGHT - 8, "middle", across, { class: "label" });
  const long = up.length > 36; // longer than its axis: squeezed to the height of the figure
  write(0, 0, "middle", up, { class: "label", transform: `translate(12 ${long ? HEIGHT / 2 : (TOP + bottom) / 2}) rotate(-90)`, ...(long && { textLength: HEIGHT - 8, lengthAdjust: "spacingAndGlyphs" }) });
  root.append(group);
}

function path(xs, ys, x, y) {
  const points = xs.map((v, i) => [x(v), y(ys[i])]), drawn = (p) => p && finite(p[0] + p[1]);
  return points.map((p, i) => (drawn(p) ? (drawn(points[i - 1]) ? "L" : "M") + p.map((v) => v.toFixed(1)) : "")).join("");
}

// A shape in a mark's color: paths are lines, others are filled.
function colored(mark, tag, attributes) {
  const color = COLORS[mark.role] || COLORS.a, [fill, stroke] = tag === "path" ? ["none", color] : [color, "none"];
  return svg(tag, { fill, stroke, ...attributes });
}

const dash = (mark) => (mark.dashed || mark.mark === "rule" ? DASHES.theory : DASHES[mark.role]);
const between = (v, low, high) => Math.min(Math.max(v, low), high);
const DRAW = {
  line(add, m, x, y) {
    add("path", { d: path(m.x, m.y, x, y), "stroke-width": m.role === "theory" ? 1.3 : 1.8, "stroke-dasharray": dash(m) });
  },
  points(add, m, x, y) {
    const r = m.x.length < 60 ? 3 : m.x.length < 600 ? 2 : 1.3;
    m.x.forEach((v, i) => { const cx = x(v), cy = y(m.y[i]); if (finite(cx + cy)) add("circle", { cx, cy, r, "fill-opacity": 0.75 }); });
  },
  steps(add, m, x, y, area) { m.heights.forEach((h, i) => column(add, m, x(m.edges[i]), x(m.edges[i + 1]), h, y, area, 0.55)); },
  bars(add, m, x, y, area) {
    m.heights.forEach((h, i) => {
      const e = m.errors?.[i];
      column(add, m, x(i - 0.35), x(i + 0.35), h, y, area, 1);
      if (e) add("path", { d: `M${x(i)} ${y(h - e)}V${y(h + e)}`, stroke: "currentColor" });
    });
  },
  field(add, m, x, y) {
    const paint = colors(m), height = m.values.length, canvas = element("canvas", { width: m.values[0].length, height }), context = canvas.getContext("2d");
    m.values.forEach((row, i) => row.forEach((v, j) => {
      context.fillStyle = paint(v);
      context.fillRect(j, height - 1 - i, 1, 1);
    }));
    const [x0, x1] = m.x.map(x), [y0, y1] = m.y.map(y);
    add("image", { x: x0, y: y1, width: x1 - x0, height: y0 - y1, preserveAspectRatio: "none", class: m.palette === "gray" ? "pixels" : "", href: canvas.toDataURL() });
  },
  contours(add, m, x, y) { for (const [xs, ys] of m.lines) add("path", { d: path(xs, ys, x, y), stroke: "#ffffff", "stroke-opacity": 0.8, "stroke-width": 0.8 }); },
  arrows(add, m, x, y) {
    m.x.forEach((v, i) => {
      const ax = x(v), ay = y(m.y[i]), bx = x(v + m.dx[i]), by = y(m.y[i] + m.dy[i]), angle = Math.atan2(by - ay, bx - ax);
      const wing = (turn) => `M${bx} ${by}L${bx - 4 * Math.cos(angle + turn)} ${by - 4 * Math.sin(angle + turn)}`;
      if (finite(angle)) add("path", { d: `M${ax} ${ay}L${bx} ${by}${wing(0.5)}${wing(-0.5)}` });
    });
  },
  band(add, m, x, y) { add("polygon", { points: path([...m.x, ...[...m.x].reverse()], [...m.high, ...[...m.low].reverse()], x, y).slice(1).replaceAll(/[ML]/g, " "), "fill-opacity": 0.2 }); },
  rule(add, m, x, y, area) {
    const upright = m.across === "x", at = upright ? x(m.at) : y(m.at);
    const d = upright ? `M${at} ${area.y[0]}V${area.y[1]}` : `M${area.x[0]} ${at}H${area.x[1]}`;
    if (finite(at)) add("path", { d, "stroke-dasharray": dash(m) });
  },
};

// A bar from 0, or from the panel's edge.
function column(add, m, left, right, height, y, area, opacity) {
  const base = between(y(0) || area.y[1], ...area.y), top = y(height);
  if (finite(left + right + top)) add("rect", { x: left, y: Math.min(top, base), width: Math.max(right - left, 0.5), height: Math.abs(base - top), "fill-opacity": opacity });
}

function colors(mark) {
  const [low, high] = mark.palette === "gray" ? [0, 1] : ends(mark);
  return (v) => palette(mark)(between((v - low) / (high - low || 1), 0, 1));
}

const palette = (mark) => (mark.palette === "gray" ? shade : cividis);

function ends(mark) {
  const flat = mark.values.flat().filter(finite);
  return [Math.min(...flat), Math.max(...flat)];
}

const shade = (share) => `hsl(0 0% ${100 * share}%)`;

function cividis(share) {
  const place = 9 * share, low = Math.min(Math.floor(place), 8), channel = (i, shift) => (CIVIDIS[i] >> shift) & 255;
  return `rgb(${[16, 8, 0].map((s) => Math.round(channel(low, s) * (1 - place + low) + channel(low + 1, s) * (place - low)))})`;
}

// Each name once, with its color and dash: color is never alone.
function legend(marks, word) {
  const named = new Map(marks.filter((m) => m.mark !== "contours").map((m) => [word(m.name), m]));
  return element("ul", { class: "legend" }, ...Array.from(named, ([name, m]) => {
    const swatch = svg("svg", { viewBox: "0 0 22 10", width: 22, height: 10, "aria-hidden": "true" });
    const add = (...shape) => swatch.append(colored(m, ...shape));
    if (m.mark === "points") add("circle", { cx: 11, cy: 5, r: 3 });
    else if (m.mark === "field") [0, 0.5, 1].map((v, i) => add("rect", { x: 7 * i, y: 1, width: 7, height: 8, fill: palette(m)(v) }));
    else if (/steps|bars|band/.test(m.mark)) add("rect", { x: 2, y: 1, width: 18, height: 8, "fill-opacity": m.mark === "band" ? 0.25 : 0.7 });
    else add("path", { d: "M0 5H22", "stroke-width": 2, "stroke-dasharray": dash(m) });
    const span = m.mark === "field" && m.palette !== "gray" ? ` (${ends(m).map(number).join(" … ")})` : "";
    return element("li", {}, swatch, ` ${name}${span}`);
  }));
}

// What a screen reader says: title, axes, and of each curve its ends and extremes.
function sentence(panel, word) {
  const parts = [word(panel.title), `${word(panel.x.label)} / ${word(panel.y.label)}`];
  for (const m of panel.marks) {
    const name = word(m.name);
    if (m.mark === "line" && m.y.length) {
      const all = m.y.filter(finite);
      const [first, last, low, high] = [all[0], all.at(-1), Math.min(...all), Math.max(...all)].map(number);
      parts.push(word([`${name}: from ${first} to ${last}, least ${low}, largest ${high}`, `${name}：从 ${first} 到 ${last}，最小 ${low}，最大 ${high}`]));
    } else if (m.mark === "bars") parts.push(`${name}: ` + m.heights.map((h, i) => `${word(m.names[i])} ${number(h)}`).join(", "));
    else parts.push(m.mark === "rule" ? `${name}: ${number(m.at)}` : name);
  }
  return parts.filter(Boolean).join(word([". ", "。"]));
}

// Arrow keys move a cursor along the longest curve and say its values.
function cursor(root, marks, x, live, word) {
  const lines = marks.filter((m) => m.mark === "line" && m.x.length > 1);
  const [longest] = [...lines].sort((a, b) => b.x.length - a.x.length);
  if (!longest) return;
  let place = -1;
  const marker = root.appendChild(svg("path", { class: "cursor" }));
  root.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    place = between(place + step * (event.shiftKey ? 10 : 1), 0, longest.x.length - 1);
    const at = longest.x[place];
    marker.setAttribute("d", `M${x(at)} ${TOP}V${HEIGHT - BOTTOM}`);
    const near = (m) => m.x.reduce((best, v, i) => (Math.abs(v - at) < Math.abs(m.x[best] - at) ? i : best), 0);
    live.textContent = `${number(at)}: ` + lines.map((m) => `${word(m.name)} ${number(m.y[near(m)])}`).join(", ");
  });
}

function asTable(marks, word) {
  const cell = (value) => element("td", {}, typeof value === "string" ? value : number(value));
  const tables = marks.map((m) => {
    const rows = ROWS[m.mark](m, word).map((values) => element("tr", {}, ...values.map(cell)));
    return element("table", {}, element("caption", {}, word(m.name)), element("tbody", {}, ...rows));
  });
  return element("div", { class: "tables" }, ...tables);
}

const ROWS = {
  line: (m) => m.x.map((v, i) => [v, m.y[i]]),
  points: (m) => ROWS.line(m),
  steps: (m) => m.heights.map((h, i) => [m.edges[i], m.edges[i + 1], h]),
  bars: (m, word) => m.heights.map((h, i) => [word(m.names[i]), h, m.errors?.[i] ?? []].flat()),
  band: (m) => m.x.map((v, i) => [v, m.low[i], m.high[i]]),
  arrows: (m) => m.x.map((v, i) => [v, m.y[i], m.dx[i], m.dy[i]]),
  rule: (m) => [[m.at]],
  contours: (m) => m.levels.map((v) => [v]),
  field: (m) => m.values,
};
