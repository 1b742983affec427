// The list of runs; with none, three ways to begin.

import { h, t, get, post, picture, every, duration, rounds, language } from "/page.js";
import { number } from "/figure.js";

export async function runsScreen(root) {
  const list = h("div"), filter = h("input", { id: "filter", type: "search", placeholder: t("filter"), "aria-label": t("filter") });
  let found = await get("runs"), before = "";
  const chosen = new Set(), compare = h("button", { disabled: true, click: () => { location.hash = `#/compare/${[...chosen].map(encodeURIComponent).join("/")}`; } }, t("compare"));
  const draw = () => {
    const words = filter.value.toLowerCase();
    const rows = found.runs.filter((run) => `${run.name} ${run.recipe} ${run.data} ${t(`state-${run.state}`) || run.state}`.toLowerCase().includes(words));
    list.replaceChildren(
      ...(found.runs.length ? [] : [cards()]),
      h("ul", { class: "runs" }, rows.map((run) => row(run, refresh, choice(run)))),
      ...found.unread.map(({ name, why }) => h("p", { class: "alarm" }, `${name}: ${why}`)),
      h("p", { class: "soft" }, t(found.runs.length ? "looked" : "no-runs", found.root)),
    );
  };
  const refresh = async () => {
    found = await get("runs");
    const now = JSON.stringify(found);
    if (now !== before && !list.contains(document.activeElement)) draw();
    before = now;
  };
  const choice = (run) => h("input", { type: "checkbox", checked: chosen.has(run.name), "aria-label": t("choose", run.name), change: (event) => {
    event.target.checked ? chosen.add(run.name) : chosen.delete(run.name);
    compare.disabled = chosen.size < 2;
  } });
  filter.addEventListener("input", draw);
  root.append(h("div", { class: "bar" }, h("h1", {}, t("runs")), filter, compare, h("a", { href: "#/train" }, t("train-new"))), list);
  draw();
  every(1, refresh);
}

function cards() {
  const card = (title, text, act) => h("section", { class: "card" }, h("h2", {}, t(title)), h("p", {}, t(text)), act);
  const watch = h("button", { class: "main", click: async () => {
    watch.disabled = true;
    try {
      const { run } = await post("trainings", { data: "digits", recipe: "r3gan", name: "first", budget: "40s" });
      location.hash = `#/run/${encodeURIComponent(run)}/film`;
    } catch (error) { watch.disabled = false; watch.after(h("p", { class: "alarm" }, error.message)); }
  } }, t("card-watch-act"));
  return h("div", { class: "cards" },
    card("card-watch", "card-watch-text", watch),
    card("card-own", "card-own-text", h("a", { href: "#/train" }, t("card-own-act"))),
    card("card-why", "card-why-text", h("a", { href: "#/lab/vanishing-gradient" }, t("card-why-act"))));
}

function row(run, refresh, choice) {
  const image = h("div", { class: "none" });
  if (run.sample !== null) inSight(image, () => picture(run.name, run.sample).then((address) => image.replaceWith(h("img", { src: address, alt: "" }))).catch(() => {}));
  const act = (key, work) => h("button", { click: async (event) => {
    event.target.disabled = true;
    try { await work(); } catch (error) { event.target.after(h("span", { class: "alarm" }, error.message)); }
    event.target.blur();
    await refresh();
  } }, t(key));
  const name = encodeURIComponent(run.name), acts = [];
  if (run.state === "training" && run.can_stop) acts.push(act("stop", () => post(`runs/${name}/stop`)));
  if (["interrupted", "killed", "critical"].includes(run.state)) acts.push(act("resume", () => post(`runs/${name}/resume`)));
  if (run.state !== "training") acts.push(act("trash", () => post(`runs/${name}/trash`)));
  return h("li", {}, image, h("div", {}, choice, " ", h("a", { href: `#/run/${name}/film` }, run.name), h("div", { class: "soft" }, `${run.recipe} · ${short(run.data)}`), h("div", {}, progress(run))), h("div", { class: "acts" }, acts));
}

// Does the work when the node is first in sight: of a hundred runs ten are.
function inSight(node, work) {
  const watch = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) { watch.disconnect(); work(); } });
  watch.observe(node);
}

const short = (data) => data.split("/").slice(-1)[0];

export function progress(run) {
  const of = run.rounds === null ? t("round", rounds(run.step)) : t("round-of", rounds(run.step), rounds(run.rounds));
  const parts = [t(`state-${run.state}`) || run.state, of, duration(run.seconds)];
  if (run.left !== null) parts.push(t("left", duration(run.left)));
  if (run.measured && run.measured.value !== null) parts.push(`${run.measured.name.replaceAll("_", " ")} ${number(run.measured.value)}`);
  return parts.filter(Boolean).join(language === "zh" ? "，" : ", ");
}
