// Latent numbers under sliders: the picture follows; on release it is the sample that the command line draws.

import { h, t, get, post, setQuery, place } from "/page.js";
import { number } from "/figure.js";

export async function latents(root, run, events, call) {
  root.append(h("p", { class: "soft" }, t("model-loads")));
  const model = await get(`${call}/model`), query = place().query;
  const state = { seed: Number(query.get("seed") || 0), index: Number(query.get("index") || 0), moved: {}, label: null, truncation: null };
  const canvas = h("canvas", { role: "img", "aria-label": t("one-sample"), width: 8, height: 8 }), said = h("p", { class: "soft", "aria-live": "polite" });
  const sliders = h("div", { class: "sliders" }), command = h("code", { class: "code" });
  let busy = false, again = null, latent = [];
  const request = async (exact) => {
    if (busy) { again = exact; return; }
    busy = true;
    try { paint(canvas, await post(`${call}/draw`, { ...state, exact }), said, (values) => { latent = values; }); } catch (error) { said.textContent = error.message; } finally { busy = false; }
    if (again !== null) { const next = again; again = null; await request(next); }
  };
  const rows = model.matter.map((place_) => {
    const range = h("input", { type: "range", min: -3, max: 3, step: 0.01, "aria-label": `z${place_}` }), value = h("output", {});
    const set = (to) => { state.moved[place_] = to; value.textContent = number(to); request(false); };
    range.addEventListener("input", () => set(Number(range.value)));
    range.addEventListener("change", () => request(true));
    sliders.append(h("label", {}, `z${place_}`, range, value));
    return { place: place_, range, value };
  });
  const reset = async () => {
    state.moved = {};
    await request(true);
    for (const row of rows) { row.range.value = latent[row.place]; row.value.textContent = number(latent[row.place]); }
    setQuery({ seed: state.seed, index: state.index });
    command.textContent = `equilibria sample ${run.path} --seed ${state.seed} --count ${state.index + 1}`;
  };
  const whole = (key, name) => h("label", {}, `${t(key)} `, h("input", { type: "number", min: 0, max: 1000000, value: state[name], change: (event) => { state[name] = Math.max(0, Math.round(Number(event.target.value)) || 0); reset(); } }));
  const classes = model.classes ? [h("label", {}, `${t("class")} `, h("select", { change: (event) => { state.label = event.target.value === "" ? null : Number(event.target.value); reset(); } },
    h("option", { value: "" }, t("any")), model.classes.map((name, i) => h("option", { value: i }, name))))] : [];
  const truncation = h("input", { type: "range", min: 0.2, max: 3, step: 0.05, value: 3, "aria-label": t("truncation"), change: (event) => { const to = Number(event.target.value); state.truncation = to >= 3 ? null : to; reset(); } });
  root.replaceChildren(
    h("div", { class: "bar" }, whole("seed", "seed"), whole("sample", "index"), ...classes, h("label", {}, `${t("truncation")} `, truncation), h("button", { click: reset }, t("reset"))),
    h("div", { class: "latents" }, h("div", {}, canvas, said), h("div", {}, h("p", {}, t("matter", model.matter.length, model.size)), sliders, h("p", { class: "soft" }, t("same-as")), command)),
  );
  await reset();
}

function paint(canvas, drawn, said, keep) {
  keep(drawn.latent);
  if (!drawn.pixels) { said.textContent = drawn.point.map(number).join(", "); canvas.hidden = true; return; }
  const [height, width, colors] = drawn.shape, bytes = Uint8Array.from(atob(drawn.pixels), (c) => c.charCodeAt(0));
  canvas.width = width;
  canvas.height = height;
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = bytes[i * colors + Math.min(c, colors - 1)];
    pixels[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}
