// Several runs: the settings that differ, sample grids at the same share of each run, held-out curves on shared axes.

import { h, t, get, ask, picture, rounds, language } from "/page.js";
import { draw } from "/figure.js";

const ROLES = ["a", "b", "c", "d", "e", "f"];

export async function compareScreen(root, path) {
  const names = path.slice(1), runs = await Promise.all(names.map((name) => get(`runs/${encodeURIComponent(name)}`)));
  root.append(h("p", {}, h("a", { href: "#/" }, `‹ ${t("runs")}`)), h("h1", {}, t("compare")), differences(runs), grids(runs), await curves(runs));
}

// The values of nested settings by name.
function flat(value, name = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { [name]: JSON.stringify(value) };
  return Object.assign({}, ...Object.entries(value).map(([key, each]) => flat(each, name ? `${name}.${key}` : key)));
}

function differences(runs) {
  const settings = runs.map((run) => flat(run.about)), names = [...new Set(settings.flatMap(Object.keys))].filter((name) => name !== "about");
  const differ = names.filter((name) => new Set(settings.map((each) => each[name])).size > 1);
  const cell = (text) => h("td", {}, text === undefined ? "-" : text.replaceAll('"', ""));
  return h("section", {}, h("h2", {}, t("differences")), h("p", { class: "soft" }, t("same-settings", names.length - differ.length)),
    h("div", { class: "scroll" }, h("table", { class: "lab" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("settings")), runs.map((run) => h("th", { scope: "col" }, run.name)))),
      h("tbody", {}, differ.map((name) => h("tr", {}, h("td", {}, h("code", {}, name)), settings.map((each) => cell(each[name]))))))));
}

function grids(runs) {
  const shown = runs.map((run) => ({ run, image: h("img", { class: "picture", alt: "" }), label: h("p", { class: "soft" }) }));
  const range = h("input", { type: "range", min: 0, max: 100, value: 100, "aria-label": t("share") });
  const show = async () => {
    for (const { run, image, label } of shown) {
      if (!run.samples.length) { label.textContent = t("no-sample"); continue; }
      const step = run.samples[Math.round((run.samples.length - 1) * range.value / 100)];
      label.textContent = t("round", rounds(step));
      image.alt = `${run.name}: ${t("samples-at", rounds(step))}`;
      image.src = await picture(run.name, step);
    }
  };
  range.addEventListener("input", show);
  show();
  return h("section", {}, h("h2", {}, t("samples")), h("div", { class: "bar" }, h("span", {}, t("share")), range),
    h("div", { class: "side" }, shown.map(({ run, image, label }) => h("section", {}, h("h3", {}, run.name), image, label))));
}

async function curves(runs) {
  const marks = {};
  for (const [i, run] of runs.entries()) {
    const text = await (await ask(`runs/${encodeURIComponent(run.name)}/events?since=0`)).text();
    const measures = text.split("\n").filter((line) => line.includes('"measure"')).map((line) => JSON.parse(line));
    for (const name of new Set(measures.flatMap((event) => Object.keys(event.metrics)))) {
      const some = measures.filter((event) => name in event.metrics);
      (marks[name] ||= []).push({ mark: "line", x: some.map((event) => event.elapsed), y: some.map((event) => event.metrics[name]), name: [run.name, run.name], role: ROLES[i % ROLES.length] });
    }
  }
  const panels = Object.entries(marks).map(([name, lines]) => ({
    title: [0, 1].map(() => `${t("held-out")} ${name.replaceAll("_", " ")}`), x: { label: [t("seconds"), t("seconds")] }, y: { label: [t("value"), t("value")] }, aspect: 1.9, marks: lines,
  }));
  return h("section", {}, h("h2", {}, t("curves")), panels.length ? draw({ title: ["", ""], note: [t("compare-note"), t("compare-note")], panels }, language) : h("p", { class: "soft" }, t("no-report")));
}
