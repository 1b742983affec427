// What every screen uses: nodes, words, calls to the server, the state in the address.

import { element } from "/figure.js";

const KEY = "equilibria-key";
const words = {};
export let language = localStorage.getItem("equilibria-language") || (navigator.language.startsWith("zh") ? "zh" : "en");

// A node; a property that is a function listens to the event of that name.
export function h(tag, properties = {}, ...children) {
  const node = element(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// The text of a key; {0}, {1} are replaced.
export function t(key, ...values) {
  return values.reduce((text, value, i) => text.replaceAll(`{${i}}`, value), words[language][key]);
}

export async function speak(other) {
  words[other] ||= await (await fetch(`/${other}.json`)).json();
  language = other;
  localStorage.setItem("equilibria-language", other);
}

// The key comes in the fragment of the link, and is moved out of the address at once.
export function takeKey() {
  const found = /^#key=([0-9a-f]+)$/.exec(location.hash);
  if (found) {
    localStorage.setItem(KEY, found[1]);
    history.replaceState(null, "", "#/");
  }
}

export class Refused extends Error {
  constructor(status, kind, sentence) {
    super(sentence);
    Object.assign(this, { status, kind });
  }
}

const listeners = [];
export function onReach(listener) { listeners.push(listener); }
function reached(yes) { for (const listener of listeners) listener(yes); }

// Calls the server; with a body it is a POST. Gives the response.
export async function ask(path, body) {
  const headers = { "X-Equilibria-Key": localStorage.getItem(KEY) || "" };
  const post = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(`/api/${path}`, { headers, ...post });
  } catch (error) {
    reached(false);
    throw new Refused(0, "away", t("away"));
  }
  reached(true);
  if (response.status === 403) throw new Refused(403, "key", t("key-wrong"));
  if (response.status >= 400 && response.status !== 409) {
    const found = await response.json();
    throw new Refused(response.status, found.error.kind, found.error.sentence);
  }
  return response;
}

export async function get(path) { return (await ask(path)).json(); }
export async function post(path, body = {}) { return (await ask(path, body)).json(); }

// A picture needs the key, too: it is fetched, and shown from memory.
const pictures = new Map();
export async function picture(run, step) {
  const name = `runs/${encodeURIComponent(run)}/samples/${step}.png`;
  if (!pictures.has(name)) {
    pictures.set(name, ask(name).then((r) => r.blob()).then((b) => URL.createObjectURL(b)).catch((error) => { pictures.delete(name); throw error; }));
    if (pictures.size > 400) {
      const [oldest, address] = pictures.entries().next().value;
      pictures.delete(oldest);
      address.then(URL.revokeObjectURL, () => {});
    }
  }
  return pictures.get(name);
}

// The screen and its settings: #/run/NAME/film?at=100.
export function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").map(decodeURIComponent), query: new URLSearchParams(query || "") };
}

export function setQuery(values) {
  const { path, query } = place();
  for (const [name, value] of Object.entries(values)) value === null ? query.delete(name) : query.set(name, value);
  const text = query.toString();
  history.replaceState(null, "", `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`);
}

// A timer that ends with its screen.
let timers = [];
export function every(seconds, work) {
  let running = false;
  const step = async () => {
    if (running || document.hidden) return;
    running = true;
    try { await work(); } catch (error) { if (error.kind !== "away") console.error(error); } finally { running = false; }
  };
  timers.push(setInterval(step, 1000 * seconds));
}
export function clearTimers() {
  timers.forEach(clearInterval);
  timers = [];
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  return whole < 7200 ? `${Math.round(whole / 60)} min` : `${(whole / 3600).toFixed(1)} h`;
}

export function rounds(count) { return count.toLocaleString("en-US"); }
