// One run: its film, curves, the doctor, its latents, its recipe.

import { h, t, get, post, ask, picture, every, place, setQuery, rounds, language } from "/page.js";
import { draw, number } from "/figure.js";
import { progress } from "/runs.js";
import { latents } from "/latents.js";

const TABS = ["film", "curves", "doctor", "latents", "recipe"];
const MOST = 600; // points of a curve

export async function runScreen(root, path) {
  const name = path[1], tab = TABS.includes(path[2]) ? path[2] : "film", call = `runs/${encodeURIComponent(name)}`;
  if (!(await get("runs")).runs.some((each) => each.name === name)) return waiting(root, name);
  let run = await get(call);
  const state = h("p", {}), act = h("div", { class: "acts" });
  const link = (each) => h("a", { href: `#/run/${encodeURIComponent(name)}/${each}`, "aria-current": each === tab ? "page" : null }, t(each));
  const body = h("div");
  root.append(h("p", {}, h("a", { href: "#/" }, `‹ ${t("runs")}`)), h("h1", {}, name), state, act, h("nav", { class: "tabs", "aria-label": t("views") }, TABS.map(link)), body);
  const log = { events: [], at: 0 };
  const showState = () => {
    state.replaceChildren(progress(run), run.words ? h("span", { class: "soft" }, ` ${run.words}`) : "");
    act.replaceChildren(...actsOf(run, call, () => update()));
  };
  const views = { film, curves, doctor, latents, recipe };
  const update = async () => {
    const grew = await readEvents(call, log), before = JSON.stringify(run);
    run = await get(call);
    if (JSON.stringify(run) !== before && !act.contains(document.activeElement)) showState();
    if ((grew || JSON.stringify(run) !== before) && view.update) view.update(run, log.events);
  };
  await readEvents(call, log);
  showState();
  const view = (await views[tab](body, run, log.events, call)) || {};
  every(1, update);
}

// A training that has just been started: its folder is not there yet.
function waiting(root, name) {
  const text = h("p", {}, t("starting", name)), printed = h("pre", { class: "code", hidden: true });
  root.append(h("h1", {}, name), text, printed);
  every(0.5, async () => {
    const found = await get("runs"), words = found.printed[name];
    if (found.runs.some((run) => run.name === name)) return void window.dispatchEvent(new HashChangeEvent("hashchange"));
    text.textContent = words ? t("starting", name) : t("no-such-run", name);
    printed.hidden = !(words && words.text);
    printed.textContent = words ? words.text : "";
    if (words && words.code !== null) { text.textContent = t("not-started"); text.className = "alarm"; }
  });
}

function actsOf(run, call, update) {
  const button = (key, work) => h("button", { click: async (event) => {
    event.target.disabled = true;
    try { await work(); if (key === "stop") event.target.textContent = t("stopping"); } catch (error) { event.target.replaceWith(h("span", { class: "alarm" }, error.message)); }
    await update();
  } }, t(key));
  if (run.state === "training") return run.can_stop ? [button("stop", () => post(`${call}/stop`))] : [];
  if (["interrupted", "killed", "critical"].includes(run.state)) {
    if (run.checkpoints.length) return [button("resume", () => post(`${call}/resume`))];
    return [h("span", { class: "soft" }, t("no-checkpoint"))];
  }
  return [];
}

async function readEvents(call, log) {
  const response = await ask(`${call}/events?since=${log.at}`);
  if (response.status === 409) { log.events = []; log.at = 0; return readEvents(call, log); }
  if (response.status === 204) return false;
  const text = await response.text();
  log.at = Number(response.headers.get("x-next"));
  for (const line of text.split("\n")) if (line) try { log.events.push(JSON.parse(line)); } catch { /* half a line after a rollback */ }
  return text.length > 900_000 ? (await readEvents(call, log), true) : true;
}

// The sample grids of all rounds, under one slider that moves the mark in the curves, too.
async function film(root, run, events) {
  let steps = run.samples, at = 0, timer = 0, follow = true;
  const image = h("img", { class: "picture", alt: "" }), label = h("output", { for: "at" }), charts = h("div");
  const range = h("input", { type: "range", id: "at", min: 0, step: 1, "aria-label": t("round-slider") });
  const play = h("button", { click: () => (timer ? pause() : start()) }, t("play"));
  const none = h("p", { class: "soft" }, t("no-sample"));
  const show = async (to) => {
    at = Math.max(0, Math.min(to, steps.length - 1));
    none.hidden = steps.length > 0;
    if (!steps.length) return;
    range.max = steps.length - 1;
    range.value = at;
    const step = steps[at];
    label.textContent = t("round", rounds(step));
    image.alt = t("samples-at", rounds(step));
    image.src = await picture(run.name, step);
    for (const next of steps.slice(at + 1, at + 4)) picture(run.name, next);
    charts.replaceChildren(...smallCurves(events, step));
  };
  const pause = () => { clearInterval(timer); timer = 0; play.textContent = t("play"); };
  const start = () => {
    play.textContent = t("pause");
    if (at === steps.length - 1) at = -1;
    timer = setInterval(() => (at >= steps.length - 1 || !root.isConnected ? pause() : show(at + 1)), 250);
  };
  range.addEventListener("input", () => { pause(); follow = Number(range.value) === steps.length - 1; show(Number(range.value)); setQuery({ at: steps[at] }); });
  document.onkeydown = (event) => {
    if (!root.isConnected || event.target.matches("input, button, select, a")) return;
    const to = { ArrowLeft: at - (event.shiftKey ? 10 : 1), ArrowRight: at + (event.shiftKey ? 10 : 1), Home: 0, End: steps.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); pause(); show(to); }
    if (event.key === " ") { event.preventDefault(); timer ? pause() : start(); }
  };
  root.append(h("div", { class: "film" }, h("div", {}, image, none, h("div", { class: "bar" }, play, range, label)), charts));
  const wanted = place().query.get("at"), found = wanted === null ? -1 : steps.indexOf(Number(wanted));
  await show(found >= 0 ? found : steps.length - 1);
  follow = found < 0;
  return { update: (now, all) => {
    events = all;
    if (now.samples.length === steps.length) return;
    steps = now.samples;
    range.max = Math.max(steps.length - 1, 0);
    if (follow && !timer) show(steps.length - 1);
  } };
}

const both = (key) => [t(key), t(key)];
const thin = (rows) => { const every_ = Math.ceil(rows.length / MOST); return rows.filter((_, i) => i % every_ === 0 || i === rows.length - 1); };

function panel(title, rows, unit, marks = [], aspect = 1.9) {
  const kept = thin(rows);
  return {
    title: [title, title], x: { label: both("rounds") }, y: { label: [unit, unit] }, aspect,
    marks: [{ mark: "line", x: kept.map((row) => row[0]), y: kept.map((row) => row[1]), name: [title, title], role: "critic" }, ...marks],
  };
}

function series(events) {
  const reports = events.filter((event) => event.kind === "report"), measures = events.filter((event) => event.kind === "measure");
  const start = events.find((event) => event.kind === "start"), found = [];
  const estimate = reports.filter((event) => typeof event.estimate === "number").map((event) => [event.step, event.estimate]);
  if (estimate.length) found.push([start && start.measures ? `${t("estimate")}: ${start.measures.split(",")[0]}` : t("estimate"), estimate, t("value")]);
  for (const name of new Set(measures.flatMap((event) => Object.keys(event.metrics)))) {
    found.push([`${t("held-out")} ${name.replaceAll("_", " ")}`, measures.filter((event) => name in event.metrics).map((event) => [event.step, event.metrics[name]]), t("value"), false, level(measures, name)]);
  }
  for (const player of new Set(reports.flatMap((event) => Object.keys(event.terms)))) {
    for (const term of new Set(reports.flatMap((event) => Object.keys(event.terms[player] || {})))) {
      found.push([`${player}: ${term}`, reports.filter((event) => event.terms[player]).map((event) => [event.step, event.terms[player][term] ?? null]), t("loss"), true]);
    }
  }
  return found;
}

// The value that as many real samples have, if the run knows it.
function level(measures, name) {
  const real = measures.map((event) => (event.real || {})[name]).filter((value) => typeof value === "number").at(-1);
  return real === undefined ? [] : [{ mark: "rule", at: real, across: "y", name: both("real-data"), role: "real" }];
}

function smallCurves(events, step) {
  const rule = { mark: "rule", at: step, across: "x", name: both("this-round"), role: "theory" };
  return series(events).filter((each) => !each[3]).slice(0, 2).map(([title, rows, unit, , real = []]) => draw({ title: ["", ""], note: ["", ""], panels: [panel(title, rows, unit, [...real, rule])] }, language));
}

function curves(root, run, events) {
  const show = (all) => {
    const panels = series(all).map(([title, rows, unit, , real = []]) => panel(title, rows, unit, real, 1.5));
    root.replaceChildren(panels.length ? draw({ title: ["", ""], note: both("raw"), panels }, language) : h("p", { class: "soft" }, t("no-report")));
  };
  show(events);
  let drawn = Date.now();
  return { update: (_, all) => { if (Date.now() - drawn > 4000 && !root.querySelector("details[open]")) { drawn = Date.now(); show(all); } } };
}

async function doctor(root, run, events, call) {
  root.append(h("p", { class: "soft" }, t("doctor-looks")));
  const found = await get(`${call}/checkup`);
  const finding = (each) => h("section", { class: `finding ${each.severity}` },
    h("h3", {}, each.what),
    ...[["evidence", each.evidence.join(" ")], ["why", each.why], ["change", each.change]].filter(([, text]) => text).map(([key, text]) => h("p", {}, h("strong", {}, `${t(key)}: `), text)),
    changed(run, each.change));
  root.replaceChildren(h("p", {}, found.summary), ...found.findings.map(finding), found.trend ? h("p", {}, `${t("trend")}: ${found.trend}`) : "",
    ...found.losses.map((text) => h("p", { class: "soft" }, text)), h("p", {}, h("code", {}, `equilibria doctor ${run.path}`)));
}

// A button that trains the same recipe with the settings that the advice names.
function changed(run, change) {
  const flags = /equilibria resume/.test(change) ? [] : [...change.matchAll(/--([a-z][a-z0-9._-]*) ([^\s`,;]*[^\s`,;.])/g)];
  if (!flags.length) return null;
  const settings = Object.fromEntries(flags.map(([, name, value]) => [name, value]));
  const said = h("span", { class: "alarm", role: "alert" });
  return h("p", {}, h("button", { click: async () => {
    try {
      const { run: name } = await post("trainings", { like: run.name, name: `${run.name}-changed`, settings });
      location.hash = `#/run/${encodeURIComponent(name)}/film`;
    } catch (error) { said.textContent = ` ${error.message}`; }
  } }, t("with-change")), said);
}

function recipe(root, run) {
  root.append(h("p", {}, run.about.about), h("pre", { class: "code" }, JSON.stringify(run.about, null, 2)));
}
