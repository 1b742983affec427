// Start a training: data, recipe, time. The page shows the command that it runs.

import { h, t, get, post } from "/page.js";

export async function trainScreen(root) {
  const hello = await get("hello");
  const state = { data: "digits", recipe: "", budget: "5m", name: "", settings: "" };
  const command = h("code", { class: "code" }), said = h("p", { class: "alarm", role: "alert" });
  const words = () => {
    const named = state.name || suggestion(), settings = pairs();
    return { body: { data: state.data, name: named, budget: state.budget, settings, ...(state.recipe ? { recipe: state.recipe } : {}) },
      text: ["equilibria train", state.recipe, "--data", quoted(state.data), "--name", quoted(named), "--budget", state.budget, ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, quoted(value)])].filter(Boolean).join(" ") };
  };
  const suggestion = () => `${state.data.split("/").filter(Boolean).slice(-1)[0] || "run"}-${state.recipe || "plan"}`;
  const pairs = () => Object.fromEntries([...state.settings.matchAll(/--([a-z0-9._-]+)[ =]+("[^"]*"|\S+)/g)].map(([, key, value]) => [key, value.replaceAll('"', "")]));
  const quoted = (text) => (/^[\w./,=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const show = () => { command.textContent = words().text; };
  const buttons = [], choices = h("div", { class: "choices", role: "group", "aria-label": t("data") });
  const add = ({ name, about: text }) => buttons.push(h("button", { title: text, "aria-pressed": String(name === state.data), click: (event) => {
    state.data = name;
    path.value = "";
    for (const each of buttons) each.setAttribute("aria-pressed", String(each === event.target));
    show();
  } }, name));
  add({ name: state.data, about: "" });
  const path = h("input", { id: "path", placeholder: "~/pictures", input: (event) => {
    state.data = event.target.value || "digits";
    for (const each of buttons) each.setAttribute("aria-pressed", "false");
    show();
  } });
  const recipe = h("select", { id: "recipe", change: (event) => { state.recipe = event.target.value; about.textContent = (hello.recipes.find((each) => each.name === state.recipe) || {}).about || ""; show(); } },
    h("option", { value: "" }, t("by-data")), hello.recipes.map((each) => h("option", { value: each.name }, each.name)));
  const about = h("p", { class: "soft" });
  const field = (id, key) => h("input", { id, value: state[key], input: (event) => { state[key] = event.target.value; show(); } });
  const checked = h("pre", { class: "code", hidden: true, role: "status" });
  const check = async () => {
    checked.hidden = false;
    checked.textContent = "...";
    checked.textContent = await post("data/check", { data: state.data }).then((lines) => lines.join("\n"), (error) => error.message);
  };
  const start = h("button", { class: "main", click: async () => {
    start.disabled = true;
    said.textContent = "";
    try {
      const { run } = await post("trainings", words().body);
      location.hash = `#/run/${encodeURIComponent(run)}/film`;
    } catch (error) { said.textContent = error.message; start.disabled = false; }
  } }, t("start"));
  const label = (id, key) => h("label", { for: id }, t(key));
  root.append(h("h1", {}, t("train-new")),
    h("h2", {}, `1 ${t("data")}`), choices,
    h("div", { class: "form" }, label("path", "own-path"), path), h("p", { class: "soft" }, t("own-path-text")), h("button", { click: check }, t("check")), checked,
    h("h2", {}, `2 ${t("recipe")}`), h("div", { class: "form" }, label("recipe", "recipe"), recipe, label("budget", "budget"), field("budget", "budget"), label("name", "name"), field("name", "name"), label("settings", "settings"), field("settings", "settings")), about,
    h("h2", {}, `3 ${t("start")}`), h("p", {}, t("same-command")), command, start, said);
  choices.append(...buttons);
  show();
  for (const each of await get("data")) if (each.name !== state.data) { add(each); choices.append(buttons.at(-1)); }
}
