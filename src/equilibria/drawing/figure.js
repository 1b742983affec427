// Draws the record of a figure (drawing/figure.py) as SVG. draw(figure, language) gives an element of a page.
// Marks: line, points, steps, bars, field, contours, arrows, band, rule. Colors follow currentColor, so dark pages work.

const SVG = "http://www.w3.org/2000/svg";
export const COLORS = {
  real: "#888888", fake: "#ee6677", critic: "#4477aa", generator: "#228833", theory: "#777777",
  a: "#4477aa", b: "#ee6677", c: "#aa3377", d: "#ccbb44", e: "#66ccee", f: "#228833",
};
const DASHES = { theory: "5 3", b: "6 2", c: "6 2 1 2", d: "1 2", e: "8 2 2 2 2 2", f: "3 2" };
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
const HEIGHT = 250, LEFT = 58, RIGHT = 12, TOP = 10, BOTTOM = 44, LINEAR = 1e-3; // LINEAR: of symlog, around zero

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function svg(tag, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

export function say(text, language) {
  return text ? text[language === "zh" ? 1 : 0] : "";
}

export function number(value) {
  if (value === null || !Number.isFinite(value)) return "-";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(4)));
}

export function draw(figure, language) {
  const panels = figure.panels.map((panel) => drawPanel(panel, language));
  const node = element("figure", { class: "figure" }, element("div", { class: "panels" }, ...panels));
  const note = say(figure.note, language);
  node.append(element("figcaption", {}, say(figure.title, language) + (note ? ". " + note : "")));
  return node;
}

function drawPanel(panel, language) {
  const width = Math.round(LEFT + RIGHT + (HEIGHT - TOP - BOTTOM) * panel.aspect);
  const marks = panel.marks || [];
  const box = bounds(panel, marks);
  if (panel.equal) equalize(box, panel.aspect);
  const x = scale(panel.x.scale, box.x, LEFT, width - RIGHT), y = scale(panel.y.scale, box.y, HEIGHT - BOTTOM, TOP);
  const title = say(panel.title, language);
  const root = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", tabindex: 0, "aria-label": sentence(panel, language) });
  axes(root, panel, box, x, y, width, language);
  const clip = "clip" + Math.random().toString(36).slice(2);
  const area = svg("clipPath", { id: clip });
  area.append(svg("rect", { x: LEFT, y: TOP, width: width - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM }));
  const inside = svg("g", { "clip-path": `url(#${clip})` });
  for (const mark of marks) DRAW[mark.mark](inside, mark, x, y, { x: [LEFT, width - RIGHT], y: [TOP, HEIGHT - BOTTOM] }, language);
  root.append(area, inside);
  const live = element("p", { class: "live", "aria-live": "polite" });
  cursor(root, marks, x, live, language);
  const table = element("details", {}, element("summary", {}, language === "zh" ? "表格" : "Table"));
  table.addEventListener("toggle", () => { if (table.open && table.children.length === 1) table.append(asTable(marks, language)); });
  const node = element("section", { class: "panel" }, element("h3", {}, title), root, legend(marks, language), live, table);
  node.style.flex = `${width} 1 ${width}px`;
  node.style.maxWidth = `${1.5 * width}px`;
  return node;
}

// The ranges of both axes: the panel's, or those of the marks, with a margin.
function bounds(panel, marks) {
  const values = { x: [], y: [] };
  for (const mark of marks) {
    if (mark.mark === "contours") for (const [xs, ys] of mark.lines) { values.x.push(...xs); values.y.push(...ys); }
    else if (mark.mark === "rule") values[mark.across || "y"].push(mark.at);
    else if (mark.mark === "bars") { values.x.push(-0.6, mark.heights.length - 0.4); values.y.push(0, ...mark.heights.map((h, i) => h + ((mark.errors || [])[i] || 0))); }
    else if (mark.mark === "steps") { values.x.push(...mark.edges); values.y.push(0, ...mark.heights); }
    else if (mark.mark === "arrows") { values.x.push(...mark.x, ...mark.x.map((v, i) => v + mark.dx[i])); values.y.push(...mark.y, ...mark.y.map((v, i) => v + mark.dy[i])); }
    else if (mark.mark === "band") { values.x.push(...mark.x); values.y.push(...mark.low, ...mark.high); }
    else { values.x.push(...mark.x); values.y.push(...mark.y); }
  }
  const fields = marks.some((mark) => mark.mark === "field");
  return { x: range(panel.x, values.x, fields), y: range(panel.y, values.y, fields) };
}

function range(axis, values, tight) {
  const log = axis.scale === "log";
  const all = values.filter((v) => v !== null && Number.isFinite(v) && (!log || v > 0));
  let low = Math.min(...all), high = Math.max(...all);
  if (!all.length) [low, high] = log ? [1, 10] : [0, 1];
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  if (!tight && log) { const pad = (high / low) ** 0.04; low /= pad; high *= pad; }
  else if (!tight && axis.scale !== "symlog") { const pad = (high - low) * 0.04; low -= pad; high += pad; }
  return [axis.low ?? low, axis.high ?? high];
}

function equalize(box, aspect) {
  const wide = box.x[1] - box.x[0], high = box.y[1] - box.y[0];
  const grow = (pair, length) => { const middle = (pair[0] + pair[1]) / 2; pair[0] = middle - length / 2; pair[1] = middle + length / 2; };
  if (wide < high * aspect) grow(box.x, high * aspect); else grow(box.y, wide / aspect);
}

const symlog = (v) => Math.sign(v) * Math.log10(1 + Math.abs(v) / LINEAR);
const FORWARD = { linear: (v) => v, log: (v) => Math.log10(Math.max(v, 1e-300)), symlog };

function scale(kind = "linear", [low, high], from, to) {
  const f = FORWARD[kind], start = f(low), share = (to - from) / (f(high) - start || 1);
  return (v) => (v === null || (kind === "log" && v <= 0) ? NaN : from + (f(v) - start) * share);
}

function ticks(kind = "linear", [low, high]) {
  if (kind === "linear") {
    const raw = (high - low) / 5, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].find((m) => m * power >= raw) * power;
    const count = Math.floor((high - low) / step + 1e-9) + 1, first = Math.ceil(low / step - 1e-9);
    return Array.from({ length: count }, (_, i) => (first + i) * step).filter((v) => v <= high + step * 1e-6);
  }
  const powers = [];
  for (let p = -30; p <= 30; p++) powers.push(10 ** p);
  let all = kind === "log" ? powers : [...powers.filter((p) => p >= LINEAR).map((p) => -p).reverse(), 0, ...powers.filter((p) => p >= LINEAR)];
  all = all.filter((v) => v >= low * (low > 0 ? 0.999 : 1.001) && v <= high * 1.001);
  if (kind === "log" && all.length < 2) all = powers.flatMap((p) => [p, 2 * p, 5 * p]).filter((v) => v >= low && v <= high);
  const every = Math.ceil(all.length / 6);
  return all.filter((_, i) => i % every === 0);
}

function axes(root, panel, box, x, y, width, language) {
  const bottom = HEIGHT - BOTTOM, group = svg("g", { class: "axes" });
  const bars = (panel.marks || []).find((mark) => mark.mark === "bars");
  if (say(panel.x.label, language) && !bars) for (const v of ticks(panel.x.scale, box.x)) {
    group.append(svg("line", { x1: x(v), x2: x(v), y1: TOP, y2: bottom, class: "grid" }));
    group.append(svg("text", { x: x(v), y: bottom + 14, "text-anchor": "middle" }, number(v)));
  }
  if (bars) bars.names.forEach((name, i) => group.append(svg("text", {
    x: x(i), y: bottom + 14, "text-anchor": bars.names.length > 5 ? "end" : "middle",
    ...(bars.names.length > 5 ? { transform: `rotate(-25 ${x(i)} ${bottom + 10})` } : {}),
  }, say(name, language))));
  if (say(panel.y.label, language)) for (const v of ticks(panel.y.scale, box.y)) {
    group.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(v), y2: y(v), class: "grid" }));
    group.append(svg("text", { x: LEFT - 5, y: y(v) + 3.5, "text-anchor": "end" }, number(v)));
  }
  group.append(svg("path", { d: `M${LEFT} ${TOP}V${bottom}H${width - RIGHT}`, class: "frame" }));
  group.append(svg("text", { x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 8, "text-anchor": "middle", class: "label" }, say(panel.x.label, language)));
  group.append(svg("text", { x: 0, y: 0, transform: `translate(12 ${(TOP + bottom) / 2}) rotate(-90)`, "text-anchor": "middle", class: "label" }, say(panel.y.label, language)));
  root.append(group);
}

function path(xs, ys, x, y) {
  let d = "", pen = false;
  xs.forEach((v, i) => {
    const px = x(v), py = y(ys[i]);
    if (!Number.isFinite(px) || !Number.isFinite(py)) { pen = false; return; }
    d += `${pen ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`;
    pen = true;
  });
  return d;
}

const color = (mark) => COLORS[mark.role] || COLORS.a;
const DRAW = {
  line(g, m, x, y) {
    const dash = m.dashed ? DASHES.theory : DASHES[m.role];
    g.append(svg("path", { d: path(m.x, m.y, x, y), fill: "none", stroke: color(m), "stroke-width": m.role === "theory" ? 1.3 : 1.8, ...(dash ? { "stroke-dasharray": dash } : {}) }));
  },
  points(g, m, x, y) {
    const r = m.x.length < 60 ? 3 : m.x.length < 600 ? 2 : 1.3;
    m.x.forEach((v, i) => { const px = x(v), py = y(m.y[i]); if (Number.isFinite(px + py)) g.append(svg("circle", { cx: px.toFixed(1), cy: py.toFixed(1), r, fill: color(m), "fill-opacity": 0.75 })); });
  },
  steps(g, m, x, y, area) {
    const base = Math.min(Math.max(y(0) || area.y[1], area.y[0]), area.y[1]);
    m.heights.forEach((h, i) => { const a = x(m.edges[i]), b = x(m.edges[i + 1]), top = y(h); if (Number.isFinite(a + b + top)) g.append(svg("rect", { x: a, y: Math.min(top, base), width: Math.max(b - a, 0.5), height: Math.abs(base - top), fill: color(m), "fill-opacity": 0.55 })); });
  },
  bars(g, m, x, y, area) {
    const base = Math.min(y(0) || area.y[1], area.y[1]);
    m.heights.forEach((h, i) => {
      const a = x(i - 0.35), b = x(i + 0.35), top = y(h), e = (m.errors || [])[i];
      if (!Number.isFinite(top)) return;
      g.append(svg("rect", { x: a, y: Math.min(top, base), width: b - a, height: Math.abs(base - top), fill: color(m) }));
      if (e) g.append(svg("path", { d: `M${x(i)} ${y(h - e)}V${y(h + e)}`, stroke: "currentColor" }));
    });
  },
  field(g, m, x, y) {
    const flat = m.values.flat().filter((v) => v !== null), gray = m.palette === "gray";
    const low = gray ? 0 : Math.min(...flat), span = (gray ? 1 : Math.max(...flat)) - low || 1;
    const rows = m.values.length, columns = m.values[0].length, canvas = element("canvas", { width: columns, height: rows });
    const context = canvas.getContext("2d");
    m.values.forEach((row, i) => row.forEach((v, j) => {
      context.fillStyle = gray ? shade((v - low) / span) : cividis((v - low) / span);
      context.fillRect(j, rows - 1 - i, 1, 1);
    }));
    const left = x(m.x[0]), top = y(m.y[1]);
    g.append(svg("image", { x: left, y: top, width: x(m.x[1]) - left, height: y(m.y[0]) - top, preserveAspectRatio: "none", class: gray ? "pixels" : "", href: canvas.toDataURL() }));
  },
  contours(g, m, x, y) { for (const [xs, ys] of m.lines) g.append(svg("path", { d: path(xs, ys, x, y), fill: "none", stroke: "#ffffff", "stroke-opacity": 0.8, "stroke-width": 0.8 })); },
  arrows(g, m, x, y) {
    m.x.forEach((v, i) => {
      const a = [x(v), y(m.y[i])], b = [x(v + m.dx[i]), y(m.y[i] + m.dy[i])], angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
      if (!Number.isFinite(a[0] + a[1] + b[0] + b[1])) return;
      const head = [0.5, -0.5].map((turn) => `M${b[0]} ${b[1]}L${b[0] - 4 * Math.cos(angle + turn)} ${b[1] - 4 * Math.sin(angle + turn)}`).join("");
      g.append(svg("path", { d: `M${a[0]} ${a[1]}L${b[0]} ${b[1]}${head}`, stroke: color(m), fill: "none", "stroke-width": 1 }));
    });
  },
  band(g, m, x, y) { g.append(svg("path", { d: path([...m.x, ...[...m.x].reverse()], [...m.high, ...[...m.low].reverse()], x, y) + "Z", fill: color(m), "fill-opacity": 0.2 })); },
  rule(g, m, x, y, area) {
    const d = m.across === "x" ? `M${x(m.at)} ${area.y[0]}V${area.y[1]}` : `M${area.x[0]} ${y(m.at)}H${area.x[1]}`;
    if (Number.isFinite(m.across === "x" ? x(m.at) : y(m.at))) g.append(svg("path", { d, stroke: color(m), "stroke-dasharray": DASHES.theory, fill: "none" }));
  },
};

function shade(share) {
  const level = Math.round(255 * Math.min(Math.max(share, 0), 1));
  return `rgb(${level},${level},${level})`;
}

function cividis(share) {
  const place = Math.min(Math.max(share, 0), 1) * (CIVIDIS.length - 1), low = Math.min(Math.floor(place), CIVIDIS.length - 2);
  const channel = (text, i) => parseInt(text.slice(1 + 2 * i, 3 + 2 * i), 16);
  const mix = [0, 1, 2].map((i) => Math.round(channel(CIVIDIS[low], i) * (1 - place + low) + channel(CIVIDIS[low + 1], i) * (place - low)));
  return `rgb(${mix.join(",")})`;
}

// Each name once, with its color and dash: color is never alone.
function legend(marks, language) {
  const entries = new Map(marks.filter((m) => m.mark !== "contours").map((m) => [say(m.name, language), m]));
  const list = element("ul", { class: "legend" });
  for (const [name, mark] of entries) {
    const swatch = svg("svg", { viewBox: "0 0 22 10", width: 22, height: 10, "aria-hidden": "true" });
    if (mark.mark === "points") swatch.append(svg("circle", { cx: 11, cy: 5, r: 3, fill: color(mark) }));
    else if (mark.mark === "field") swatch.append(...[0, 0.5, 1].map((v, i) => svg("rect", { x: 7 * i, y: 1, width: 7, height: 8, fill: mark.palette === "gray" ? shade(v) : cividis(v) })));
    else if (["steps", "bars", "band"].includes(mark.mark)) swatch.append(svg("rect", { x: 2, y: 1, width: 18, height: 8, fill: color(mark), "fill-opacity": mark.mark === "band" ? 0.25 : 0.7 }));
    else { const dash = mark.dashed || mark.mark === "rule" ? DASHES.theory : DASHES[mark.role]; swatch.append(svg("path", { d: "M0 5H22", stroke: color(mark), "stroke-width": 2, ...(dash ? { "stroke-dasharray": dash } : {}) })); }
    const ends = mark.mark === "field" && mark.palette !== "gray" ? fieldEnds(mark) : "";
    list.append(element("li", {}, swatch, ` ${name}${ends}`));
  }
  return list;
}

function fieldEnds(mark) {
  const flat = mark.values.flat().filter((v) => v !== null);
  return ` (${number(Math.min(...flat))} … ${number(Math.max(...flat))})`;
}

// What a screen reader says of a panel: title, axes, and for each curve where it starts, ends, and its extremes.
export function sentence(panel, language) {
  const zh = language === "zh", parts = [say(panel.title, language), `${say(panel.x.label, language)} / ${say(panel.y.label, language)}`];
  for (const mark of panel.marks || []) {
    const name = say(mark.name, language);
    if (mark.mark === "line" && mark.y.length) {
      const all = mark.y.filter((v) => v !== null), [first, last] = [all[0], all[all.length - 1]].map(number);
      const [low, high] = [Math.min(...all), Math.max(...all)].map(number);
      parts.push(zh ? `${name}：从 ${first} 到 ${last}，最小 ${low}，最大 ${high}` : `${name}: from ${first} to ${last}, least ${low}, largest ${high}`);
    } else if (mark.mark === "bars") parts.push(`${name}: ` + mark.heights.map((h, i) => `${say(mark.names[i], language)} ${number(h)}`).join(", "));
    else if (mark.mark === "rule") parts.push(`${name}: ${number(mark.at)}`);
    else parts.push(name);
  }
  return parts.filter(Boolean).join(zh ? "。" : ". ");
}

// Arrow keys move a cursor along the longest curve and say its values.
function cursor(root, marks, x, live, language) {
  const lines = marks.filter((m) => m.mark === "line" && m.x.length > 1);
  const longest = lines.reduce((a, b) => (b.x.length > (a ? a.x.length : 0) ? b : a), null);
  if (!longest) return;
  let place = -1;
  const marker = svg("path", { class: "cursor", fill: "none" });
  root.append(marker);
  root.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    place = Math.min(Math.max(place + step * (event.shiftKey ? 10 : 1), 0), longest.x.length - 1);
    const at = longest.x[place];
    marker.setAttribute("d", `M${x(at)} ${TOP}V${HEIGHT - BOTTOM}`);
    const near = (m) => m.x.reduce((best, v, i) => (Math.abs(v - at) < Math.abs(m.x[best] - at) ? i : best), 0);
    live.textContent = `${number(at)}: ` + lines.map((m) => `${say(m.name, language)} ${number(m.y[near(m)])}`).join(", ");
  });
}

function asTable(marks, language) {
  const tables = element("div", { class: "tables" });
  for (const mark of marks) {
    const body = element("tbody");
    for (const cells of rowsOf(mark, language)) body.append(element("tr", {}, ...cells.map((cell) => element("td", {}, typeof cell === "string" ? cell : number(cell)))));
    tables.append(element("table", {}, element("caption", {}, say(mark.name, language)), body));
  }
  return tables;
}

function rowsOf(mark, language) {
  switch (mark.mark) {
    case "line": case "points": return mark.x.map((v, i) => [v, mark.y[i]]);
    case "steps": return mark.heights.map((h, i) => [mark.edges[i], mark.edges[i + 1], h]);
    case "bars": return mark.heights.map((h, i) => [say(mark.names[i], language), h, ...(mark.errors ? [mark.errors[i]] : [])]);
    case "band": return mark.x.map((v, i) => [v, mark.low[i], mark.high[i]]);
    case "arrows": return mark.x.map((v, i) => [v, mark.y[i], mark.dx[i], mark.dy[i]]);
    case "rule": return [[mark.at]];
    case "contours": return mark.levels.map((v) => [v]);
    default: return mark.values.map((row) => row);
  }
}
