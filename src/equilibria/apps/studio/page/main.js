// The frame of the page: the top, the screens by address, keys.

import { h, t, takeKey, language, speak, place, clearTimers, onReach } from "/page.js";

const screen = document.getElementById("screen"), top_ = document.getElementById("top"), band = document.getElementById("band");
const SCREENS = { // each is loaded when it is first shown
  "": async (...at) => (await import("/runs.js")).runsScreen(...at),
  run: async (...at) => (await import("/run.js")).runScreen(...at),
  train: async (...at) => (await import("/train.js")).trainScreen(...at),
  compare: async (...at) => (await import("/compare.js")).compareScreen(...at),
  lab: async (...at) => (await import("/lab.js"))[at[1][1] ? "experimentScreen" : "labScreen"](...at),
  help: helpScreen,
};

function showTop(current) {
  const link = (name, key) => h("a", { href: `#/${name}`, "aria-current": current === name ? "page" : null }, t(key));
  top_.replaceChildren(
    h("a", { href: "#/", class: "brand" }, "equilibria"),
    h("nav", { "aria-label": t("screens") }, link("", "runs"), link("train", "train"), link("lab", "lab"), link("help", "help")),
    h("button", { click: async () => { await speak(language === "zh" ? "en" : "zh"); show(); }, lang: language === "zh" ? "en" : "zh" }, language === "zh" ? "English" : "中文"),
    h("button", { click: changeScheme, "aria-label": t("scheme") }, "◐"),
  );
}

function setScheme(scheme) {
  document.documentElement.dataset.scheme = scheme;
}

function changeScheme() {
  const scheme = document.documentElement.dataset.scheme === "dark" ? "light" : "dark";
  localStorage.setItem("equilibria-scheme", scheme);
  setScheme(scheme);
}

async function show() {
  clearTimers();
  const { path } = place(), name = path[0] in SCREENS ? path[0] : "";
  document.documentElement.lang = language;
  document.title = name ? `${path[1] || t(name)} · equilibria` : "equilibria";
  showTop(name === "run" ? "" : name);
  const root = h("div");
  screen.replaceChildren(root);
  try {
    await SCREENS[name](root, path);
  } catch (error) {
    root.replaceChildren(h("h1", {}, t("not-shown")), h("p", { class: "alarm" }, error.message), h("p", {}, h("a", { href: "#/" }, t("runs"))));
  }
}

function helpScreen(root) {
  const keys = [["/", "key-filter"], ["space", "key-play"], ["← →", "key-round"], ["Home End", "key-ends"], ["Esc", "key-back"], ["?", "key-help"]];
  root.append(
    h("h1", {}, t("help")), h("p", {}, t("help-text")),
    h("table", { class: "keys" }, h("tbody", {}, keys.map(([key, text]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, t(text)))))),
  );
}

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "?") location.hash = "#/help";
  if (event.key === "Escape") location.hash = place().path[0] === "lab" ? "#/lab" : "#/";
  if (event.key === "/") { event.preventDefault(); document.getElementById("filter")?.focus(); }
});

let misses = 0;
onReach((yes) => {
  misses = yes ? 0 : misses + 1;
  band.hidden = yes;
  if (!yes && misses === 1) band.textContent = t("away");
});

takeKey();
setScheme(localStorage.getItem("equilibria-scheme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
await speak(language);
window.addEventListener("hashchange", () => { takeKey(); show(); screen.focus(); });
show();
