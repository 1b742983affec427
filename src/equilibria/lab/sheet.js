// One record of the laboratory: question, figure with its scrubber, theory and measurement, answer.

import { draw, element, number, say } from "/figure.js";

const WORDS = {
  en: { theory: "theory", here: "here", claim: "claim", holds: "holds", fails: "does not hold", play: "Play", pause: "Pause", other: "中文", source: "Source", settings: "Settings", seconds: "s on one thread" },
  zh: { theory: "理论", here: "这里", claim: "论断", holds: "成立", fails: "不成立", play: "播放", pause: "暂停", other: "English", source: "来源", settings: "设置", seconds: "秒（单线程）" },
};

// Shows a record in an element of the page. `other` (optional) is called when the other language is wanted.
export function sheet(root, record, language, other = null) {
  const words = WORDS[language], holder = element("div", { class: "holder" });
  const rows = record.claims.map((claim) => element("tr", claim.holds ? {} : { class: "fails" },
    element("td", {}, say(claim.sentence, language)), element("td", {}, claim.theory), element("td", {}, claim.measured ?? number(Number(claim.here))),
    element("td", {}, claim.holds ? words.holds : words.fails)));
  const head = element("tr", {}, ...[words.claim, words.theory, words.here, ""].map((word) => element("th", { scope: "col" }, word)));
  const settings = Object.entries(record.settings).map(([name, value]) => `${name} = ${value}`).join(", ");
  const title = element("header", {}, element("h1", {}, say(record.question, language)));
  if (other) {
    const button = element("button", { type: "button" }, words.other);
    button.addEventListener("click", other);
    title.append(button);
  }
  root.replaceChildren(
    title,
    element("p", { class: "source" }, `${words.source}: ${record.source}`),
    ...scrubber(record, language, holder), holder,
    element("div", { class: "scroll" }, element("table", { class: "claims" }, element("thead", {}, head), element("tbody", {}, ...rows))),
    element("p", { class: "answer" }, say(record.answer, language)),
    element("p", { class: "source" }, `${words.settings}: ${settings}. ${record.command}. ${number(record.seconds)} ${words.seconds}; equilibria ${record.version}`),
  );
}

function scrubber(record, language, holder) {
  const words = WORDS[language], frame = () => draw(record.frames[record.opens].figure, language);
  holder.replaceChildren(frame());
  if (record.frames.length < 2) return [];
  const range = element("input", { type: "range", min: 0, max: record.frames.length - 1, step: 1, id: "frame" });
  const label = element("label", { for: "frame" }), button = element("button", { type: "button" }, words.play);
  let timer = 0;
  const move = (to) => {
    record.opens = to; // stays where it is when the language changes
    range.value = to;
    const at = record.frames[to].at;
    label.textContent = `${say(record.scrub, language)}: ${typeof at === "string" ? at : number(at)}`;
    holder.replaceChildren(frame());
  };
  const stop = () => { clearInterval(timer); timer = 0; button.textContent = words.play; };
  range.addEventListener("input", () => { stop(); move(Number(range.value)); });
  button.addEventListener("click", () => {
    if (timer) return stop();
    button.textContent = words.pause;
    timer = setInterval(() => (range.isConnected ? move((record.opens + 1) % record.frames.length) : stop()), 500);
  });
  move(record.opens);
  return [element("div", { class: "scrubber" }, button, range, label)];
}
