// The laboratory: the list, and an experiment with its figure, its claims, and its settings.

import { h, t, get, post, place, setQuery, language } from "/page.js";
import { say } from "/figure.js";
import { sheet } from "/sheet.js";

export async function labScreen(root) {
  const found = await get("lab");
  root.append(h("h1", {}, t("lab")), h("p", { class: "soft" }, t("lab-text")));
  found.chapters.forEach((chapter, i) => root.append(
    h("h2", {}, `${i + 1} ${say(chapter, language)}`),
    h("table", { class: "lab" }, h("tbody", {}, found.experiments.filter((each) => each.chapter === i + 1).map((each) => h("tr", {},
      h("td", {}, h("a", { href: `#/lab/${each.slug}` }, say(each.question, language))),
      h("td", { class: each.holds ? "soft" : "alarm" }, t(each.holds ? "holds" : "fails")),
      h("td", { class: "soft" }, t("about-seconds", each.seconds))))))));
}

export async function experimentScreen(root, path) {
  const slug = encodeURIComponent(path[1]), holder = h("div"), controls = h("div");
  root.append(h("p", {}, h("a", { href: "#/lab" }, `‹ ${t("lab")}`)), holder, controls);
  let record = await get(`lab/${slug}`), about = { source: "", answer: ["", ""], settings: [] };
  const show = () => {
    const scrub = about.settings.find((setting) => setting.frames);
    sheet(holder, { ...record, source: about.source, answer: about.answer, scrub: scrub ? scrub.about : ["", ""], settings: asText(record.settings) }, language);
  };
  show();
  about = await get(`lab/${slug}/about`);
  show();
  const query = place().query, values = {}, said = h("p", { role: "status" });
  const field = (setting) => {
    const wanted = query.get(setting.name) ?? text(setting.value);
    values[setting.name] = wanted;
    const id = `setting-${setting.name}`, change = (event) => { values[setting.name] = event.target.value; };
    const input = setting.choices.length
      ? h("select", { id, change }, setting.choices.map((choice) => h("option", { value: choice, selected: choice === wanted }, choice)))
      : h("input", { id, value: wanted, change });
    return [h("label", { for: id }, say(setting.about, language)), input];
  };
  const play = h("button", { class: "main", click: async () => {
    play.disabled = true;
    said.className = "";
    said.textContent = t("playing");
    try {
      record = await post(`lab/${slug}/plays`, values);
      setQuery(values);
      show();
      said.textContent = t("played");
    } catch (error) { said.className = "alarm"; said.textContent = error.message; }
    play.disabled = false;
  } }, t("play-again"));
  controls.append(h("h2", {}, t("settings")), h("div", { class: "form" }, about.settings.flatMap(field)), h("div", { class: "bar" }, play, said));
  if ([...query.keys()].some((name) => about.settings.some((setting) => setting.name === name))) play.click();
}

const text = (value) => (Array.isArray(value) ? value.join(",") : String(value));
const asText = (settings) => Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, text(value)]));
